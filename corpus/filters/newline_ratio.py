"""FineWeb (Penedo et al. 2024): at most 0.3 newlines per word, else the page is a list.

Korean form: 0.5 per eojeol, blank lines not counted, as a page of short paragraphs has two newlines for each
(FineWeb-2's Korean figure, 0.196, is per morpheme). `prose` leaves lines of code out of the count.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import measured


class NewlineRatio(Rule):
    name = "newline ratio"

    def __init__(self, high: float = 0.3, prose: bool = False, korean: bool = False) -> None:
        self.high, self.prose, self.korean = high, prose, korean

    def measures(self, doc: Document) -> Iterator[Measure]:
        text = measured(doc.text)
        count = len(text.lines_of(self.prose)) - 1 if self.korean else text.newlines_of(self.prose)
        yield at_most("high", count / max(1, text.words_of(self.prose)), self.high)
