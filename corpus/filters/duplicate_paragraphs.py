"""Gopher (Rae et al. 2021, table A1): repeated paragraphs are at most 30 % of them and hold 20 % of the characters.

Korean form: the same numbers, for paragraphs of prose of 20 characters and more, markup not counted, as for lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.repeats import repeated
from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.spans import is_prose, without_markup

_BREAK = re.compile(r"\n{2,}")


class DuplicateParagraphs(Rule):
    name = "duplicate paragraphs"

    def __init__(self, share: float = 0.3, characters: float = 0.2, shortest: int = 0, prose: bool = False) -> None:
        self.share, self.characters = share, characters
        self.shortest, self.prose = shortest, prose

    def measures(self, doc: Document) -> Iterator[Measure]:
        text = doc.text.strip()
        parts = _BREAK.split(text) if "\n\n\n" in text else text.split("\n\n")
        found = [part for part in parts if len(part) >= self.shortest]
        count, size = repeated(found)
        if count and self.prose:
            plain = (without_markup(part) for part in found if is_prose(part))
            found = [part for part in plain if len(part) >= self.shortest]
            count, size = repeated(found)
        yield at_most("share", count / max(1, len(found)), self.share)
        yield at_most("characters", size / max(1, len(doc.text)), self.characters)
