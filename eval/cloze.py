"""`cloze`: items made from held-out text: the start of a paragraph, its continuation, and three from other documents.

After the four-choice story cloze (Mostafazadeh et al. 2016) and HellaSwag's continuations, with nothing written by hand
or by a model. One item a document, so that items are independent and an interval over them holds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from corpus.config import Cloze
from corpus.dedup import text_key
from corpus.documents import read_documents
from corpus.licenses import together
from eval.benchmarks import sample, write_items
from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import InputError

CHOICES = 4
SHORTEST = 16  # words of a paragraph: eight to read, eight to go on with
QUERY_WORDS = 30
CONTINUATION_WORDS = 12
PROSE = {"ko": re.compile(r"[가-힣]")}
LETTER = re.compile(r"[^\W\d_]")
STOP = re.compile(r"[.!?:;…。][\"'”’)\]*_]*$")
PROSE_SHARE = {"ko": 0.6}
LETTER_SHARE = 0.8  # where a language has no script of its own above


@dataclass(frozen=True)
class Cut:
    """A held-out paragraph, cut in two."""

    document: str
    source: str
    license: str
    key: bytes
    query: str
    continuation: str
    turn: int  # by seed, document and paragraph: what is taken where nothing else decides


def run(section: Cloze, context: Context) -> dict[str, Any]:
    """Write `items/<task>.jsonl` in the format of `benchmarks`, labelled as made.

    Raises InputError where the held-out documents of a task's language give no item.
    """
    folder = context.fresh("items")
    metrics: dict[str, Any] = {}
    for number, (name, task) in enumerate(sorted(section.tasks.items())):
        context.stop_if_asked()
        items = make_items(name, task.lang, context.artifact("documents"), section.seed, context.stop_if_asked)
        if not items:
            raise InputError(
                f"cloze.tasks.{name}: the held-out documents in '{task.lang}' give no item; it takes four or more "
                "documents with a paragraph long enough to cut"
            )
        if task.limit is not None:
            items = sample(items, task.limit, section.seed)
        metrics[name] = write_items(folder / f"{name}.jsonl", items, f"cloze.tasks.{name}")
        context.progress(number + 1, len(section.tasks), "tasks")
    total = sum(task["items"] for task in metrics.values())
    context.counts.update(read=total, kept=total, dropped=0, failed=0)
    return {"tasks": metrics}


def make_items(name: str, lang: str, mixture: Artifact, seed: int, pause: Callable[[], None]) -> list[dict[str, Any]]:
    """At most one item for each held-out document in `lang`, in file order; fewer than four usable documents give none.

    A paragraph that stands in the train split too, or in two held-out documents, is not used. `pause` is called now
    and then. Memory: the held-out text. Raises InputError where nothing is held out in `lang`.
    """
    by_document = candidates(lang, mixture, seed, pause)
    cuts = [min(cuts, key=lambda cut: cut.turn) for cuts in by_document if cuts]
    items = []
    for cut in cuts:
        others = distractors(cut, cuts)
        if len(others) < CHOICES - 1:
            continue
        places = {_hash(seed, cut.document, choice.continuation): choice for choice in (cut, *others)}
        choices = [choice for _, choice in sorted(places.items())]
        items.append(
            {
                "id": f"{name}/{cut.document}",
                "query": cut.query,
                "choices": [choice.continuation for choice in choices],
                "gold": choices.index(cut),
                "lang": lang,
                "license": together(choice.license for choice in choices),
                "made": True,
            }
        )
    return items


def candidates(lang: str, mixture: Artifact, seed: int, pause: Callable[[], None]) -> list[list[Cut]]:
    """Per held-out document, the paragraphs that can be cut and that no other document has."""
    if not any((mixture.path / "heldout").glob("*.parquet")):
        raise InputError(f"{mixture.path} has no held-out documents to make a cloze task from")
    found: list[list[Cut]] = []
    seen: dict[bytes, int] = {}
    for document in read_documents(mixture, "heldout", lang):
        own = {cut.key: cut for cut in cuts_of(document, lang, seed)}
        for key in own:
            seen[key] = seen.get(key, 0) + 1
        found.append(list(own.values()))
    if not found:
        raise InputError(f"{mixture.path} has no held-out documents in '{lang}' to make a cloze task from")
    taken = {key for key, count in seen.items() if count > 1}
    for number, document in enumerate(read_documents(mixture, "train", lang)):
        if number % 1000 == 0:
            pause()
        taken.update(key for key in map(text_key, paragraphs(document["text"])) if key in seen)
    return [[cut for cut in cuts if cut.key not in taken] for cuts in found]


def paragraphs(text: str) -> Iterator[str]:
    """Lines of at least SHORTEST words, white space within them made one space."""
    for line in text.split("\n"):
        words = line.split()
        if len(words) >= SHORTEST:
            yield " ".join(words)


def cuts_of(document: dict[str, Any], lang: str, seed: int) -> Iterator[Cut]:
    """The document's paragraphs of prose, each cut inside a sentence, in the middle or soon after QUERY_WORDS words."""
    for paragraph in paragraphs(document["text"]):
        letters = paragraph.replace(" ", "")
        script = PROSE.get(lang, LETTER)
        if len(script.findall(letters)) < PROSE_SHARE.get(lang, LETTER_SHARE) * len(letters):
            continue
        words = paragraph.split(" ")
        middle = min(len(words) // 2, QUERY_WORDS)
        # Behind a full stop almost anything may follow, so a cut goes on to the first word inside a sentence.
        start = next((n for n in range(middle, len(words) - 3) if not STOP.search(words[n - 1])), None)
        if start is None:
            continue
        yield Cut(
            document=document["id"],
            source=document["source"],
            license=document["license"] or "unknown",
            key=text_key(paragraph),
            query=" ".join(words[:start]),
            continuation=" ".join(words[start : start + CONTINUATION_WORDS]),
            turn=_hash(seed, document["id"], paragraph),
        )


def distractors(cut: Cut, cuts: list[Cut]) -> list[Cut]:
    """Three other documents' continuations nearest in length, of the same source where it has so many."""
    found = {cut.continuation: cut}
    for same_source in (True, False):
        pool = (one for one in cuts if one.document != cut.document and (one.source == cut.source) == same_source)
        apart = {one.document: abs(len(one.continuation) - len(cut.continuation)) for one in cuts}
        for other in sorted(pool, key=lambda one: (apart[one.document], cut.turn ^ one.turn)):
            found.setdefault(other.continuation, other)
            if len(found) == CHOICES:
                return list(found.values())[1:]
    return list(found.values())[1:]


def _hash(seed: int, *parts: str) -> int:
    joined = "\0".join([str(seed), *parts]).encode()
    return int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest(), "big")
