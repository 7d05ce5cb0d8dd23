"""What stands around a number: words before it, words that call it a code, what it is joined to."""

from __future__ import annotations

import pytest

from corpus.pii.span import after, before, digits, is_code, joined, weighted


def test_digits_and_sums():
    assert digits("+82 (0)2-123") == "8202123"
    assert weighted("123", (1, 3, 7)) == 1 + 6 + 21
    assert weighted("1234", (1, 1)) == 3


def test_words_near_by_are_of_this_line_and_the_one_above():
    assert before("가\n나\n다 1", 6, 10) == "나\n다 "
    assert before("가나다라 1", 5, 3) == "다라 "
    assert after("1 가나\n다", 1, 10) == " 가나"
    text = "<주민등록번호> 9"
    assert before(text, len(text) - 1, 20).strip() == ""
    assert after("9 <계좌번호>", 1, 4).strip() == ""


@pytest.mark.parametrize(
    "label",
    [
        "제품번호 ",
        "주문 번호: ",
        "ISBN ",
        "ISBN-13: ",
        "모델명 ",
        "등록번호 ",
        "S/N: ",
        "Order No. ",
        "버전 ",
        "바코드: ",
    ],
)
def test_a_label_makes_it_a_code(label: str):
    assert is_code(f"이것은 {label}1", len(f"이것은 {label}"))


@pytest.mark.parametrize(
    "label",
    ["주민등록번호 ", "사업자등록번호: ", "외국인등록번호 ", "전화번호 ", "계좌번호 ", "주문 전화 ", "코드 없이 "],
)
def test_other_words_do_not(label: str):
    assert not is_code(f"{label}1", len(label))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1]", False),
        ("가1나", False),
        ("a1", True),
        ("TEL1", False),
        ("x-1", True),
        ("2.1", True),
        ("Tel.1", False),
        ("1-2", True),
        ("1.", False),
        ("1.5", True),
        ("1_a", True),
        ("제1", True),
        ("어제1", False),
        ("1호", True),
        ("1호선", False),
        ("1, 2", False),
        ("1-가", False),
    ],
)
def test_joined(text: str, expected: bool):
    start = text.index("1")
    assert joined(text, start, start + 1) is expected
