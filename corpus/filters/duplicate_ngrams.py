"""Gopher (Rae et al. 2021, table A1): repeated 5- to 10-grams hold at most 15, 14, 13, 12, 11, 10 % of the characters.

Korean form: 20 % falling to 15 %, over eojeol of prose. Korean repeats whole formulae (statutes, "다음과 같다") where
English varies the words around them, and a manual repeats its syntax lines.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import measured


class DuplicateNgrams(Rule):
    name = "duplicate n-grams"

    def __init__(
        self,
        n5: float = 0.15,
        n6: float = 0.14,
        n7: float = 0.13,
        n8: float = 0.12,
        n9: float = 0.11,
        n10: float = 0.1,
        prose: bool = False,
    ) -> None:
        self.prose = prose
        self.shares = {5: n5, 6: n6, 7: n7, 8: n8, 9: n9, 10: n10}

    def harmless(self, doc: Document) -> bool:
        grams, size = measured(doc.text).grams_of(self.prose)
        most = min(self.shares.values()) * size
        return grams.in_runs(min(self.shares)) <= most or grams.repeating <= most

    def measures(self, doc: Document) -> Iterator[Measure]:
        grams, size = measured(doc.text).grams_of(self.prose)
        for n, share in self.shares.items():
            yield at_most(f"n{n}", grams.repeated_characters(n) / max(1, size), share)
