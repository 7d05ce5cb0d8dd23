"""법인등록번호: a word near by and the check digit."""

from __future__ import annotations

from corpus.pii import find
from corpus.pii.corporate import checks


def test_the_check_digit():
    assert checks("1301110006246")
    assert sum(checks(f"130111000624{digit}") for digit in range(10)) == 1


def test_it_needs_the_word_and_the_check_digit():
    assert [span.kind for span in find("법인등록번호 130111-0006246")] == ["corporate"]
    assert [span.kind for span in find("(등기번호: 1301110006246)")] == ["corporate"]
    assert find("130111-0006246") == []
    assert find("법인등록번호 130111-0006247") == []
