"""Gopher (Rae et al. 2021, table A1): repeated lines are at most 30 % of the lines and hold 20 % of the characters.

Korean form: the same numbers, for lines of prose of 20 characters and more (`prose`, `shortest`): manuals repeat their
headings (구문, 예제), and code its braces and imports.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.repeats import repeated
from corpus.filters.rule import Fault, Rule, at_most
from corpus.filters.spans import is_prose, lines


class DuplicateLines(Rule):
    name = "duplicate lines"

    def __init__(self, share: float = 0.3, characters: float = 0.2, shortest: int = 0, prose: bool = False) -> None:
        super().__init__()
        self.share, self.characters = share, characters
        self.shortest, self.prose = shortest, prose

    def fault(self, doc: Document) -> Fault | None:
        long = (line for line in lines(doc.text) if len(line) >= self.shortest)
        found = [line for line in long if not self.prose or is_prose(line)]
        count, size = repeated(found)
        return at_most("share", count / max(1, len(found)), self.share) or at_most(
            "characters", size / max(1, len(doc.text)), self.characters
        )
