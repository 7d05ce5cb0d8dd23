"""Gopher (Rae et al. 2021, A.1.1): at most 0.1 hash signs, and 0.1 ellipses, per word.

Korean form: the same numbers, with the marks Korean pages use for an ellipsis (‥, ··) counted too, but not the two
dots that Korean writers put for one. `inline`
leaves out hashes that open a line: headings of Markdown, comments, #include.
"""

from __future__ import annotations

import re

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_most
from corpus.filters.spans import words

_STOCK = re.compile(r"\.\.\.|…")
_HASH = re.compile("#")
_INLINE = re.compile(r"(?<=[^\n#])#")
_KOREAN = re.compile(r"\.{3,}|…+|·{2,}|‥+")


class SymbolRatio(Rule):
    name = "symbol ratio"

    def __init__(self, hashes: float = 0.1, ellipses: float = 0.1, inline: bool = False, korean: bool = False) -> None:
        super().__init__()
        self.hashes, self.ellipses = hashes, ellipses
        self.hash = _INLINE if inline else _HASH
        self.marks = _KOREAN if korean else _STOCK

    def fault(self, doc: Document) -> Fault | None:
        count = max(1, len(words(doc.text)))
        return at_most("hashes", len(self.hash.findall(doc.text)) / count, self.hashes) or at_most(
            "ellipses", len(self.marks.findall(doc.text)) / count, self.ellipses
        )
