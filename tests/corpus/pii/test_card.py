"""Payment cards: Luhn, first digits, grouping."""

from __future__ import annotations

import pytest

from corpus.pii import find
from corpus.pii.card import issued, luhn


def test_luhn():
    assert luhn("4111111111111111")
    assert luhn("378282246310005")
    assert not luhn("4111111111111112")


def test_first_digits():
    assert all(
        issued(number + "0" * (16 - len(number))) for number in ("4", "51", "2221", "2720", "3528", "62", "6011", "94")
    )
    assert not any(issued(number + "0" * (16 - len(number))) for number in ("56", "2721", "3527", "7", "1"))
    assert issued("34" + "0" * 13)
    assert not issued("35" + "0" * 13)
    assert issued("36" + "0" * 12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4111-1111-1111-1111", 1),
        ("4111 1111 1111 1111", 1),
        ("3782-822463-10005", 1),
        ("카드 4111111111111111", 1),
        ("3056-930902-5904", 1),
        ("4111111111111111", 0),
        ("4111-1111-1111-1112", 0),
        ("7111-1111-1111-1117", 0),
        ("주문번호 4111-1111-1111-1111", 0),
        ("4111-1111-1111-1111-1", 0),
    ],
)
def test_which_count(text: str, expected: int):
    assert [span.kind for span in find(text)] == ["card"] * expected
