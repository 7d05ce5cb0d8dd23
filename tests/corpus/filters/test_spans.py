from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.filters.spans import ends_sentence, holds_sentence, is_prose, sentences, without_markup


@pytest.mark.parametrize(
    "line", ["끝났다", "끝났다.", "끝났어요!", "그럴까", "제출함", '"끝났다"', "좋다 ㅎㅎ", "done.", "끝났다.)"]
)
def test_what_ends_a_korean_sentence(line):
    assert ends_sentence(line, "korean")


@pytest.mark.parametrize("line", ["개요", "다음", "회사 소개", "total += 1", "제목:", "", "포함"])
def test_what_does_not(line):
    assert not ends_sentence(line, "korean")


def test_the_stock_endings():
    assert ends_sentence("done.", "stock") and ends_sentence('"done"', "stock")
    assert not ends_sentence("and so on...", "stock") and not ends_sentence("끝났다", "stock")


def test_sentences():
    assert sentences("하나다. 둘이다! 셋일까?", "korean") == 3
    assert sentences("비가 온다 눈이 온다", "korean") == 2
    assert sentences("1.5 and 2.5", "stock") == 0


def test_prose():
    assert is_prose("배열") and is_prose("This is plain language.")
    assert not is_prose("total += value;") and not is_prose("import { useState } from 'react';")


@pytest.mark.parametrize(
    "line",
    [
        "if (diff < 1000) { // 차이가 1초 미만이라면",
        "let hour = 3; // 시간",
        "return '현재';",
        "alert( `안녕` );",
        "x = f(y)  # 값을 구한다",
    ],
)
def test_code_with_a_korean_remark_is_code(line):
    assert not is_prose(line)


@pytest.mark.parametrize(
    "line",
    [
        "`return` 뒤에는 값을 적습니다.",
        "# 객체로서의 함수 = 일급 함수",
        "자세한 내용은 https://example.com/manual/configuration/reference.html 을 보십시오.",
        "세션이 끊기면 (a = b) 다시 연결한다",
    ],
)
def test_prose_about_code_is_prose(line):
    assert is_prose(line)


def test_markup_is_left_out():
    assert without_markup('### <a name="parameters"></a>매개 변수') == "매개 변수"
    assert without_markup("- **주의**: `x`를 쓴다") == "주의: x를 쓴다"


@given(st.text(st.sampled_from('가다요 .!"a)'), max_size=12), st.sampled_from(["stock", "korean"]))
def test_a_line_holds_a_sentence_where_one_is_counted(line, endings):
    assert holds_sentence(line, endings) == (sentences(line, endings) > 0)
