"""Gopher (Rae et al. 2021, A.1.1): at least 80 % of the words contain a letter.

Korean form: 70 %, where words of marks only (`=>`, `{`, `|`) are no words, so that code stays and dumps of numbers do
not (FineWeb-2's Korean figure, 79.1 %, is for morphemes).
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least
from corpus.filters.text import ALNUM, ALPHA, measured


class AlphabeticWords(Rule):
    name = "alphabetic words"

    def __init__(self, low: float = 0.8, marks: bool = True) -> None:
        self.low, self.marks = low, marks

    def measures(self, doc: Document) -> Iterator[Measure]:
        text = measured(doc.text)
        count = text.word_count if self.marks else text.words_with(ALNUM)
        yield at_least("low", text.words_with(ALPHA) / max(1, count), self.low)
