"""One spelling for one text: NFC, no invisible characters, narrow ASCII, short laughter.

Idempotent, and never loses a digit, a Hangul syllable or a newline. CCNet's normaliser, which decomposes Hangul and
zeroes digits, is what this is not.
"""

from __future__ import annotations

import re
import unicodedata

JAMO_RUN = 3  # repeats of one or two compatibility jamo kept; soynlp's repeat normaliser keeps two

_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0]")  # the last two are Hangul fillers
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_JOINER = re.compile(
    "(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_TRAILING = re.compile("[ \t]+(?=\n|\\Z)")
_JAMO = re.compile(f"([\u3131-\u3163]{{1,2}}?)\\1{{{JAMO_RUN},}}")
_CLEAN = re.compile("[ -~\n가-힣]*")


def normalize(text: str) -> str:
    """The normal form. Characters that join or hide go first, so that what they kept apart composes at once."""
    if not _CLEAN.fullmatch(text):
        text = _NEWLINES.sub("\n", text)
        text = _INVISIBLE.sub("", text)
        text = _SPACES.sub(" ", text).translate(_NARROW)
        text = unicodedata.normalize("NFC", text)
        text = _JOINER.sub("", text)
        text = unicodedata.normalize("NFC", text)  # a joiner may have stood inside a syllable
        text = _cap(text)
    return _TRAILING.sub("", text)


def _cap(text: str) -> str:
    """ㅋㅋㅋㅋㅋ to ㅋㅋㅋ; repeated until nothing changes, as a shortened run can complete another."""
    while (shorter := _JAMO.sub(lambda run: run[1] * JAMO_RUN, text)) != text:
        text = shorter
    return text
