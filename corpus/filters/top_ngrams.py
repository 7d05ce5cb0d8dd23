"""Gopher (Rae et al. 2021, table A1): the most frequent 2-, 3-, 4-gram holds at most 20, 18, 16 % of the characters.

An n-gram that occurs less often than `few` times, twice in the stock form, is no repetition. Korean form: the same
numbers, over the eojeol of lines of prose, from the fourth time on: in a page of ten lines its own subject, named
three times, holds a fifth of the characters.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import measured


class TopNgrams(Rule):
    name = "top n-grams"

    def __init__(self, n2: float = 0.2, n3: float = 0.18, n4: float = 0.16, prose: bool = False, few: int = 2) -> None:
        self.prose, self.few = prose, few
        self.shares = {2: n2, 3: n3, 4: n4}

    def harmless(self, doc: Document) -> bool:
        grams, size = measured(doc.text).grams_of(self.prose)
        return all(n * grams.heaviest <= share * size for n, share in self.shares.items())

    def measures(self, doc: Document) -> Iterator[Measure]:
        grams, size = measured(doc.text).grams_of(self.prose)
        for n, share in self.shares.items():
            yield at_most(f"n{n}", grams.top_characters(n, self.few) / max(1, size), share)
