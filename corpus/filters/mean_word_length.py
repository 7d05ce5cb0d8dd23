"""Gopher (Rae et al. 2021, A.1.1): the mean word is 3 to 10 characters long.

Korean form: 1.5 to 10 syllables, over the eojeol that hold Hangul, so that identifiers and links do not count. Running
text has 2.5 to 3.5; below 1.5 it is spaced out letter by letter, above 10 it is written without spaces.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_least, at_most
from corpus.filters.spans import HANGUL, words


class MeanWordLength(Rule):
    name = "mean word length"

    def __init__(self, low: float = 3.0, high: float = 10.0, korean: bool = False) -> None:
        super().__init__()
        self.low, self.high, self.korean = low, high, korean

    def fault(self, doc: Document) -> Fault | None:
        if self.korean:
            lengths = [count for word in words(doc.text) if (count := len(HANGUL.findall(word)))]
        else:
            lengths = [len(word) for word in words(doc.text) if any(map(str.isalnum, word))]
        mean = sum(lengths) / max(1, len(lengths))
        return at_least("low", mean, self.low) or at_most("high", mean, self.high)
