from __future__ import annotations

from datatrove.data import Document

from corpus.filters.short_lines import ShortLines


def fault(text, **options):
    found = ShortLines(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_share():
    assert fault("short\nshort\nshort\n" + "a line that is longer than thirty characters") == ("high", 0.75, 0.67)
    assert fault("short\n" + "a line that is longer than thirty characters") is None


def test_a_short_korean_sentence_is_no_menu():
    text = "비가 온다.\n바람이 분다.\n눈이 내려요\n해가 진다"
    assert fault(text) is not None
    assert fault(text, length=12, korean=True) is None
    assert fault("회사 소개\n찾아오는 길\n공지 사항", length=12, korean=True) == ("high", 1.0, 0.67)


def test_code_can_be_left_out():
    text = "값을 차례로 더해서 그 합을 화면에 출력하는 예제입니다.\n" + "}\n" * 9
    assert fault(text, length=12, korean=True) is not None
    assert fault(text, length=12, korean=True, prose=True) is None
