"""One spelling for one text: NFC, no invisible characters, narrow ASCII, short laughter.

Idempotent, and never loses a digit, a Hangul syllable or a newline. CCNet's normaliser, which decomposes Hangul and
zeroes digits, is what this is not.
"""

from __future__ import annotations

import re
import unicodedata

JAMO_RUN = 3  # repeats of one or two compatibility jamo kept; soynlp's repeat normaliser keeps two

_NEWLINES = "\x0b-\r\x1c-\x1e\x85\u2028\u2029"
_SPACES = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0"  # the last two are Hangul fillers
_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
)
_ANY_NEWLINE = re.compile(f"\r\n|[{_NEWLINES}]")
_ANY_SPACE = re.compile(f"[{_SPACES}]")
_ANY_INVISIBLE = re.compile(f"[{_INVISIBLE}]")
_WIDE = re.compile("[\uff01-\uff5e]")
_UNUSUAL = re.compile(f"[{_NEWLINES}{_SPACES}{_INVISIBLE}\uff01-\uff5e]")
_JOINER = re.compile(
    "(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
_TRAILING = re.compile("[ \t]+(?=\n|\\Z)")
_ANY_JAMO = re.compile("[\u3131-\u3163]")
_JAMO = re.compile(f"([\u3131-\u3163]{{1,2}}?)\\1{{{JAMO_RUN},}}")


def normalize(text: str) -> str:
    """The normal form. Characters that join or hide go first, so that what they kept apart composes at once."""
    if not text.isascii() or _UNUSUAL.search(text) is not None:
        if _UNUSUAL.search(text) is not None:
            text = _ANY_INVISIBLE.sub("", _ANY_NEWLINE.sub("\n", text))
            text = _WIDE.sub(lambda wide: chr(ord(wide[0]) - 0xFEE0), _ANY_SPACE.sub(" ", text))
        text = unicodedata.normalize("NFC", text)
        if "\u200d" in text:  # it may have stood inside a syllable
            text = unicodedata.normalize("NFC", _JOINER.sub("", text))
        if _ANY_JAMO.search(text) is not None:
            text = _cap(text)
    if " \n" in text or "\t\n" in text or text.endswith((" ", "\t")):
        text = _TRAILING.sub("", text)
    return text


def _cap(text: str) -> str:
    """ㅋㅋㅋㅋㅋ to ㅋㅋㅋ; repeated until nothing changes, as a shortened run can complete another."""
    while (shorter := _JAMO.sub(lambda run: run[1] * JAMO_RUN, text)) != text:
        text = shorter
    return text
