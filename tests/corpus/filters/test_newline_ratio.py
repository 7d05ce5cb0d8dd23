from __future__ import annotations

from datatrove.data import Document

from corpus.filters.newline_ratio import NewlineRatio


def fault(text, **options):
    found = NewlineRatio(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_ratio():
    assert fault("a\nb\nc\nd") == ("high", 0.75, 0.3)
    assert fault("one two three four five\nsix seven") is None


def test_the_korean_form_does_not_count_blank_lines():
    text = "첫째 문단은 짧다.\n\n둘째 문단도 짧다.\n\n셋째 문단도 짧다."
    assert fault(text)[0] == "high"
    assert fault(text, high=0.5, korean=True) is None


def test_code_can_be_left_out():
    text = "값을 차례로 더해서 합을 출력합니다.\n" + "}\n" * 9
    assert fault(text, korean=True)[0] == "high"
    assert fault(text, korean=True, prose=True) is None
