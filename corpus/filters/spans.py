"""What a line is to the rules: prose or code, the end of a sentence or not, and how many sentences."""

from __future__ import annotations

import re
from itertools import islice
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
_REMARK = re.compile(
    r"//|/\*|^\s*#|[{};]\s*$|\s=\s|\breturn\b"
)  # beside Hangul, which may stand in a remark or a literal
_BEFORE_REMARK = re.compile(r"[^가-힣]*[(){}\[\]=;][^가-힣]*(?:(?<!:)//|/\*|\s#)")
_SIGN = re.compile(r"[/#{};=]")  # one is in every remark that _REMARK finds, or the word
_MARKUP = re.compile(r"<[^>]*>|^[#>*=\s-]+|[*`]")
PROSE_WORDS = 4
CODE_SHARE = 0.5  # of the characters: code with a Korean remark has less Hangul than this


def is_prose(line: str) -> bool:
    """A line that is language, not code: it holds Hangul, or four plain words and no mark of code.

    A line of code with a Korean remark, or with a Korean literal and no end of a sentence, is code.
    """
    if HANGUL.search(line) is not None:
        if not has_signs_of_code(line) or _REMARK.search(line) is None or line.startswith("#"):
            return True
        if _BEFORE_REMARK.match(line) is not None:
            return False
        return len(HANGUL.findall(line)) >= CODE_SHARE * len(line) or ends_sentence(line.rstrip("*/ "), "korean")
    if _CODE.search(line) is not None:
        return False
    return next(islice(_PROSE_WORD.finditer(line), PROSE_WORDS - 1, None), None) is not None


def has_signs_of_code(text: str) -> bool:
    """Whether anything in a text may be a remark beside code; False is sure."""
    return _SIGN.search(text) is not None or "return" in text


def without_markup(line: str) -> str:
    """The line without tags and the marks of headings, lists and emphasis."""
    return _MARKUP.sub("", line)


def ends_sentence(line: str, endings: Endings) -> bool:
    """Whether a line ends as sentences do; the Korean form takes 다, 요, 죠, 까, 음, 함 ... without a full stop."""
    if endings == "stock":
        return line.endswith(STOCK_ENDINGS) and not line.endswith("...")
    line = line.rstrip(CLOSING)
    if not line or line[-1] in MARKS:
        return bool(line)
    if line[-1] not in FINAL:
        return False
    last = _LAST.search(line[-20:])  # longer runs of Hangul are no noun of the list
    return last is not None and last[0] not in NOUNS


def sentences(line: str, endings: Endings) -> int:
    """How many sentences a line holds; a line that ends as none counts none of its rest."""
    found = len((_KOREAN_SENTENCE if endings == "korean" else _SENTENCE).findall(line))
    if endings == "korean" and ends_sentence(line, endings) and line.rstrip(CLOSING)[-1] not in MARKS:
        found += 1
    return found


def runs(line: str, running: int) -> bool:
    """Whether a line has `running` words or more; never where that is 0."""
    return running > 0 and len(line.split(maxsplit=running)) >= running


def holds_sentence(line: str, endings: Endings) -> bool:
    """Whether `sentences` would count any."""
    if (_KOREAN_SENTENCE if endings == "korean" else _SENTENCE).search(line) is not None:
        return True
    return endings == "korean" and ends_sentence(line, endings)
