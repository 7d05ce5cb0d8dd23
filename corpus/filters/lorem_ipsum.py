"""C4 (Raffel et al. 2020, 2.2): no page with "lorem ipsum".

Korean form: one mention is allowed, as tutorials name it. The constitution, which fills Korean templates, is not
counted: real statutes hold the same sentences.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import measured


class LoremIpsum(Rule):
    name = "lorem ipsum"

    def __init__(self, high: int = 0) -> None:
        self.high = high

    def measures(self, doc: Document) -> Iterator[Measure]:
        yield at_most("high", measured(doc.text).low.count("lorem ipsum"), self.high)
