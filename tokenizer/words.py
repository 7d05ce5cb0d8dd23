"""The words of a documents artifact, counted per source in units that processes and shards share.

A word is what `Scripts.word` matches: a run of Hangul with at most one leading space. With the base's pre-tokenizer it
is looked for in what that cuts, so that no piece crosses a cut that the base makes anyway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from corpus.documents import files, read_file, row_groups
from pipeline.artifact import write_json
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer.bpe import METASPACE, read_tokenizer
from tokenizer.config import Pieces
from tokenizer.count import HELD, Counts, added_up
from tokenizer.scripts import Scripts

GROUPS = 16  # row groups of a file in one unit
JAMO = re.compile(r"[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")
SYLLABLE = re.compile(r"[가-힣]")
SCRAP = 0.001  # of all words: a source of fewer counts fully, and is no measure for the others
SCALE = 1 << 16  # counts are multiplied by weights in these parts of one
Split = Callable[[str], list[str]]


@dataclass(frozen=True)
class Unit:
    """So many row groups of a documents file from `first` on."""

    path: Path
    first: int


@dataclass
class Words:
    """Runs of counted words by source, and what was seen on the way."""

    folder: Path
    runs: dict[str, list[Path]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    read: int = 0
    kept: int = 0
    decomposed: int = 0
    jamo: int = 0
    syllables: int = 0
    langs: set[str] = field(default_factory=set)

    def weights(self, balance: float) -> dict[str, int]:
        """Source -> weight of its words, in parts of `SCALE`; the smallest source's that is no scrap is whole.

        A source of n words counts as n to the power of `balance`, as in the sampling of languages by Conneau and
        Lample 2019, "Cross-lingual Language Model Pretraining".
        """
        found = {source: total for source, total in self.totals.items() if total}
        sizes = [total for total in found.values() if total >= SCRAP * sum(found.values())]
        least = min(sizes or found.values(), default=1)
        shares = {source: min(1.0, (least / total) ** (1 - balance)) for source, total in found.items()}
        return {source: max(1, round(SCALE * share)) for source, share in shares.items()}

    def added_up(self, balance: float) -> Iterator[tuple[str, int]]:
        """Distinct words in order, with their weighted counts."""
        weights = self.weights(balance)
        runs = [(path, weights[source]) for source in sorted(weights) for path in self.runs[source]]
        return added_up(runs, self.folder)


def count_words(section: Pieces, context: Context) -> Words:
    """Count the train text of `section.lang`; raises InputError where it holds none, or holds it decomposed."""
    artifact = context.artifact("documents")
    tokenizer = None
    if section.boundary == "pretokenizer":
        tokenizer = str(context.artifact("model").path / "model" / "tokenizer.json")
        read_tokenizer(Path(tokenizer))
    units = [Unit(path, first) for path in files(artifact, "train") for first in range(0, row_groups(path), GROUPS)]
    work = partial(count_unit, lang=section.lang, scripts=section.scripts, tokenizer=tokenizer)
    words = Words(context.work)
    for folder in context.each_unit(units, work, name="counted"):
        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        for name in ("read", "kept", "decomposed", "jamo", "syllables"):
            setattr(words, name, getattr(words, name) + facts[name])
        words.langs.update(facts["langs"])
        for source, found in facts["sources"].items():
            words.totals[source] = words.totals.get(source, 0) + found["total"]
            words.runs.setdefault(source, []).extend(folder / run for run in found["runs"])
    if words.jamo > words.syllables:
        raise InputError(
            f"the '{section.lang}' text is decomposed Hangul (NFD: {words.jamo} jamo in {words.decomposed} documents); "
            "normalise it to NFC first, as refine does"
        )
    if not words.syllables:
        if words.read:
            what = f"none of its {words.read} documents has a Hangul syllable"
        else:
            what = f"it has only {sorted(words.langs)}" if words.langs else "it is empty"
        raise InputError(f"{artifact.path} holds no '{section.lang}' text to learn from: {what}")
    context.counts.update(read=words.read, kept=words.kept, dropped=words.read - words.kept, failed=0)
    return words


def count_unit(unit: Unit, folder: Path, *, lang: str, scripts: Sequence[str], tokenizer: str | None) -> None:
    """Write sorted runs of one unit's words and `facts.json` into `folder`; memory is `HELD` distinct words."""
    split = splitter(Scripts.of(scripts), tokenizer)
    counts: dict[str, Counts] = {}
    read = kept = decomposed = jamo = syllables = held = 0
    langs: set[str] = set()
    for row in read_file(unit.path, ["text", "lang", "source"], unit.first, unit.first + GROUPS):
        langs.add(row["lang"])
        if row["lang"] != lang:
            continue
        read += 1
        found = split(row["text"])
        loose = len(JAMO.findall(row["text"]))
        decomposed += bool(loose)
        jamo += loose
        syllables += len(SYLLABLE.findall(row["text"]))
        if not found:
            continue
        kept += 1
        if row["source"] not in counts:
            counts[row["source"]] = Counts(folder / f"{len(counts):04d}")
        mine = counts[row["source"]]
        held -= len(mine)
        mine.add(found)
        held += len(mine)
        if held >= HELD:
            for one in counts.values():
                one.spill()
            held = 0
    for one in counts.values():
        one.spill()
    sources = {
        source: {"total": one.total, "runs": [str(path.relative_to(folder)) for path in one.runs]}
        for source, one in counts.items()
    }
    facts = {"read": read, "kept": kept, "decomposed": decomposed, "jamo": jamo, "syllables": syllables}
    write_json(folder / "facts.json", {**facts, "langs": sorted(langs), "sources": sources})


@lru_cache(maxsize=1)
def splitter(scripts: Scripts, tokenizer: str | None) -> Split:
    """Text -> its words, in order; within the cuts of the pre-tokenizer of the tokenizer.json named, if any."""
    find = scripts.word.findall
    if tokenizer is None:
        return find
    from tokenizers import Tokenizer

    base = Tokenizer.from_file(tokenizer)
    if base.pre_tokenizer is None:  # a SentencePiece BPE cuts nothing beforehand
        return find

    def split(text: str) -> list[str]:
        shown = base.normalizer.normalize_str(text) if base.normalizer else text
        cuts = base.pre_tokenizer.pre_tokenize_str(shown)
        parts = (shown[start:end].replace(METASPACE, " ") for _, (start, end) in cuts)
        return [word for part in parts for word in find(part)]

    return split
