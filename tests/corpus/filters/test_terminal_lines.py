from __future__ import annotations

import pytest
from datatrove.data import Document

from corpus.filters.terminal_lines import TerminalLines


def fault(text, **options):
    found = TerminalLines(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_share():
    assert fault("\n".join(["menu"] * 9 + ["A sentence."])) == ("low", 0.1, 0.12)
    assert fault("menu\nA sentence.") is None


@pytest.mark.parametrize(
    "line", ["그렇습니다", "좋아요", "하겠죠", "있을까", "확인하였음", "제출함", "좋았다 ㅋㅋ", "감사합니다^^"]
)
def test_korean_endings_need_no_full_stop(line):
    assert fault(line)[0] == "low"
    assert fault(line, endings="korean") is None


def test_a_whole_sentence_before_a_signature_counts():
    text = "제안\n에너지 정책에 관심을 가져 주시길 바랍니다. 감사합니다. 홍길동 올림"
    assert fault(text, endings="korean") is None


@pytest.mark.parametrize("line", ["개요", "다음", "목록 보기", "캐나다"])
def test_links_do_not_count(line):
    assert fault(line, endings="korean")[0] == "low"


def test_code_can_be_left_out():
    text = "값을 더합니다.\n" + "total += value;\n" * 30
    assert fault(text, endings="korean")[0] == "low"
    assert fault(text, endings="korean", prose=True) is None


def test_a_long_line_counts_where_it_is_asked_to():
    note = "연구비 지급 절차 구현\n- 학생 인건비 지급 전 참여 확약 절차를 마치고 말일에 지급하는 절차 마련"
    assert fault(note, endings="korean", low=0.4) == ("low", 0.0, 0.4)
    assert fault(note, endings="korean", low=0.4, running=8) is None
    english = "Heading\nThe stack statement is closed by the directive itself (on 32-bit machines only.)"
    assert fault(english) is not None and fault(english, running=10) is None


def test_a_paragraph_among_short_lines_is_most_of_the_text():
    petition = "저희 동네 어린이집의 사정을 헤아려 주시기를 바라며 글을 올립니다. " * 12
    menu = ["뉴스 더보기", "날씨", "회사소개 경제", "운세", "사이트맵"] * 8
    text = "\n".join([petition, *menu])
    assert fault(text, endings="korean") == ("low", 1 / 41, 0.12)
    assert fault(text, endings="korean", low_characters=0.5) is None
    assert fault("\n".join([petition[:100], *menu]), endings="korean", low_characters=0.5)[0] == "low"
    assert fault("", low_characters=0.5)[0] == "low"
