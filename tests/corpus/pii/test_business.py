"""사업자등록번호: the check digit decides."""

from __future__ import annotations

import pytest

from corpus.pii import find
from corpus.pii.business import checks


def test_the_check_digit():
    assert checks("1248100998")
    assert not checks("1248100997")
    assert sum(checks(f"12481009{number:02d}") for number in range(100)) == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("124-81-00998", 1),
        ("사업자 124-81-00998(가나다)", 1),
        ("사업자등록번호 1248100998", 1),
        ("등록번호 124 81 00998", 0),
        ("사업자번호: 124 81 00998", 1),
        ("1248100998", 0),
        ("124-81-00997", 0),
        ("제품번호 124-81-00998", 0),
        ("124-81-00998-1", 0),
        ("124-00-00996", 0),
    ],
)
def test_which_count(text: str, expected: int):
    assert [span.kind for span in find(text)] == ["business"] * expected
