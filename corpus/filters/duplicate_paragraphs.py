"""Gopher (Rae et al. 2021, table A1): repeated paragraphs are at most 30 % of them and hold 20 % of the characters.

Korean form: the same numbers, for paragraphs of prose of 20 characters and more, as for lines.
"""

from __future__ import annotations

import re

from datatrove.data import Document

from corpus.filters.repeats import repeated
from corpus.filters.rule import Fault, Rule, at_most
from corpus.filters.spans import is_prose

_BREAK = re.compile(r"\n{2,}")


class DuplicateParagraphs(Rule):
    name = "duplicate paragraphs"

    def __init__(self, share: float = 0.3, characters: float = 0.2, shortest: int = 0, prose: bool = False) -> None:
        super().__init__()
        self.share, self.characters = share, characters
        self.shortest, self.prose = shortest, prose

    def fault(self, doc: Document) -> Fault | None:
        long = (part for part in _BREAK.split(doc.text.strip()) if len(part) >= self.shortest)
        found = [part for part in long if not self.prose or is_prose(part)]
        count, size = repeated(found)
        return at_most("share", count / max(1, len(found)), self.share) or at_most(
            "characters", size / max(1, len(doc.text)), self.characters
        )
