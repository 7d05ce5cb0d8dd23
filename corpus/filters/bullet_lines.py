"""Gopher (Rae et al. 2021, A.1.1): at most 90 % of the lines start with a bullet.

Korean form: the same share, with the bullets of Korean documents (ㅇ, ○, ●, ■, □, ▶, ※, ◦) counted too.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import measured

_STOCK = ("•", "-")
_KOREAN = (*_STOCK, "ㅇ ", "○", "●", "■", "□", "▶", "▷", "※", "◦", "·", "* ")


class BulletLines(Rule):
    name = "bullet lines"

    def __init__(self, high: float = 0.9, korean: bool = False) -> None:
        self.high = high
        self.bullets = _KOREAN if korean else _STOCK

    def measures(self, doc: Document) -> Iterator[Measure]:
        found = measured(doc.text).lines
        yield at_most("high", sum(line.startswith(self.bullets) for line in found) / max(1, len(found)), self.high)
