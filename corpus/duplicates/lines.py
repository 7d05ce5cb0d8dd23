"""Paragraphs that stand in many documents, after CCNet (Wenzek et al. 2020), which takes out every repeated one.

A paragraph is a line. Two are the same when their letters and digits are, whatever the case, spaces and marks; digits
count, other than CCNet's, since the articles of statutes differ in nothing else. Real repeated lines are headings,
clauses of laws and lines of code more often than menus, so a line must be `characters` long and stand in `documents`
documents to be taken out, and its first occurrence stays unless `keep` says none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.duplicates.joins import Keys, groups
from corpus.duplicates.mapped import mapped
from corpus.duplicates.shingles import NEWLINE, Codes, encode, stretches

REPEATED = "repeated"  # the lines that are taken out: .u64 hashes, sorted; .i64 the first document of each
GAP = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Limits:
    """Letters and digits a line must have, documents it must stand in, and which of its occurrences stays."""

    characters: int
    documents: int
    keep: str


def hashes(found: Codes, characters: int) -> tuple[np.ndarray, np.ndarray]:
    """Of every line of every text, in order, its hash, uint64, and whether it is long enough to be taken out."""
    values = found.values
    letter = values != 0
    before = np.zeros(len(values) + 1, np.int64)
    np.cumsum(letter, out=before[1:])
    ends = np.flatnonzero(found.codes == NEWLINE)
    begin = before[np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])] if len(ends) else ends
    end = before[ends]
    return stretches(values[letter], begin, end), end - begin >= characters


def unit_lines(texts: Sequence[str], first: int, characters: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct long lines of each text: hashes, uint64, and document numbers from `first` on."""
    found = encode(texts)
    line, long = hashes(found, characters)
    ends = np.searchsorted(np.flatnonzero(found.codes == NEWLINE), found.offsets)
    document = np.repeat(np.arange(first, first + len(texts)), np.diff(ends))
    line, document = line[long], document[long]
    order = np.lexsort((document, line))
    line, document = line[order], document[order]
    again = np.zeros(len(line), bool)
    again[1:] = (line[1:] == line[:-1]) & (document[1:] == document[:-1])
    return line[~again], document[~again]


def find_repeated(span: tuple[int, int], folder: Path, keys: Keys, live: Path, limits: Limits) -> None:
    """The unit of work after the barrier: the lines of one range that stand in `limits.documents` documents or more."""
    found, documents = keys.read(span, np.fromfile(live, bool))
    edges = groups(found)
    often = np.flatnonzero(np.diff(edges) >= limits.documents)
    found[0, edges[often]].tofile(folder / f"{REPEATED}.u64")
    documents[edges[often]].tofile(folder / f"{REPEATED}.i64")


def join_repeated(folders: Sequence[Path], place: Path) -> None:
    """Put the ranges' lines together, in the order of their hashes, as two files of `place`."""
    for end in ("u64", "i64"):
        half = place / f"{REPEATED}.{end}.half"
        with half.open("wb") as file:
            for folder in folders:
                file.write((folder / f"{REPEATED}.{end}").read_bytes())
        half.replace(place / f"{REPEATED}.{end}")


class Remover:
    """Takes repeated lines out of texts; the table of lines is a mapped file."""

    def __init__(self, place: Path, limits: Limits) -> None:
        self.limits = limits
        self.lines = mapped(place / f"{REPEATED}.u64", np.uint64)
        self.firsts = mapped(place / f"{REPEATED}.i64", np.int64)

    def clean(self, text: str, document: int) -> tuple[str, int, bool]:
        """The text of a document without its repeated lines, how many were taken out, and if others gave theirs for it.

        A line that its first document holds several times stays there as often. The blank lines around what was taken
        out become one.
        """
        line, long = hashes(encode([text]), self.limits.characters)
        at = np.minimum(np.searchsorted(self.lines, line), max(0, len(self.lines) - 1))
        if not len(self.lines):
            return text, 0, False
        gone = long & (self.lines[at] == line)
        held = gone & (self.firsts[at] == document) & (self.limits.keep == "first")
        gone &= ~held
        if not gone.any():
            return text, 0, bool(held.any())
        left = [part for part, out in zip(text.split("\n"), gone.tolist(), strict=True) if not out]
        return GAP.sub("\n\n", "\n".join(left)).strip("\n"), int(gone.sum()), bool(held.any())
