from __future__ import annotations

from datatrove.data import Document

from corpus.filters.hangul_share import HangulShare


def fault(text, **options):
    found = HangulShare(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_share():
    assert fault("가" + "a" * 30) == ("low", 1 / 11, 0.2)
    assert fault("for (int i = 0; i < n; i++) 배열의 합을 구한다") is None
