from __future__ import annotations

from datatrove.data import Document

from corpus.filters.top_ngrams import TopNgrams


def fault(text, **options):
    found = TopNgrams(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_shares():
    assert fault("buy now " * 10)[0] == "n2"
    assert fault("every word here is another one and none comes again") is None


def test_a_short_text_that_repeats_nothing_is_no_repetition():
    assert fault("two words") is None and fault("") is None


def test_code_can_be_left_out():
    text = "이 명령은 모든 저장소를 나열합니다.\n" + "git --all list\n" * 9
    assert fault(text) is not None
    assert fault(text, prose=True) is None


def test_an_ngram_counts_from_the_time_that_is_asked_for():
    text = "표 그리기 창\n표 그리기 도구를 고릅니다.\n표 그리기 단추를 누릅니다."
    assert fault(text)[0] == "n2"
    assert fault(text, few=4) is None
    assert fault("광고 문의 " * 8, few=4)[0] == "n2"
