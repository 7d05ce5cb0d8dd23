"""Namu markup to text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sources.namumark import is_disambiguation, is_redirect, plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("[[대한민국]]의 [[서울특별시|서울]]에서", "대한민국의 서울에서"),
        ("[[조선#s-1|조선 왕조]]와 [[조선#s-2]]", "조선 왕조와 조선"),
        ("'''굵은''' ''기운'' __밑줄__ ^^위^^ ,,아래,,", "굵은 기운 밑줄 위 아래"),
        ("그는 ~~바보~~ 천재다 --농담-- 끝", "그는 천재다 끝"),
        ("a -- b, 2020-01-02 -- 끝, 3~5일 ~ 7일", "a -- b, 2020-01-02 -- 끝, 3~5일 ~ 7일"),
        ("글이다.[* 각주 [[나]] 글] 다음[*A 이름 각주]", "글이다. 다음"),
        ("[목차]\n[include(틀:가, 나=다)]\n글[br]둘[각주]", "글\n둘"),
        ("[youtube(abc, width=1)]글[age(2000-01-01)]", "글"),
        ("[ruby(漢字, ruby=한자)]와 [math(x^2)]", "漢字와 $x^2$"),
        ("[1]은 번호, [주의]는 말", "[1]은 번호, [주의]는 말"),
        ("[[파일:가.jpg|width=100]]글[[분류:다]]", "글"),
        ("||<table align=right> 가 || 나 ||\n|| 다 || 라 ||\n글", "글"),
        ("||가\n나||다||\n글", "글"),
        ("{{{#red 붉은}}} {{{+2 큰}}} {{{#fff,#000 두 색}}} 글", "붉은 큰 두 색 글"),
        ("{{{그대로 '''굵게''' [[나]]}}}", "그대로 '''굵게''' [[나]]"),
        ("{{{#!wiki style=\"a\"\n감싼 [[글]]\n}}}", "감싼 글"),
        ("{{{#!folding [ 펼치기 ]\n안의 글 {{{#red 붉은}}}\n}}}", "안의 글 붉은"),
        ("{{{#!html <b>x</b>}}}글", "글"),
        ("== 제목 ==\n글\n===# 접힌 #===\n * 하나\n  * 둘\n 1. 셋\n> 인용",
         "제목\n글\n\n접힌\n- 하나\n- 둘\n- 셋\n인용"),
        ("글\n== 빈 ==\n[youtube(a)]\n== 끝 ==\n글2", "글\n\n끝\n글2"),
        ("## 주석\n글\n----\n둘", "글\n\n둘"),
        ("홍길동([youtube(a)])은", "홍길동은"),
        ("가 {{{닫히지 않은\n둘", "가 닫히지 않은\n둘"),
        ("|| 표\n본문은 남는다\n\n다음 문단이다.\n\n셋째", "표\n본문은 남는다\n\n다음 문단이다.\n\n셋째"),
        ("||<-2><table width=9><:> <영화> 표\n\n둘 ||\n식 a ||", "<영화> 표\n\n둘\n식 a ||"),
        ("|| 표\n== 제목 ==\n글\n|| 가 || 나 ||\n글 2", "표\n\n제목\n글\n글 2"),
        ("||\n가\n||\n나", "나"),
        ("||<-2>{{{#!wiki a\n{{{#!folding b\n가\n\n나\n}}}\n}}}||\n본문\n\n둘", "본문\n\n둘"),
        ("|| 가[br][br]{{{#red 나[br][br]다}}} ||\n본문[br][br]둘", "본문\n\n둘"),
        ("[서울(중구)] 홍길동 기자", "[서울(중구)] 홍길동 기자"),
        ("arr[len(arr)-1]은, 보도[한겨레(2020.1.1)]에", "arr[len(arr)-1]은, 보도[한겨레(2020.1.1)]에"),
        ("[Include(틀:가)][dday(2000-01-01)][anchor(가)][nicovideo(a)][clearfix][datetime]글", "글"),
    ],
)  # fmt: skip
def test_markup(markup, text):
    assert plain(markup) == text


def test_code_is_kept_as_it_is():
    code = "def f():\n    return [[1]]  # '''x'''"
    assert plain(f"코드\n{{{{{{#!syntax python\n{code}\n}}}}}}\n끝") == f"코드\n{code}\n끝"


@pytest.mark.parametrize(
    "bomb", ["{{{", "[[", "{{{[[", "[* ", "[*a]]", "~~a", "||", "[br", "[br]", "||a\n", "{{{#!wiki\n", "__a", "(\0"]
)
def test_hostile_pages_take_no_time(bomb):
    began = time.process_time()
    plain(bomb * 50_000 + "}}}" * 50_000 + "]]" * 50_000)
    assert time.process_time() - began < 5


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="가나 \n=*#'|[]{}~-_^,>:()+!1a\0\1", max_size=80))
def test_any_text_gives_text(text):
    found = plain(text)
    assert "\0" not in found and "\1" not in found and found == found.strip()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="가나다라마바사 123.", min_size=1, max_size=20), min_size=1, max_size=5))
def test_text_without_markup_keeps_every_word(lines):
    lines = ["글" + line for line in lines]
    assert plain("\n".join(lines)).split() == "\n".join(lines).split()


def test_redirects_and_disambiguation():
    assert is_redirect("#redirect 가") and is_redirect("#넘겨주기 가") and not is_redirect("# redirect")
    assert is_disambiguation("가(동음이의어)", "") and is_disambiguation("가", "[[분류:동음이의어/ㄱ]]")
    assert not is_disambiguation("가", "동음이의어인 [[나]]")
