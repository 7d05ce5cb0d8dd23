"""주민등록번호 and 외국인등록번호: birth, century, check digit, words near by."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.pii import find
from corpus.pii.resident import birthday, checks, is_barcode


def kinds(text: str) -> list[str]:
    return [span.kind for span in find(text)]


def test_the_check_digit():
    assert checks("8001011234560")
    assert not checks("8001011234561")
    assert [digit for digit in range(10) if checks(f"850126640147{digit}")] == [
        3,
        5,
    ]  # a foreigner's, and shifted by two
    assert is_barcode("8801062012343")


@pytest.mark.parametrize(
    ("number", "birth"),
    [
        ("8001011234567", date(1980, 1, 1)),
        ("0001014234567", date(2000, 1, 1)),
        ("9902289234567", date(1899, 2, 28)),
        ("8001015234567", date(1980, 1, 1)),
        ("1501018234567", date(2015, 1, 1)),
        ("8001014234567", None),
        ("8102291234567", None),
    ],
)
def test_the_birthday(number: str, birth: date | None):
    assert birthday(number) == birth


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("800101-1234560", ["resident"]),
        ("홍길동(800101 - 1234560)", ["resident"]),
        ("800101 1234560", ["resident"]),
        ("8001011234560", ["resident"]),
        ("850126-6401473", ["foreigner"]),
        ("800101-1234567", []),  # the check digit is wrong, no word near by, born before October 2020
        ("주민등록번호 800101-1234567", ["resident"]),
        ("주민번호는 8001011234567", ["resident"]),
        ("외국인등록번호: 800101-5234567", ["foreigner"]),
        ("210315-3000000", ["resident"]),
        ("210315-7000000", ["foreigner"]),  # born when digits were random already
        ("210315 3000000", []),
        ("주문번호 210315-3000000", []),
        ("801301-1234560", []),
        ("800101-1234560-1", []),
        ("A800101-1234560", []),
        ("법인등록번호 800101-1234567", []),
        ("800101-1******", []),
        ("바코드 8001011234560", []),
        ("1501068181523", []),  # milliseconds
    ],
)
def test_which_count(text: str, expected: list[str]):
    assert kinds(text) == expected
