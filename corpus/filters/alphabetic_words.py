"""Gopher (Rae et al. 2021, A.1.1): at least 80 % of the words contain a letter.

Korean form: 70 %, where words of marks only (`=>`, `{`, `|`) are no words, so that code stays and dumps of numbers do
not (FineWeb-2's Korean figure, 79.1 %, is for morphemes).
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_least
from corpus.filters.spans import words


class AlphabeticWords(Rule):
    name = "alphabetic words"

    def __init__(self, low: float = 0.8, marks: bool = True) -> None:
        super().__init__()
        self.low, self.marks = low, marks

    def fault(self, doc: Document) -> Fault | None:
        found = [word for word in words(doc.text) if self.marks or any(map(str.isalnum, word))]
        return at_least("low", sum(any(map(str.isalpha, word)) for word in found) / max(1, len(found)), self.low)
