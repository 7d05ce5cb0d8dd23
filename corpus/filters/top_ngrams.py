"""Gopher (Rae et al. 2021, table A1): the most frequent 2-, 3-, 4-gram holds at most 20, 18, 16 % of the characters.

An n-gram that occurs once is no repetition. Korean form: the same numbers, over the eojeol of lines of prose.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.repeats import top_ngram_characters
from corpus.filters.rule import Fault, Rule, at_most
from corpus.filters.spans import prose_of, words


class TopNgrams(Rule):
    name = "top n-grams"

    def __init__(self, n2: float = 0.2, n3: float = 0.18, n4: float = 0.16, prose: bool = False) -> None:
        super().__init__()
        self.prose = prose
        self.shares = {2: n2, 3: n3, 4: n4}

    def fault(self, doc: Document) -> Fault | None:
        text = prose_of(doc.text, self.prose)
        found, size = words(text), max(1, len(text))
        for n, share in self.shares.items():
            if fault := at_most(f"n{n}", top_ngram_characters(found, n) / size, share):
                return fault
        return None
