"""Gopher (Rae et al. 2021, A.1.1): at most 30 % of the lines end with an ellipsis.

Korean form: the same share; "더보기" and "[더 보기]" at the end of a line mark a cut teaser as "..." does, and
fewer than three such lines are a manner of writing.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import measured

_STOCK = ("...", "…")
_KOREAN = (*_STOCK, "더보기", "더 보기", "더보기]", "더 보기]", "‥")


class EllipsisLines(Rule):
    name = "ellipsis lines"

    def __init__(self, high: float = 0.3, few: int = 1, korean: bool = False) -> None:
        self.high, self.few = high, few
        self.marks = _KOREAN if korean else _STOCK

    def measures(self, doc: Document) -> Iterator[Measure]:
        found = measured(doc.text).lines
        count = sum(line.endswith(self.marks) for line in found)
        yield at_most("high", count / len(found) if count >= self.few else 0.0, self.high)
