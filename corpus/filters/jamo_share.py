"""Ours: at most 20 % of the Hangul are single jamo (ㅋㅋㅋ, ㅠㅠ, ㅇㅇ), after runs were capped.

The stock preset has no such rule; typo-ridden chat and keyboard mash stand above it, reviews with laughter below.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import JAMO, SYLLABLE, measured


class JamoShare(Rule):
    name = "jamo share"

    def __init__(self, high: float = 0.2) -> None:
        self.high = high

    def measures(self, doc: Document) -> Iterator[Measure]:
        text = measured(doc.text)
        jamo = text.count(JAMO)
        yield at_most("high", jamo / max(1, jamo + text.count(SYLLABLE)), self.high)
