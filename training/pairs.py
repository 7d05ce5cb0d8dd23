"""Chat pairs made from documents: a title or an opening sentence asks, the document's own next text answers.

They teach the form of a conversation from the run's own pages where no chat data is at hand, and no more than that
(self-supervised instruction data; compare Köksal et al. 2023, "LongForm"). Whoever shows them says they are made.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pipeline.errors import ConfigError, nearest
from training.chat import BadRecord, ChatSet, conversation

TITLE = 80  # characters; a longer first line is text, not a title
OPENING = 15  # characters a first sentence has at least, so that '1.1.' is none
SHORTEST, LONGEST = 40, 600  # characters of an answer
PROMPTS: dict[str, dict[str, tuple[str, ...]]] = {
    "ko": {
        "title": (
            "다음 제목의 글을 써 주세요.\n\n제목: {given}",
            "'{given}'에 대해 설명해 주세요.",
            "제목이 '{given}'인 글의 첫머리를 써 주세요.",
        ),
        "opening": (
            "다음 문장으로 시작하는 글을 이어서 써 주세요.\n\n{given}",
            "아래 글을 이어서 써 주세요.\n\n{given}",
        ),
    },
    "en": {
        "title": (
            "Write a text with the following title.\n\nTitle: {given}",
            'Explain "{given}".',
            'Write the beginning of a text called "{given}".',
        ),
        "opening": (
            "Continue the text that begins with this sentence.\n\n{given}",
            "Carry on with the text below.\n\n{given}",
        ),
    },
}
MARKDOWN = r"^#+\s+"  # of a heading
SENTENCE_END = re.compile(r"(?<=[.!?。…])[\"'”’)]*\s+")


class Pair(NamedTuple):
    """`order` is a hash of seed and id: sorting by it draws a sample that does not depend on file order."""

    order: str
    id: str
    prompt: str
    answer: str
    license: str


def made_pairs(
    name: str, documents: Callable[[], Iterable[dict[str, Any]]], lang: str, limit: int | None, seed: int
) -> ChatSet:
    """At most `limit` pairs from documents of `lang`; `documents` is called twice and gives train documents only.

    A first line that more than one document has is a menu or a site's name, not a title. The set's license joins
    those of the documents used, as an SPDX expression. Raises ConfigError for a language that has no prompts.
    """
    if lang not in PROMPTS:
        hint = nearest(lang, list(PROMPTS))
        raise ConfigError(f"sft.data.{name}.made: no prompts for '{lang}'{hint} (there are {', '.join(PROMPTS)})")
    skipped: Counter[str] = Counter()
    shared = _shared_titles(documents())
    candidates = _pairs(documents(), lang, seed, shared, skipped)
    chosen = sorted(candidates) if limit is None else heapq.nsmallest(limit, candidates)
    found = ChatSet(name, " AND ".join(sorted({pair.license for pair in chosen})) or "unknown", made=True)
    found.skipped = skipped
    for pair in chosen:
        try:
            found.conversations.append(conversation({"prompt": pair.prompt, "response": pair.answer}))
        except BadRecord as bad:
            found.skip(str(bad), pair.id)
    return found


def _shared_titles(documents: Iterable[dict[str, Any]]) -> frozenset[str]:
    seen: Counter[str] = Counter()
    for document in documents:
        title, _ = _title(_lines(document["text"]), document["meta"].get("title"))
        seen[title] += 1
    return frozenset(title for title, times in seen.items() if times > 1)


def _pairs(
    documents: Iterable[dict[str, Any]], lang: str, seed: int, shared: frozenset[str], skipped: Counter[str]
) -> Iterator[Pair]:
    for document in documents:
        kind, given, answer = split(document["text"], document["meta"].get("title"), shared)
        if not answer:
            skipped["no title or opening with enough text behind it"] += 1
            continue
        order = hashlib.sha256(f"{seed}/{document['id']}".encode()).hexdigest()
        prompts = PROMPTS[lang][kind]
        prompt = prompts[int(order[-8:], 16) % len(prompts)].format(given=given)
        yield Pair(order, document["id"], prompt, answer, document["license"])


def split(text: str, title: Any = None, shared: frozenset[str] = frozenset()) -> tuple[str, str, str]:
    """`(kind, given, answer)` with kind `title` or `opening`; an empty answer where the document is too short.

    The title is the document's own, or a short first line that ends like no sentence; never one of `shared`.
    """
    lines = _lines(text)
    given, body = _title(lines, title)
    if given and given not in shared and (answer := _answer("\n".join(body))):
        return "title", given, answer
    whole = "\n".join(line for line in lines if line not in shared)
    first = next((end for end in SENTENCE_END.finditer(whole, 0, LONGEST) if end.start() >= OPENING), None)
    if first is None:
        return "opening", "", ""
    opening = whole[: first.end()].strip()
    return "opening", opening, _answer(whole[first.end() :].strip().removeprefix(opening))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _title(lines: list[str], title: Any) -> tuple[str, list[str]]:
    """The title, or nothing, and the lines that follow it, less its repetitions at the top."""
    given = title.strip() if isinstance(title, str) else ""
    if not given and len(lines) > 1 and not re.search(r"[.!?。…:;,]$", lines[0]):
        given = re.sub(MARKDOWN, "", lines[0])
    if len(given) > TITLE or "\n" in given or not any(character.isalpha() for character in given):
        return "", lines
    return given, [line for place, line in enumerate(lines) if place > 2 or re.sub(MARKDOWN, "", line) != given]


def _answer(text: str) -> str:
    """Whole lines, else whole sentences, up to LONGEST characters; empty when less than SHORTEST is left."""
    if len(text) > LONGEST:
        ends = [place for place in range(SHORTEST, LONGEST + 1) if text[place] == "\n"]
        ends = ends or [found.start() for found in SENTENCE_END.finditer(text, 0, LONGEST + 1)]
        text = text[: ends[-1]] if ends else ""
    text = text.strip()
    return text if len(text) >= SHORTEST else ""
