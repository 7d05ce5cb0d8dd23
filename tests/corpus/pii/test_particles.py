"""The form of a particle after a placeholder, and words that are none."""

from __future__ import annotations

import pytest

from corpus.pii.particles import agree, final

VOWEL, LIEUL, CONSONANT = "<전화번호>", "<이메일>", "<검문>"


@pytest.mark.parametrize(
    ("placeholder", "after", "expected"),
    [
        (VOWEL, "은 제", "는 제"),
        (VOWEL, "이 맞", "가 맞"),
        (VOWEL, "을 ", "를 "),
        (VOWEL, "과 함께", "와 함께"),
        (VOWEL, "으로 연락", "로 연락"),
        (VOWEL, "으로부터", "로부터"),
        (VOWEL, "이나 팩스", "나 팩스"),
        (VOWEL, "이라고 해", "라고 해"),
        (VOWEL, "이에요.", "예요."),
        (VOWEL, "이었습니다", "였습니다"),
        (VOWEL, "로", "로"),
        (VOWEL, "는", "는"),
        (LIEUL, "가 ", "이 "),
        (LIEUL, "를.", "을."),
        (LIEUL, "으로 ", "로 "),
        (LIEUL, "로 ", "로 "),
        (LIEUL, "와 ", "과 "),
        (LIEUL, "는", "은"),
        (LIEUL, "라는 주소", "이라는 주소"),
        (LIEUL, "예요", "이에요"),
        (LIEUL, "로서", "로서"),
        (CONSONANT, "로 ", "으로 "),
        (CONSONANT, "와의", "과의"),
        (CONSONANT, "나 ", "이나 "),
    ],
)
def test_particles_agree(placeholder: str, after: str, expected: str):
    taken, form = agree(placeholder, after, 0)
    assert form + after[taken:] == expected


@pytest.mark.parametrize(
    "after",
    [
        "은행",
        "이미지",
        "을지로",
        "과장님",
        "가게",
        "나무",
        "이나영",
        "로그인",
        "와이파이",
        "이상",
        "은(는)",
        "이(가)",
        "을/를",
        "으로2",
        "입니다",
        "에서",
        " 은",
        "",
        "까지",
        "이라크",
        "라면집",
        "이란인",
        "가a",
    ],
)
def test_words_that_begin_with_the_same_letters_stay(after: str):
    assert agree(VOWEL, after, 0) == (0, "")
    assert agree(LIEUL, after, 0) == (0, "")


def test_the_last_syllable_that_is_read_decides():
    assert final("<전화번호>") == 0
    assert final("<이메일>") == 8
    assert final("<IP주소>") == 0
    assert final("<phone number>") == 0
