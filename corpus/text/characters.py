"""What every character of a text is, looked up at once: letter, digit or space, its script, marks that rules ask for.

One pass over a text serves the language, the rules and the signs of wrong decoding. Every figure is the one that
`str.isalnum` and its kin, or a pattern of the same characters, would give.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

SPACE, ALNUM, ALPHA, SYLLABLE, JAMO, RARE, LEAD = (1 << bit for bit in range(7))
SCRIPT = 7  # the bits from here on number the script
HANGUL, KANA, HAN, LATIN, LETTER, OTHER = range(6)  # of letters; what is none is OTHER
TOP = 0x33480  # no code point from here on is a letter, a digit or a space
_HAN_PLANES = 0x20000  # from here on letters are Han, and there are no others
_SCRIPTS = {
    HANGUL: ((0x1100, 0x11FF), (0x3131, 0x318E), (0xAC00, 0xD7A3)),
    KANA: ((0x3040, 0x30FF),),
    HAN: ((0x3400, 0x9FFF), (0xF900, 0xFAFF)),
    LATIN: ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F)),
}
_MARKS = {
    JAMO: (0x3131, 0x3163),
    SYLLABLE: (0xAC00, 0xD7A3),
    LEAD: (0xC2, 0xF4),  # a first byte of UTF-8 read as Latin-1
}


@lru_cache(maxsize=1)
def _table() -> Any:
    """Kinds of every code point below `TOP`, as bits, and of all above."""
    import numpy as np

    every = np.arange(TOP, dtype=np.uint32).tobytes().decode("utf-32-le", "surrogatepass")
    table = np.zeros(TOP + 1, np.uint16)
    for run in re.finditer(r"\s+", every):
        table[run.start() : run.end()] = SPACE
    for run in re.finditer(r"[^\W_]+", every):
        here = table[run.start() : run.end()]
        here[:] = ALNUM
        # nearly all runs are letters from end to end: few characters are asked one by one
        here |= np.uint16(ALPHA) if run[0].isalpha() else np.array([ALPHA * one.isalpha() for one in run[0]], np.uint16)

    letter = (table & np.uint16(ALPHA)) != 0
    script = np.where(letter, LETTER, OTHER)
    script[_HAN_PLANES:][letter[_HAN_PLANES:]] = HAN
    for number, ranges in _SCRIPTS.items():
        for first, last in ranges:
            part = script[first : last + 1]
            part[part == LETTER] = number
    table |= script.astype(np.uint16) << np.uint16(SCRIPT)

    for bit, (first, last) in _MARKS.items():
        table[first : last + 1] |= np.uint16(bit)
    common = bytes(byte for lead in range(0xB0, 0xC9) for trail in range(0xA1, 0xFF) for byte in (lead, trail))
    table[0xAC00:0xD7A4] |= np.uint16(RARE)  # but those of KS X 1001
    table[[ord(one) for one in common.decode("euc_kr")]] &= np.uint16(~RARE & 0xFFFF)
    return table


class Characters:
    """The kinds of a text's characters, in order, and how many of each there are."""

    def __init__(self, text: str) -> None:
        import numpy as np

        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        self.kinds = _table().take(codes.astype(np.intp), mode="clip")
        self._counts = np.bincount(self.kinds, minlength=8 << SCRIPT)

    def count(self, kind: int) -> int:
        """Characters of a kind: SYLLABLE, JAMO, RARE, LEAD, ALNUM, ALPHA or SPACE."""
        return int(self._counts[_holding(kind)].sum())

    def scripts(self) -> list[int]:
        """Characters of each script, in the order of their numbers."""
        found: list[int] = self._counts.reshape(8, 1 << SCRIPT).sum(axis=1).tolist()
        return found[: OTHER + 1]


@lru_cache(maxsize=16)
def _holding(kind: int) -> Any:
    """The values of `kinds` that have a bit."""
    import numpy as np

    return (np.arange(8 << SCRIPT) & kind).nonzero()[0]


@lru_cache(maxsize=2)  # a text is asked of several times, one after another; a line rule makes a second text of it
def characters(text: str) -> Characters:
    """The characters of a text, looked up once."""
    return Characters(text)
