"""Which characters pieces may be made of: Hangul syllables, and by setting jamo and Hanja.

A merge whose product can stand in these scripts alone changes no text without them, whatever the base is. Chinese and
Japanese are written with Hanja too, so pieces with Hanja change how those are split.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

Script = Literal["hangul", "jamo", "hanja"]

RANGES: dict[str, list[tuple[int, int]]] = {
    "hangul": [(0xAC00, 0xD7A3)],
    "jamo": [(0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xD7B0, 0xD7FB)],
    "hanja": [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)],
}
# Behind the last syllable: archaic jamo and nothing else, then surrogates, which no text holds. Pieces that end in a
# part of a syllable may change it.
SLACK = (0xD7A4, 0xD7FF)


@dataclass(frozen=True)
class Scripts:
    """A choice of scripts; `names` in the order of RANGES."""

    names: tuple[str, ...] = ("hangul",)

    @classmethod
    def of(cls, names: Iterable[str]) -> Scripts:
        wanted = set(names)
        return cls(tuple(name for name in get_args(Script) if name in wanted))

    @classmethod
    def found(cls, texts: Iterable[str]) -> Scripts:
        """The scripts that occur in `texts`; Hangul always."""
        seen = set("".join(texts))
        return cls.of(
            {"hangul", *(name for name in RANGES if any(cls((name,)).holds(character) for character in seen))}
        )

    @cached_property
    def ranges(self) -> list[tuple[int, int]]:
        return [pair for name in self.names for pair in RANGES[name]]

    @cached_property
    def word(self) -> re.Pattern[str]:
        """A run of these characters with at most one leading space."""
        return re.compile(f" ?[{_class(self.ranges)}]+")

    @cached_property
    def touched(self) -> re.Pattern[str]:
        """A character in whose presence a text may be split in another way than by the base."""
        return re.compile(f"[{_class([*self.ranges, SLACK])}]")

    def holds(self, character: str) -> bool:
        return any(first <= ord(character) <= last for first, last in self.ranges)

    def only(self, raw: bytes) -> bool:
        """Whether these bytes occur in UTF-8 text as these scripts and nothing else, one leading space allowed.

        At the end may stand a part of a character, if every character that begins so is of these scripts.
        """
        body = raw.removeprefix(b" ")
        whole = len(body) - len(body) % 3
        try:
            text = body[:whole].decode()
        except UnicodeDecodeError:
            return False
        if not body or not all(map(self.holds, text)):
            return False
        return whole == len(body) or self._begins(body[whole:])

    def _begins(self, part: bytes) -> bool:
        """Whether every character of three bytes that begins with `part`, one or two bytes, is of these scripts."""
        if not 0xE0 <= part[0] <= 0xEF or not all(0x80 <= byte <= 0xBF for byte in part[1:]):
            return False
        first = (part[0] & 0x0F) << 12 | (part[1] & 0x3F) << 6 if len(part) == 2 else (part[0] & 0x0F) << 12
        last = first | (0x3F if len(part) == 2 else 0xFFF)
        if part[0] == 0xED:  # what follows are surrogates
            last = min(last, SLACK[1])
        if first > last or (part[0] == 0xE0 and first < 0x0800):
            return False
        return _covered(first, last, [*self.ranges, SLACK])


def _covered(first: int, last: int, ranges: list[tuple[int, int]]) -> bool:
    """Whether every number from `first` to `last` lies in one of the ranges."""
    while first <= last:
        end = max((high for low, high in ranges if low <= first <= high), default=None)
        if end is None:
            return False
        first = end + 1
    return True


def _class(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
