"""A document's text with everything that several rules count in it, each counted once and when first asked for.

Characters are looked up in a table of their kinds (`corpus.text.characters`), words are found by their edges in that
array. Every figure is the one that `str.split`, `str.isalnum` and the regular expressions of `spans`
would give.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from corpus.filters.repeats import Grams
from corpus.filters.spans import HANGUL, has_signs_of_code, is_prose
from corpus.text.characters import ALNUM, ALPHA, JAMO, LEAD, RARE, SPACE, SYLLABLE, characters

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ALNUM", "ALPHA", "JAMO", "LEAD", "RARE", "SPACE", "SYLLABLE", "Text", "measured"]


class Text:
    """One text, counted. Lines are those that are not blank, stripped."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _kinds(self) -> np.ndarray[Any, np.dtype[np.uint16]]:
        found: np.ndarray[Any, np.dtype[np.uint16]] = characters(self.text).kinds
        return found

    def count(self, kind: int) -> int:
        """Characters of a kind: SYLLABLE, JAMO, RARE, LEAD, ALNUM, ALPHA or SPACE."""
        return characters(self.text).count(kind)

    @cached_property
    def _edges(self) -> np.ndarray[Any, np.dtype[np.intp]]:
        """Where words start and end, in turn."""
        import numpy as np

        space = np.ones(len(self._kinds) + 2, np.uint16)
        np.bitwise_and(self._kinds, np.uint16(SPACE), out=space[1:-1])  # its bit is the first
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
        if not has_signs_of_code(self.text):  # most pages: then Hangul is prose
            return [HANGUL.search(line) is not None or is_prose(line) for line in self.lines]
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
