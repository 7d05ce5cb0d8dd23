from __future__ import annotations

from datatrove.data import Document

from corpus.filters.mean_word_length import MeanWordLength


def fault(text, **options):
    found = MeanWordLength(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_bounds():
    assert fault("a bb c") == ("low", 4 / 3, 3.0)
    assert fault("ordinary words here") is None
    assert fault("x" * 30 + " " + "y" * 20) == ("high", 25, 10.0)


def test_the_korean_form_looks_at_eojeol_alone():
    text = "CComSafeDeleteCriticalSection::GetSafeHandle() 메서드를 호출합니다."
    assert fault(text)[0] == "high"
    assert fault(text, low=1.5, korean=True) is None
    assert fault("띄 어 쓴 글 이 다", low=1.5, korean=True) == ("low", 1.0, 1.5)
    assert fault("도대체정책이이해가안됩니다", low=1.5, korean=True)[0] == "high"


def test_nothing_is_too_short():
    assert fault("")[0] == "low"


def test_links_can_be_left_out():
    text = "See https://example.com/a/very/long/path/to/the/manual.html and the rest"
    assert fault(text)[0] == "high"
    assert fault(text, longest=30) is None
