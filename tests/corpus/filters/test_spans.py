from __future__ import annotations

import pytest

from corpus.filters.spans import ends_sentence, is_prose, lines, prose_of, sentences


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
    assert prose_of("x = 1\n값이다", True) == "값이다" and prose_of("x = 1", False) == "x = 1"


def test_lines():
    assert lines(" a \n\n b") == ["a", "b"]
