"""Gopher (Rae et al. 2021, A.1.1): the mean word is 3 to 10 characters long.

Korean form: 1.5 to 10 syllables, over the eojeol that hold Hangul, so that identifiers and links do not count. Running
text has 2.5 to 3.5; below 1.5 it is spaced out letter by letter, above 10 it is written without spaces. `longest`
leaves longer words, which are links and paths, out of the count of other languages.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least, at_most
from corpus.filters.text import ALNUM, SYLLABLE, measured


class MeanWordLength(Rule):
    name = "mean word length"

    def __init__(self, low: float = 3.0, high: float = 10.0, korean: bool = False, longest: int = 0) -> None:
        self.low, self.high, self.korean, self.longest = low, high, korean, longest

    def measures(self, doc: Document) -> Iterator[Measure]:
        text = measured(doc.text)
        if self.korean:
            size, count = text.count(SYLLABLE), text.words_with(SYLLABLE)
        else:
            size, count = text.characters_and_words(ALNUM, self.longest)
        mean = size / max(1, count)
        yield at_least("low", mean, self.low)
        yield at_most("high", mean, self.high)
