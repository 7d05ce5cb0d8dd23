"""Gopher (Rae et al. 2021, A.1.1): between 50 and 100,000 words.

Korean form: from 25 eojeol. An eojeol carries its particles and endings with it, so the same page has fewer of them
than English has words, and help pages are short. Text written without spaces counts four syllables as one.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least, at_most
from corpus.filters.text import ALNUM, SYLLABLE, measured

SYLLABLES = 4  # per eojeol


class WordCount(Rule):
    name = "word count"

    def __init__(self, low: int = 50, high: int = 100_000, korean: bool = False) -> None:
        self.low, self.high, self.korean = low, high, korean

    def measures(self, doc: Document) -> Iterator[Measure]:
        text = measured(doc.text)
        count = text.words_with(ALNUM)
        if self.korean:
            count = max(count, text.count(SYLLABLE) // SYLLABLES)
        yield at_least("low", count, self.low)
        yield at_most("high", count, self.high)
