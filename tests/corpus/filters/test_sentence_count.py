from __future__ import annotations

from datatrove.data import Document

from corpus.filters.sentence_count import SentenceCount


def fault(text, **options):
    found = SentenceCount(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_english():
    assert fault("One. Two! Three? Four.") == ("low", 4, 5)
    assert fault("One. Two! Three? Four. Five.") is None
    assert fault("Version 1.2.3 of it") == ("low", 0, 5)


def test_korean():
    assert fault("비가 온다 바람도 분다 눈이 와요", low=3, endings="korean") is None
    assert fault("비가 온다 바람도 분다 눈이 와요", low=3) == ("low", 0, 3)
    assert fault("공지 사항\n회사 소개", low=1, endings="korean") == ("low", 0, 1)


def test_a_long_line_counts_as_one_where_it_is_asked_to():
    note = "학생 인건비 지급 전 연구 참여 확약 절차를 완료하고 매월 말일에 지급하는 절차 마련"
    assert fault(note, low=1, endings="korean") == ("low", 0, 1)
    assert fault(note, low=1, endings="korean", running=8) is None
    assert fault(note, low=2, endings="korean", running=8) == ("low", 1, 2)
