"""Counting characters by script, whole texts at once: a table lookup instead of one regular expression per script."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from corpus.text.characters import characters


class Scripts(NamedTuple):
    """Letters of a text by script; `other` are letters of none of them, `rest` is what is no letter."""

    hangul: int
    kana: int
    han: int
    latin: int
    other: int
    rest: int

    @property
    def letter_bytes(self) -> int:
        """UTF-8 bytes, about: one for a Latin letter, three for any other."""
        return 3 * (self.hangul + self.kana + self.han + self.other) + self.latin


@lru_cache(maxsize=2)  # a text is asked of twice, one after the other
def scripts(text: str) -> Scripts:
    """How many letters of each script a text has. Linear, at about 5 ns a character."""
    if text.isascii():
        latin = len(text.encode().translate(None, _NO_LETTERS))
        return Scripts(0, 0, 0, latin, 0, len(text) - latin)
    return Scripts(*characters(text).scripts())


_NO_LETTERS = bytes(code for code in range(256) if not (0x41 <= code <= 0x5A or 0x61 <= code <= 0x7A))
