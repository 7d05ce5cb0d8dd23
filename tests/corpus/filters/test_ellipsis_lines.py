from __future__ import annotations

from datatrove.data import Document

from corpus.filters.ellipsis_lines import EllipsisLines


def fault(text, **options):
    found = EllipsisLines(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_share():
    assert fault("a...\nb…\nc") == ("high", 2 / 3, 0.3)
    assert fault("a\nb\nc...\nd") is None


def test_the_korean_form_knows_teasers_and_spares_a_few_sighs():
    assert fault("살기 힘이 드네요\n힘듭니다.....", few=3, korean=True) is None
    assert fault("첫 소식 더보기\n둘째 소식 더보기\n셋째 소식 더 보기\n끝", few=3, korean=True) == ("high", 0.75, 0.3)
