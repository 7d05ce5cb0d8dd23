"""A document's text with everything that several rules count in it, each counted once and when first asked for.

Characters are looked up in a table of their kinds (one pass over the code points), words are found by their edges in
that array. Every figure is the one that `str.split`, `str.isalnum` and the regular expressions of `spans`
would give.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from corpus.filters.repeats import Grams
from corpus.filters.spans import is_prose

if TYPE_CHECKING:
    import numpy as np

SPACE, ALNUM, ALPHA, SYLLABLE, JAMO, RARE, LEAD = (1 << bit for bit in range(7))
_TOP = 0x33480  # no code point from here on is a letter, a digit or a space
_KINDS = {
    JAMO: "[\u3131-\u3163]",
    SYLLABLE: "[가-힣]",
    LEAD: "[\u00c2-\u00f4]",  # a first byte of UTF-8 read as Latin-1
}


@lru_cache(maxsize=1)
def _table() -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Kinds of every code point below `_TOP`, as bits."""
    import numpy as np

    every = "".join(map(chr, range(_TOP)))
    table = np.zeros(_TOP + 1, np.uint16)
    for bit, test in ((SPACE, str.isspace), (ALNUM, str.isalnum), (ALPHA, str.isalpha)):
        table[:_TOP] |= np.fromiter(map(test, every), bool, _TOP).astype(np.uint16) * np.uint16(bit)
    for bit, kind in _KINDS.items():
        for found in re.finditer(f"(?:{kind})+", every):
            table[found.start() : found.end()] |= np.uint16(bit)
    common = bytes(byte for lead in range(0xB0, 0xC9) for trail in range(0xA1, 0xFF) for byte in (lead, trail))
    table[0xAC00:0xD7A4] |= np.uint16(RARE)
    table[[ord(one) for one in common.decode("euc_kr")]] &= np.uint16(~RARE & 0xFFFF)
    return table


class Text:
    """One text, counted. Lines are those that are not blank, stripped."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _kinds(self) -> np.ndarray[Any, np.dtype[np.uint16]]:
        import numpy as np

        return _table().take(
            np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.intp), mode="clip"
        )

    def count(self, kind: int) -> int:
        """Characters of a kind: SYLLABLE, JAMO, RARE, LEAD, ALNUM, ALPHA or SPACE."""
        import numpy as np

        return int(np.count_nonzero(self._kinds & np.uint16(kind)))

    @cached_property
    def _edges(self) -> np.ndarray[Any, np.dtype[np.intp]]:
        """Where words start and end, in turn."""
        import numpy as np

        space = np.ones(len(self._kinds) + 2, bool)
        space[1:-1] = (self._kinds & np.uint16(SPACE)) != 0
        return np.flatnonzero(space[1:] != space[:-1])

    @cached_property
    def _word_kinds(self) -> np.ndarray[Any, np.dtype[np.uint16]]:
        """The kinds that occur in each word."""
        import numpy as np

        edges = self._edges
        if not len(edges):
            return np.zeros(0, np.uint16)
        return np.bitwise_or.reduceat(self._kinds, edges[:-1])[::2]

    @cached_property
    def word_count(self) -> int:
        return len(self._edges) // 2

    def words_with(self, kind: int) -> int:
        """Words that hold a character of a kind."""
        import numpy as np

        return int(np.count_nonzero(self._word_kinds & np.uint16(kind)))

    def characters_and_words(self, kind: int, longest: int = 0) -> tuple[int, int]:
        """Characters of the words, and how many, that hold one of a kind; with `longest`, of none longer."""
        import numpy as np

        sizes = (self._edges[1::2] - self._edges[::2])[(self._word_kinds & np.uint16(kind)) != 0]
        if longest:
            sizes = sizes[sizes <= longest]
        return int(sizes.sum()), len(sizes)

    @property
    def longest_word(self) -> int:
        """Characters of the longest word."""
        edges = self._edges
        return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0

    @cached_property
    def words(self) -> list[str]:
        """What stands between spaces; in Korean, eojeol."""
        return self.text.split()

    @cached_property
    def low(self) -> str:
        return self.text.lower()

    @cached_property
    def _rows(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def lines(self) -> list[str]:
        return [line for row in self._rows if (line := row.strip())]

    @cached_property
    def _prose(self) -> list[bool]:
        return list(map(is_prose, self.lines))

    @cached_property
    def prose_lines(self) -> list[str]:
        if all(self._prose):
            return self.lines
        return [line for line, prose in zip(self.lines, self._prose, strict=True) if prose]

    def lines_of(self, prose: bool) -> list[str]:
        """The lines, or those of prose alone."""
        return self.prose_lines if prose else self.lines

    @cached_property
    def prose(self) -> str:
        """The lines of prose alone, indented as they were."""
        flags = iter(self._prose)
        return "\n".join(row for row in self._rows if row and not row.isspace() and next(flags))

    @cached_property
    def _prose_words(self) -> list[str]:
        return self.words if all(self._prose) else self.prose.split()

    @cached_property
    def _grams(self) -> Grams:
        return Grams(self.words)

    @cached_property
    def _prose_grams(self) -> Grams:
        return self._grams if all(self._prose) else Grams(self._prose_words)

    def words_of(self, prose: bool) -> int:
        """How many words the text, or its prose, has."""
        return len(self._prose_words) if prose and not all(self._prose) else self.word_count

    def newlines_of(self, prose: bool) -> int:
        return (self.prose if prose else self.text).count("\n")

    def grams_of(self, prose: bool) -> tuple[Grams, int]:
        """The n-grams of the text, or of its prose, and the characters these stand in."""
        return (self._prose_grams, len(self.prose)) if prose else (self._grams, len(self.text))


@lru_cache(maxsize=2)  # a document is judged by all rules, one after another; a line rule makes a second text of it
def measured(text: str) -> Text:
    return Text(text)
