"""FineWeb (Penedo et al. 2024): at most 67 % of the lines are 30 characters or shorter.

Korean form: 85 % of 12 characters: a syllable block says what two or three Latin letters do, and a line counts as
short only where it also ends no sentence. `prose` leaves lines of code out of the count.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_most
from corpus.filters.spans import ends_sentence, is_prose, lines


class ShortLines(Rule):
    name = "short lines"

    def __init__(self, high: float = 0.67, length: int = 30, prose: bool = False, korean: bool = False) -> None:
        super().__init__()
        self.high, self.length, self.prose, self.korean = high, length, prose, korean

    def fault(self, doc: Document) -> Fault | None:
        found = [line for line in lines(doc.text) if not self.prose or is_prose(line)]
        short = sum(len(line) <= self.length and not (self.korean and ends_sentence(line, "korean")) for line in found)
        return at_most("high", short / max(1, len(found)), self.high)
