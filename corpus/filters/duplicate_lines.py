"""Gopher (Rae et al. 2021, table A1): repeated lines are at most 30 % of the lines and hold 20 % of the characters.

Korean form: 37.4 % (FineWeb-2's figure for Korean) and 20 %, for lines of prose of 20 characters and more, markup not
counted (`prose`, `shortest`): manuals repeat their headings (구문, 예제), and code its braces and imports. Fewer than
`few` repeats are none: the title of a short page stands twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.repeats import repeated
from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.spans import without_markup
from corpus.filters.text import measured


class DuplicateLines(Rule):
    name = "duplicate lines"

    def __init__(
        self, share: float = 0.3, characters: float = 0.2, shortest: int = 0, prose: bool = False, few: int = 1
    ) -> None:
        self.share, self.characters = share, characters
        self.shortest, self.prose, self.few = shortest, prose, few

    def measures(self, doc: Document) -> Iterator[Measure]:
        found = measured(doc.text).lines_of(self.prose)
        if self.shortest:
            found = [line for line in found if len(line) >= self.shortest]
        count, size = repeated(found)
        if count and self.prose:
            found = [plain for line in found if len(plain := without_markup(line)) >= self.shortest]
            count, size = repeated(found)
        if count < self.few:
            count = size = 0
        yield at_most("share", count / max(1, len(found)), self.share)
        yield at_most("characters", size / max(1, len(doc.text)), self.characters)
