"""C4 (Raffel et al. 2020, 2.2): no page with a curly bracket.

Korean form: off. It was meant against code in text for a model of English prose; here code is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most


class CurlyBracket(Rule):
    name = "curly bracket"

    def __init__(self, high: int = 0) -> None:
        self.high = high

    def measures(self, doc: Document) -> Iterator[Measure]:
        yield at_most("high", doc.text.count("{"), self.high)
