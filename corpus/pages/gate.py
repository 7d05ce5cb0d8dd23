"""Is there any Korean in these bytes? Asked of the bytes themselves, before a page is decoded or parsed.

Most pages of a crawl are in other languages, and telling them by language ID means decoding, parsing and laying out
each. A Korean page holds Hangul, and Hangul has few spellings: three UTF-8 bytes from EA to ED, a byte from 81 on with
another in CP949 and Johab, a numeric entity. Bytes with fewer of all of them than a threshold hold fewer syllables than
that, whatever their charset; what cannot be told so (UTF-16, ISO-2022-KR) is not judged.
"""

from __future__ import annotations

import codecs
import re
import sys
from itertools import islice
from typing import Any

from corpus.text.scripts import scripts

_SYLLABLE = re.compile(
    rb"\xea[\xb0-\xbf][\x80-\xbf]|[\xeb\xec][\x80-\xbf]{2}|\xed[\x80-\x9e][\x80-\xbf]"
    rb"|\xe1[\x84-\x87][\x80-\xbf]|\xe3\x84[\xb1-\xbf]|\xe3\x85[\x80-\xbf]|\xe3\x86[\x80-\x8e]"
)
_SYLLABLES = re.compile("[가-힣]")
_DECIMAL = r"4[3-9]\d{3}|5[0-5]\d{3}|12[56]\d\d|4[3-6]\d\d"  # U+A800 to D7A3 about, 3131 to 318E, 1100 to 11FF
_HEXADECIMAL = r"[xX](?:[aA][c-fC-F]|[bBcC][0-9a-fA-F]|[dD][0-7]|31|11)[0-9a-fA-F]{2}"
_ENTITY = re.compile(rf"&#0*(?:{_DECIMAL}|{_HEXADECIMAL})(?![0-9])".encode())
FIRST = 1500  # bytes beyond ASCII looked at first: a Korean page has enough of them there
SPOTS = (1 / 2, 5 / 6)  # of a page: where most Korean ones have enough, since heads are scripts and styles
SPOT = 4096  # bytes looked at there
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-16
_DESIGNATOR = b"\x1b$)C"  # of ISO-2022-KR
_SPACE = ord(" ")
_NUMBER_SIGN = int.from_bytes(b"&#", sys.byteorder)


def hangul(body: bytes, enough: int) -> int | None:
    """At most how many Hangul characters the bytes hold; None where they cannot say.

    Too many is possible (in bytes that are no UTF-8 each one beyond ASCII counts as a character), too few is not, but
    that the rest is not counted where a part is `enough`.
    """
    import numpy as np

    if body.startswith(_WIDE) or b"\0" in body[:1024] or (b"\x1b" in body and _DESIGNATOR in body):
        return None
    codes = np.frombuffer(body, np.uint8)
    plain = body.isascii()
    if not plain:
        for spot in SPOTS:
            at = int(spot * len(body))
            if (found := _syllables(codes[at : at + SPOT], enough)) >= enough:
                return found
    entities = len(_ENTITY.findall(body)) if _has_entity(codes) else 0
    if plain or entities >= enough:
        return entities
    places = np.flatnonzero(codes > 0x7F)
    high = _apart(codes, places[:FIRST])
    if len(places) > FIRST:
        if not _is_utf8(high, ends=False):
            return entities + len(places)
        if (first := entities + len(_SYLLABLE.findall(high))) >= enough:
            return first
        high = _apart(codes, places)
    return entities + (len(_SYLLABLE.findall(high)) if _is_utf8(high) else len(places))


def _syllables(codes: Any, enough: int) -> int:
    """Syllables of UTF-8 among some bytes; 0 where fewer than `enough` bytes could open one."""
    import numpy as np

    places = ((codes[:-2] - np.uint8(0xEA)) < 4).nonzero()[0]
    if len(places) < enough:
        return 0
    second, third = codes[places + 1], codes[places + 2]
    pairs = codes[places].astype(np.uint16) << np.uint16(8) | second
    whole = (second & 0xC0 == 0x80) & (third & 0xC0 == 0x80)
    return int(np.count_nonzero((pairs >= 0xEAB0) & (pairs <= 0xED9E) & whole))


def _has_entity(codes: Any) -> bool:
    """Whether `&#` stands in the bytes: looked up as pairs, which is a quarter of what `in` costs."""
    even, odd = (codes[first : first + (len(codes) - first) // 2 * 2].view("u2") for first in (0, 1))
    return bool((even == _NUMBER_SIGN).any() or (odd == _NUMBER_SIGN).any())


def _apart(codes: Any, places: Any) -> bytes:
    """The bytes at `places`, with a space where others stood between them."""
    import numpy as np

    shift = np.zeros(len(places), np.intp)
    np.cumsum(places[1:] - places[:-1] > 1, out=shift[1:])
    found = np.full(len(places) + int(shift[-1]), _SPACE, np.uint8)
    found[np.arange(len(places)) + shift] = codes[places]
    return found.tobytes()


def hangul_of(page: str, enough: int) -> int:
    """Hangul characters of a decoded page, as they stand or as entities; `enough` where so many syllables stand."""
    if next(islice(_SYLLABLES.finditer(page), enough - 1, None), None) is not None:
        return enough
    return scripts(page).hangul + (len(_ENTITY.findall(page.encode("utf-8", "ignore"))) if "&#" in page else 0)


def _is_utf8(body: bytes, ends: bool = True) -> bool:
    """Whether the bytes are UTF-8; but for a character cut off at the end, where they are the beginning of more."""
    try:
        codecs.utf_8_decode(body, "strict", ends)
    except UnicodeDecodeError:
        return False
    return True
