from __future__ import annotations

from datatrove.data import Document

from corpus.filters.stop_words import StopWords


def fault(text, **options):
    found = StopWords(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_english():
    assert fault("The report of the year") is None
    assert fault("click here now") == ("low", 0, 2)


def test_korean():
    text = "국립도서관은 해마다 보고서를 펴낸다."
    assert fault(text) == ("low", 0, 2)
    assert fault(text, korean=True) is None
    assert fault("서울 부산 대구 광주", korean=True) == ("low", 0, 2)
    assert fault("은 는 이 가", korean=True) == ("low", 0, 2)  # a particle alone is no eojeol
