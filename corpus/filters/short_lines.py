"""FineWeb (Penedo et al. 2024): at most 67 % of the lines are 30 characters or shorter.

Korean form: 85 % of 12 characters: a syllable block says what two or three Latin letters do, and a line counts as
short only where it also ends no sentence. `prose` leaves lines of code out of the count.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.spans import ends_sentence
from corpus.filters.text import measured


class ShortLines(Rule):
    name = "short lines"

    def __init__(self, high: float = 0.67, length: int = 30, prose: bool = False, korean: bool = False) -> None:
        self.high, self.length, self.prose, self.korean = high, length, prose, korean

    def measures(self, doc: Document) -> Iterator[Measure]:
        found = measured(doc.text).lines_of(self.prose)
        short = sum(len(line) <= self.length and not (self.korean and ends_sentence(line, "korean")) for line in found)
        yield at_most("high", short / max(1, len(found)), self.high)
