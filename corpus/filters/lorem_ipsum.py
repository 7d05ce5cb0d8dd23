"""C4 (Raffel et al. 2020, 2.2): no page with "lorem ipsum".

Korean form: one mention is allowed, as tutorials name it. The constitution, which fills Korean templates, is not
counted: real statutes hold the same sentences.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_most


class LoremIpsum(Rule):
    name = "lorem ipsum"

    def __init__(self, high: int = 0) -> None:
        super().__init__()
        self.high = high

    def fault(self, doc: Document) -> Fault | None:
        return at_most("high", doc.text.lower().count("lorem ipsum"), self.high)
