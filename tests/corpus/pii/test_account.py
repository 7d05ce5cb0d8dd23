"""Bank accounts: a bank's grouping near a word, other groupings right after one."""

from __future__ import annotations

import pytest

from corpus.pii import find

FOUND = [
    ("국민은행 123456-01-234567", "123456-01-234567"),
    ("신한 110-123-456789", "110-123-456789"),
    ("계좌번호: 1002-123-456789", "1002-123-456789"),
    ("농협 홍길동 352-0123-4567-83", "352-0123-4567-83"),
    ("110-123-456789 (예금주 홍길동)", "110-123-456789"),
    ("카카오뱅크 3333-01-2345678", "3333-01-2345678"),
    ("신한 110 123 456789", "110 123 456789"),
    ("기업은행 12345678901234", "12345678901234"),
    ("입금계좌 12-345-678901", "12-345-678901"),
    ("우체국 012345-02-123456", "012345-02-123456"),
]


@pytest.mark.parametrize(("text", "number"), FOUND)
def test_accounts(text: str, number: str):
    assert [(span.kind, text[span.start : span.end]) for span in find(text)] == [("account", number)]


@pytest.mark.parametrize(
    "text",
    [
        "110-123-456789",
        "우리 나라 1002-123-456789",
        "국민 여러분 123456-01-234567",
        "은행 이자 2019-03-27",
        "계좌 이체 1,234,567,890원",
        "은행이 문을 닫은 뒤의 재고 12-345-678901",
        "주문번호 110-123-456789 입금 확인",
        "은행에서 1234567890123",
        "통장 110-123-456789-1-2-3-4",
    ],
)
def test_what_stays(text: str):
    assert find(text) == []
