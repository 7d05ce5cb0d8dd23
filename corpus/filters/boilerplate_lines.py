"""Ours: at most 30 % of the lines are site furniture (로그인, 댓글, 이전글, 저작권 ...).

Pages lose such lines when their text is extracted; this judges documents that came as text. The stock preset has no
such rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import measured
from corpus.pages.extract import is_boilerplate


class BoilerplateLines(Rule):
    name = "boilerplate lines"

    def __init__(self, high: float = 0.3) -> None:
        self.high = high

    def measures(self, doc: Document) -> Iterator[Measure]:
        found = measured(doc.text).lines
        yield at_most("high", sum(map(is_boilerplate, found)) / max(1, len(found)), self.high)
