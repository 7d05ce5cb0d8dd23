"""Telephone numbers in the forms that people write, and numbers that only look like them."""

from __future__ import annotations

import pytest

from corpus.pii import find

FOUND = [
    "010-2345-6789",
    "010 2345 6789",
    "010.2345.6789",
    "01023456789",
    "010–2345–6789",
    "010 - 2345 - 6789",
    "010ㅡ2345ㅡ6789",
    "011-234-5678",
    "02-345-6789",
    "02-2345-6789",
    "(02)345-6789",
    "(02) 345-6789",
    "02)345-6789",
    "02.345.6789",
    "031-345-6789",
    "064-345-6789",
    "070-2345-6789",
    "080-345-6789",
    "0505-345-6789",
    "050-2345-6789",
    "1588-5678",
    "1644-8000",
    "+82-10-2345-6789",
    "+82 10 2345 6789",
    "+821023456789",
    "82-2-345-6789",
    "(+82)2-345-6789",
    "+82 (0)10-2345-6789",
    "02-345-6789~91",
    "+1 415-555-2671",
    "+44 20 7946 0958",
]
CALLED = ["02 345 6789", "0212345678", "0111234567", "15885678", "1588 5678", "345-6789", "2345-6789", "1577-1650"]
STAYS = [
    "2019-03-27",
    "1592-1598",
    "1577-1650",
    "1800-1830",
    "02 345 6789",
    "0212345678",
    "011 0101 1101",
    "제02-2019-1234호",
    "02-2019-1234호",
    "A-010-2345-6789",
    "x010-2345-6789",
    "010-2345-67890",
    "1010-2345-6789",
    "02-345-6789-12",
    "www.x.kr/01023456789",
    "id=01023456789",
    "모델명 02-345-6789",
    "제품번호: 031-345-6789",
    "020-345-6789",
    "039-345-6789",
    "1234-5678",
    "345-6789",
    "1588x5678",
    "15885678",
    "+1-555-555-0100",
    "0.01023456789",
    "550e8400-e29b-41d4-a716-010234567890",
]


@pytest.mark.parametrize("number", FOUND)
def test_forms_that_need_no_word(number: str):
    for text in (number, f"그쪽은 {number}입니다.", f"가나({number})다라", f"{number}, {number}"):
        assert {text[span.start : span.end] for span in find(text)} == {number}, text
        assert {span.kind for span in find(text)} == {"phone"}


@pytest.mark.parametrize("number", CALLED)
def test_forms_that_need_a_word(number: str):
    assert find(f"그쪽은 {number} 정도") == []
    text = f"전화: {number}"
    assert [text[span.start : span.end] for span in find(text)] == [number]


@pytest.mark.parametrize("text", STAYS)
def test_what_stays(text: str):
    assert find(text) == []


def test_a_parenthesis_of_what_is_around_stays():
    for text, number in (
        ("(문의 02-345-6789)", "02-345-6789"),
        ("(02-345-6789)", "02-345-6789"),
        ("가(02)345-6789)", "02)345-6789"),
        ("((02)345-6789)", "(02)345-6789"),
        ("(0442013393)", "0442013393"),
    ):
        assert [text[span.start : span.end] for span in find(text)] == [number]
    assert find("(0306406152)") == []  # an ISBN-10
