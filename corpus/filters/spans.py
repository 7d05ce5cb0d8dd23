"""What the rules count: words (eojeol in Korean: what stands between spaces), lines, and where a sentence ends."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Endings = Literal["stock", "korean"]

STOCK_ENDINGS = (".", "?", "!", '"', "'")  # C4
MARKS = frozenset(".?!…。？！")
CLOSING = " \t\"'”’)]}」』>*_`~^ㅋㅎㅠㅜ"
FINAL = frozenset("다요죠까음함임됨네군냐")
_NOUNS = (  # that end as sentences do, and stand alone as headings and links
    "개요 필요 중요 주요 수요 소요 강요 바다 캐나다 마다 보다 다음 처음 마음 모음 자음 발음 소음 녹음 묶음 "
    "믿음 죽음 젊음 얼음 웃음 포함 보관함 사물함 명함 책임 선임 담임 위임 게임 타임 런타임 프레임 모임 "
    "동네 공군 해군 장군 다 요 죠 까 음 함 임 됨 네 군 냐"
)
NOUNS = frozenset(_NOUNS.split())
HANGUL = re.compile("[가-힣]")
_LAST = re.compile(r"[가-힣]+$")
_SENTENCE = re.compile(r"[.?!…。？！]+(?=[\s\"'”’)\]]|$)")
_KOREAN_SENTENCE = re.compile(r"[.?!…。？！]+(?=[\s\"'”’)\]]|$)|(?<=[가-힣][다요죠까])(?=\s)")


_PROSE_WORD = re.compile(r"(?<!\S)[(\"'“‘*_]*[^\W\d_][^\W\d_'’-]*[.,:;!?)\"'”’*_]*(?!\S)")
_CODE = re.compile(r"[{}=]|;\s*$")
PROSE_WORDS = 4


@lru_cache(maxsize=4096)  # several rules ask for the same lines, one after another
def is_prose(line: str) -> bool:
    """A line that is language, not code: it holds Hangul, or four plain words and no mark of code."""
    if HANGUL.search(line) is not None:
        return True
    return _CODE.search(line) is None and len(_PROSE_WORD.findall(line)) >= PROSE_WORDS


def words(text: str) -> list[str]:
    return text.split()


def lines(text: str) -> list[str]:
    """Lines that are not blank, stripped."""
    return [line for part in text.split("\n") if (line := part.strip())]


def prose_of(text: str, only: bool) -> str:
    """The text, or its lines of prose alone."""
    return "\n".join(line for line in text.split("\n") if is_prose(line)) if only else text


def ends_sentence(line: str, endings: Endings) -> bool:
    """Whether a line ends as sentences do; the Korean form takes 다, 요, 죠, 까, 음, 함 ... without a full stop."""
    if endings == "stock":
        return line.endswith(STOCK_ENDINGS) and not line.endswith("...")
    line = line.rstrip(CLOSING)
    if not line or line[-1] in MARKS:
        return bool(line)
    last = _LAST.search(line)
    return last is not None and last[0][-1] in FINAL and last[0] not in NOUNS


def sentences(line: str, endings: Endings) -> int:
    """How many sentences a line holds; a line that ends as none counts none of its rest."""
    found = len((_KOREAN_SENTENCE if endings == "korean" else _SENTENCE).findall(line))
    if endings == "korean" and ends_sentence(line, endings) and line.rstrip(CLOSING)[-1] not in MARKS:
        found += 1
    return found
