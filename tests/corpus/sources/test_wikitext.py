"""MediaWiki markup to text: what goes, what stays, and that nothing hostile takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sources.wikitext import is_disambiguation, is_redirect, plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("[[대한민국]]의 [[서울특별시|서울]]에서", "대한민국의 서울에서"),
        ("'''굵은''' ''기운'' '''''둘'''''", "굵은 기운 둘"),
        ("글.<ref name=a>{{책|[[나]]}}</ref><ref name=a /> 다음", "글. 다음"),
        ("앞 {{틀|{{안|가}}|[[나|다]]}} 뒤", "앞 뒤"),
        ("{|class=x\n| 가\n{|\n| 나\n|}\n|}\n글", "글"),
        ("[[파일:가.jpg|섬네일|[[나]]의 그림]]글[[분류:다]]", "글"),
        ("[[:분류:다]]를 보라", "분류:다를 보라"),
        ("[[:파일:가.jpg|그림]]", "그림"),
        ("[[en:Korea]]\n[[wikt:말|말]]은", "말은"),
        ("[http://a.example/x 이름]과 [http://b.example]", "이름과"),
        ("[1]은 번호, 배열[i]도", "[1]은 번호, 배열[i]도"),
        ("홍길동({{llang|en|Hong}}, 1440년)은", "홍길동(Hong, 1440년)은"),
        ("홍길동({{발음|x}}, 1440년)은 ({{a}}) main() 함수", "홍길동(1440년)은 main() 함수"),
        ("높이는 {{convert|5|km|mi}}이다", "높이는 5 km이다"),
        ("{{lang|zh|洪吉童}}, {{nowrap|한 줄}}, {{인용문|말이다.|누구}}", "洪吉童, 한 줄, 말이다."),
        ("<!-- 숨긴 글 -->보인 글<!-- 끝없는", "보인 글"),
        ("<nowiki>[[그대로]]</nowiki>", "[[그대로]]"),
        ("<math>x  ^ 2</math>은", "$x ^ 2$은"),
        ("가&nbsp;나 &lt;b&gt; &amp;amp;", "가\xa0나 <b> &amp;"),
        ("== 제목 ==\n글\n=== 아래 ===\n* 하나\n** 둘\n# 셋\n:넷", "제목\n글\n\n아래\n- 하나\n- 둘\n- 셋\n넷"),
        ("글\n== 빈 ==\n{{틀}}\n== 각주 ==\n* 무엇\n=== 더 ===\n글2\n== 끝 ==\n글3", "글\n\n끝\n글3"),
        ("가<br/>나", "가\n나"),
        ("<div class=a>가</div>", "가"),
        ("__목차숨김__ __NOTOC__가", "가"),
        ("가 {{닫히지 않은\n\n다음 문단", "가\n\n다음 문단"),
        ("가 [[닫히지 않은 글", "가 닫히지 않은 글"),
        ("가}} 나]] 다", "가 나 다"),
        ("{{{매개변수|값}}}글", "글"),
        ("[km/h] [그리고/또는] [02/123] [서울/AP=연합] [가@나] a[i/2]",
         "[km/h] [그리고/또는] [02/123] [서울/AP=연합] [가@나] a[i/2]"),
        ("[//a.example 이름] [MAILTO:a@b 글] [tel:1] [irc://a 방] [{{주소}}/x 둘]", "이름 글 방 둘"),
        ("영화 <Running Man>은 <template> List<String> a<b이고 c>d <p-값> <li가>",
         "영화 <Running Man>은 <template> List<String> a<b이고 c>d <p-값> <li가>"),
        ("<span class=a>가</span><H2>나</H2><ref name=b>다<section begin=c /><poem>라</poem><wbr>마", "가나다라마"),
    ],
)  # fmt: skip
def test_markup(markup, text):
    assert plain(markup) == text


def test_code_is_kept_as_it_is():
    code = 'def f():\n    return [[1]]  # {{x}}  """'
    assert plain(f"코드:\n<syntaxhighlight lang=py>\n{code}\n</syntaxhighlight>\n끝") == f"코드:\n{code}\n끝"


def test_a_sites_own_names_of_files():
    assert plain("[[Soubor:a.jpg|x]]가", ("soubor",)) == "가"


@pytest.mark.parametrize(
    "bomb",
    ["{{", "[[", "{{[[", "<ref>", "<nowiki>", "<!--", "[http://", "(, ", "{|\n", "<math", "'''", "{{{", "== ", "<ref "],
)
def test_hostile_pages_take_no_time(bomb):
    began = time.process_time()
    plain(bomb * 50_000 + "}}" * 50_000 + "]]" * 50_000)
    assert time.process_time() - began < 5


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="가나 \n=*#'|[]{}<>/ref!-:()&;a1\0\1", max_size=80))
def test_any_text_gives_text(text):
    found = plain(text)
    assert "\0" not in found and found == found.strip() and "{{" not in found.replace("{ {", "")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="가나다라마바사 123.", min_size=1, max_size=20), min_size=1, max_size=5))
def test_text_without_markup_keeps_every_word(lines):
    assert plain("\n".join(lines)).split() == "\n".join(lines).split()


def test_redirects_and_disambiguation():
    assert is_redirect("#넘겨주기 [[가]]") and is_redirect(" #REDIRECT: [[가]]") and not is_redirect("# 가 [[나]]")
    assert is_disambiguation("가 (동음이의)", "") and is_disambiguation("가", "* 나\n{{동음이의}}")
    assert is_disambiguation("가", "{{Disambig}}") and is_disambiguation("가", "{{인명 동음이의}}")
    assert not is_disambiguation("가", "{{다른 뜻|나}} 동음이의어는 {{동음이의 설명 없음}}")
