"""Ours: at least 20 % of the letters (by UTF-8 bytes) of a Korean document are Hangul.

The stock preset has no such rule. Code-mixed manuals stand at 30 to 60 %; below 20 % the page is code or English with a
Korean frame.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least
from corpus.text.language import hangul_share


class HangulShare(Rule):
    name = "Hangul share"

    def __init__(self, low: float = 0.2) -> None:
        self.low = low

    def measures(self, doc: Document) -> Iterator[Measure]:
        yield at_least("low", hangul_share(doc.text), self.low)
