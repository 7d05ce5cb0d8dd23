"""Hashes in bulk against the same done word by word in plain Python."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.duplicates.shingles import characters, contents, encode, eojeol, letters_of_code_points, runs, shingles

TEXTS = st.lists(st.text(st.sampled_from("가나다 \n.,12aAßé\u1112\u1161\u11ab𝒜㎢_"), max_size=40), max_size=8)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFC", text))


def folded(word: str) -> str:
    return "".join(low if len(low := char.casefold()) == 1 else char for char in word)


def plain_runs(units: list[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(units[n : n + length]) for n in range(max(1, len(units) - length + 1))] if units else []


@given(TEXTS, st.integers(1, 6))
def test_the_same_runs_and_no_others_have_the_same_hash(texts: list[str], length: int):
    expected = [plain_runs([folded(word) for word in words(text)], length) for text in texts]
    hashes, firsts = shingles(texts, length)
    assert np.diff(firsts).tolist() == [len(found) for found in expected]
    flat = [run for found in expected for run in found]
    assert len(set(zip(flat, hashes.tolist(), strict=True))) == len(set(flat)) == len(set(hashes.tolist()))


@given(TEXTS, st.integers(1, 6))
def test_character_runs_know_no_spaces_and_no_marks(texts: list[str], length: int):
    expected = [plain_runs(list(folded("".join(words(text)))), length) for text in texts]
    hashes, firsts = shingles(texts, length, "character")
    assert np.diff(firsts).tolist() == [len(found) for found in expected]
    flat = [run for found in expected for run in found]
    assert len(set(zip(flat, hashes.tolist(), strict=True))) == len(set(flat)) == len(set(hashes.tolist()))


def test_words_are_eojeol_without_punctuation_and_case():
    one, two = "“한국어는 교착어로서,\n어절 단위로.” The END 1,024", "한국어는 교착어로서 어절 단위로 the end 1 024"
    hashes, firsts = eojeol(encode([one, two]))
    assert firsts.tolist() == [0, 8, 16]
    assert hashes[:8].tolist() == hashes[8:].tolist()
    decomposed, composed = (eojeol(encode([text]))[0] for text in ("\u1112\u1161\u11ab", "한"))
    assert decomposed.tolist() == composed.tolist()


def test_the_hash_of_a_text_does_not_depend_on_its_neighbours():
    alone = shingles(["다 라 마 바 사 아"], 5)[0]
    hashes, firsts = shingles(["가 나", "", "다 라 마 바 사 아", "..."], 5)
    assert hashes[firsts[2] : firsts[3]].tolist() == alone.tolist()
    assert np.diff(firsts).tolist() == [1, 0, 2, 0]


def test_digits_and_order_tell_texts_apart():
    one, two = "제1조 이 법은 2019년 3월 1일부터 시행한다", "제1조 이 법은 2021년 9월 7일부터 시행한다"
    assert not set(shingles([one], 5)[0].tolist()) & set(shingles([two], 5)[0].tolist())
    assert not set(shingles(["가 나 다"], 5)[0].tolist()) & set(shingles(["다 나 가"], 5)[0].tolist())


def test_nothing_has_no_shingles():
    for texts in ([], [""], ["", "..."]):
        for unit in (eojeol, characters):
            hashes, firsts = runs(*unit(encode(texts)), 3)
            assert len(hashes) == 0
            assert firsts.tolist() == [0] * (len(texts) + 1)


@pytest.mark.parametrize(
    ("one", "two", "letters", "numbers"),
    [
        ("버전 5.1의 값", "버전 5.2의 값", True, False),
        ("2019년 3월", "2021년 3월", True, False),
        ("값은 12와 34", "값은 34와 12", True, True),
        ("값은 12와 34", "값은 1과 234", False, False),
        ("값은 12 34", "값은 1 234", True, False),
        ("띄어 쓴 글", "띄어쓴 글!", True, True),
        ("가나 1", "가다 1", False, True),
        ("숫자 없음", "숫자 없음 7", True, False),
        ("", "...", True, True),
    ],
)
def test_contents_tell_letters_from_numbers(one: str, two: str, letters: bool, numbers: bool):
    first, second = contents(encode(["앞 99", one, two, "뒤 1"]))[1:3]
    assert (first == second).tolist() == [letters, numbers]
    assert contents(encode([one]))[0].tolist() == first.tolist()


def test_numbers_are_decimal_digits_of_any_script():
    table = letters_of_code_points()
    assert not table[[ord("0"), ord("9"), ord("３")]].any()
    assert table[[ord("가"), ord("a"), ord("_"), ord("²")]].all()
