from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.duplicates.urls import normalize


@pytest.mark.parametrize(
    "url",
    [
        "http://www.example.kr/bbs/view?id=3&page=2",
        "HTTP://WWW.Example.KR:80/bbs/view?id=3&page=2",
        "https://www.example.kr:443/bbs/view?page=2&id=3",
        " http://www.example.kr./bbs/view?id=3&page=2#comment ",
        "http://www.example.kr/bbs/view?utm_source=naver&id=3&fbclid=Iw&pk_campaign=a&mtm_kwd=b&hsa_acc=1&page=2&NaPm=ct%3Dx&PHPSESSID=1",
        "http://www.example.kr/bbs/view;jsessionid=0A1B?id=3&page=2",
        "http://www.example.kr/a/../bbs/./view?id=3&page=2",
        "http://www.example.kr/%62bs/view?id=%33&page=2&",
    ],
)
def test_spellings_of_one_url(url: str):
    assert normalize(url) == "www.example.kr/bbs/view?id=3&page=2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://h.kr", "https://h.kr/index.html"),
        ("http://h.kr/a/", "http://h.kr/a/index.php"),
        ("http://h.kr/a/?p=1", "http://h.kr/a/Default.aspx?p=1"),
        ("http://한국.kr/문서?글=가", "http://xn--3e0b707e.kr/%EB%AC%B8%EC%84%9C?%EA%B8%80=%ea%b0%80"),
        ("http://h.kr/%bc%ad", "http://h.kr/%BC%AD"),
    ],
)
def test_two_ways_to_one_page(one: str, other: str):
    assert normalize(one) == normalize(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://h.kr/a", "http://h.kr/A"),
        ("http://h.kr/a", "http://h.kr/a/"),
        ("http://h.kr/a", "http://www.h.kr/a"),
        ("http://h.kr/a", "http://h.kr:8080/a"),
        ("http://h.kr/?id=1", "http://h.kr/?id=2"),
        ("http://h.kr/?a=1&a=2", "http://h.kr/?a=2&a=1"),
        ("http://h.kr/#!/one", "http://h.kr/#!/two"),
        ("http://h.kr/%bc%ad", "http://h.kr/%bc%ae"),
        ("http://h.kr/main.html", "http://h.kr/"),
        ("http://h.kr/v?pk_id=1", "http://h.kr/v?pk_id=2"),
        ("http://h.kr/v?hsa_id=1", "http://h.kr/v?hsa_id=2"),
        ("http://h.kr/a%2Fb", "http://h.kr/a/b"),
    ],
)
def test_two_pages(one: str, other: str):
    assert normalize(one) != normalize(other)


@pytest.mark.parametrize(
    "url", ["", "h.kr/a", "help:gnome/a", "ftp://h.kr/", "http://", "http://[::1", "http://h.kr:x/"]
)
def test_what_is_no_url_of_the_web_has_no_form(url: str):
    assert normalize(url) == ""


@given(st.text(max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_any_url_has_a_form_that_stays(path: str, query: str, fragment: str):
    form = normalize(f"https://h.kr/{path}?{query}#{fragment}")
    assert form == "" or normalize(f"http://{form}") == form
