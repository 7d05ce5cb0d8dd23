"""Ours: at most 20 % of the Hangul are single jamo (ㅋㅋㅋ, ㅠㅠ, ㅇㅇ), after runs were capped.

The stock preset has no such rule; typo-ridden chat and keyboard mash stand above it, reviews with laughter below.
"""

from __future__ import annotations

import re

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_most

_JAMO = re.compile("[\u3131-\u3163]")
_HANGUL = re.compile("[\u3131-\u3163가-힣]")


class JamoShare(Rule):
    name = "jamo share"

    def __init__(self, high: float = 0.2) -> None:
        super().__init__()
        self.high = high

    def fault(self, doc: Document) -> Fault | None:
        jamo = len(_JAMO.findall(doc.text))
        return at_most("high", jamo / len(_HANGUL.findall(doc.text)), self.high) if jamo else None
