"""Particles that agree with a placeholder: 010-1234-5678은 becomes <전화번호>는.

Korean particles have two forms, one after a final consonant and one after a vowel, and 으로/로 a third case: 로 after
a final ㄹ (한글 맞춤법, 표준국어대사전). A particle is only touched where it stands directly after the placeholder and
nothing of a word follows it, so nouns that begin with the same letters stay.
"""

from __future__ import annotations

import re

_LIEUL = 8  # the final ㄹ among the 28 finals of a syllable

# after a final consonant, after a vowel, and what may follow either
_PAIRS = (
    ("은", "는", ("", "커녕", "요")),
    ("이", "가", ("",)),
    ("을", "를", ("", "요")),
    ("과", "와", ("", "는", "도", "의", "만", "요")),
    ("으로", "로", ("", "는", "도", "만", "의", "서", "써", "부터", "까지", "라도", "요", "부터는", "부터의")),
    ("이나", "나", ("", "마")),
    ("이랑", "랑", ("", "은", "도")),
    ("이란", "란", ("",)),
    ("이든", "든", ("", "지", "가")),
    ("이며", "며", ("",)),
    ("이야", "야", ("", "말로")),
    ("이라", "라", ("", "고", "는", "면", "도", "서", "며", "던", "든지", "야", "고는", "고도", "는데", "니", "지만")),
    ("이에요", "예요", ("",)),
    ("이었", "였", ("다", "고", "는데", "지만", "던", "으며", "습니다", "어요", "음", "으나")),
)
_FORMS: dict[str, tuple[str, str]] = {}
for _closed, _open, _tails in _PAIRS:
    for _tail in _tails:
        _FORMS[_closed + _tail] = _FORMS[_open + _tail] = (_closed + _tail, _open + _tail)
_PARTICLE = re.compile(f"({'|'.join(sorted(_FORMS, key=lambda form: (-len(form), form)))})(?![가-힣A-Za-z0-9(/])")
_SYLLABLE = re.compile("[가-힣](?=[^가-힣]*$)")


def final(name: str) -> int:
    """The final consonant of the last syllable that is read, 0 for a vowel, up to 27."""
    found = _SYLLABLE.search(name)
    return (ord(found[0]) - ord("가")) % 28 if found else 0


def agree(placeholder: str, text: str, end: int) -> tuple[int, str]:
    """(characters of the particle at `end`, the form that agrees); (0, "") where no particle stands there."""
    found = _PARTICLE.match(text, end)
    if not found:
        return 0, ""
    closed, opened = _FORMS[found[1]]
    last = final(placeholder)
    after_vowel = not last or (last == _LIEUL and closed.startswith("으로"))
    return len(found[1]), opened if after_vowel else closed
