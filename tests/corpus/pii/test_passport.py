"""Passports: both forms, with the word near by."""

from __future__ import annotations

import pytest

from corpus.pii import find


@pytest.mark.parametrize("number", ["M12345678", "M123A4567", "S12345678", "R12345678"])
def test_numbers_after_the_word(number: str):
    for text in (f"여권번호 {number}", f"Passport No: {number}", f"여권 ({number})을"):
        assert [(span.kind, text[span.start : span.end]) for span in find(text)] == [("passport", number)]
    assert find(f"제품 {number}") == []
    assert find(f"여권 X{number}") == []
