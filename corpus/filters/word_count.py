"""Gopher (Rae et al. 2021, A.1.1): between 50 and 100,000 words.

Korean form: from 25 eojeol. An eojeol carries its particles and endings with it, so the same page has fewer of them
than English has words, and help pages are short. Text written without spaces counts four syllables as one.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_least, at_most
from corpus.filters.spans import HANGUL, words

SYLLABLES = 4  # per eojeol


class WordCount(Rule):
    name = "word count"

    def __init__(self, low: int = 50, high: int = 100_000, korean: bool = False) -> None:
        super().__init__()
        self.low, self.high, self.korean = low, high, korean

    def fault(self, doc: Document) -> Fault | None:
        count = sum(1 for word in words(doc.text) if any(map(str.isalnum, word)))
        if self.korean:
            count = max(count, len(HANGUL.findall(doc.text)) // SYLLABLES)
        return at_least("low", count, self.low) or at_most("high", count, self.high)
