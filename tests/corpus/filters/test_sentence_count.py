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
