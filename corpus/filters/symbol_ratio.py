"""Gopher (Rae et al. 2021, A.1.1): at most 0.1 hash signs, and 0.1 ellipses, per word.

Korean form: the same numbers, with the marks Korean pages use for an ellipsis (‥, ··) counted too, but not the two
dots that Korean writers put for one. `inline`
leaves out hashes that open a line: headings of Markdown, comments, #include.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import measured

_RUN = re.compile("#+")
_STOCK = {"...": re.compile(r"\.\.\."), "…": re.compile("…")}
_KOREAN = {
    "...": re.compile(r"\.{3,}"), "…": re.compile("…+"), "··": re.compile("·{2,}"), "‥": re.compile("‥+"),
}  # fmt: skip


class SymbolRatio(Rule):
    name = "symbol ratio"

    def __init__(self, hashes: float = 0.1, ellipses: float = 0.1, inline: bool = False, korean: bool = False) -> None:
        self.hashes, self.ellipses, self.inline = hashes, ellipses, inline
        self.marks = _KOREAN if korean else _STOCK

    def measures(self, doc: Document) -> Iterator[Measure]:
        count = max(1, measured(doc.text).word_count)
        yield at_most("hashes", self._hashes(doc.text) / count, self.hashes)
        ellipses = sum(len(mark.findall(doc.text)) for first, mark in self.marks.items() if first in doc.text)
        yield at_most("ellipses", ellipses / count, self.ellipses)

    def _hashes(self, text: str) -> int:
        if not self.inline:
            return text.count("#")
        if "#" not in text:
            return 0
        return sum(1 for run in _RUN.finditer(text) if run.start() and text[run.start() - 1] != "\n")
