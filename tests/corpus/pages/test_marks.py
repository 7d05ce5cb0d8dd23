from __future__ import annotations

import pytest

from corpus.pages.marks import as_day, canonical, published, read_head, title


def head(inner: str) -> str:
    return f"<html><head>{inner}</head><body><p>글</p></body></html>"


@pytest.mark.parametrize(
    ("said", "day"),
    [("2019-11-19T08:03:00+09:00", "2019-11-19"), ("2019. 1. 2. 오전 10:20", "2019-01-02"),
     ("2019년 11월 3일", "2019-11-03"), ("20191119", "2019-11-19"), ("201911190803", "2019-11-19"),
     ("Tue, 19 Nov 2019 08:03:00 GMT", "2019-11-19"), ("November 9th, 2019", "2019-11-09"), ("2019/2/30", ""),
     ("1850-01-01", ""), ("03/04/2019", ""), ("", ""), ("12019-11-19", ""), ("어제", "")],
)  # fmt: skip
def test_days(said, day):
    assert as_day(said) == day


def test_the_first_statement_about_publication_is_taken():
    meta = '<meta property="article:published_time" content="2020-05-06T00:10:00+09:00">'
    ld = (
        '<script type="application/ld+json">{"@graph": [{"@type": "ImageObject", "datePublished": "2001-01-01"},'
        '{"@type": "NewsArticle", "headline": "새 소식", "datePublished": "2019-04-05"}]}</script>'
    )
    body = '<body><p>글</p><time datetime="2018-03-04">3월</time></body>'
    assert published(read_head(head(meta + ld)), body, 0, "") == "2020-05-06"
    assert published(read_head(head(ld)), body, 0, "") == "2019-04-05"
    assert published(read_head(head("")), body, 0, "") == "2018-03-04"
    said = "<div>기사입력 <span>2017.02.03 11:22</span></div><p>2001.01.01 에 생겼다</p>"
    assert published(read_head(head("")), said, 0, "") == "2017-02-03"
    assert (
        published(read_head(head("")), "<p>2001.01.01 에 생겼다</p>", 0, "http://a.example/2016/1/9/x") == "2016-01-09"
    )
    assert published(read_head(head("")), "<p>글</p>", 0, "http://a.example/") == ""


def test_broken_ld_json_is_passed_over():
    for broken in ("{", "[1, null]", '{"@type": 7}', "[" * 5000, '{"@graph": {"@type": "Article"}}'):
        assert read_head(head(f'<script type="application/ld+json">{broken}</script>')).objects in ([], [{"@type": 7}])


def test_canonical_is_made_absolute_and_must_be_http():
    def given(inner: str, url: str = "http://a.example/b/c?d=1") -> str:
        return canonical(read_head(head(inner)), url)

    assert given("<link href='/x#y' rel='canonical'>") == "http://a.example/x"
    assert given('<base href="https://b.example/k/"><link rel=canonical href=x>') == "https://b.example/k/x"
    assert given('<meta property="og:url" content="https://a.example/?a=1&amp;b=2">') == "https://a.example/?a=1&b=2"
    assert given("") == "" and given('<link rel="canonical" href="javascript:x">') == ""
    assert given('<link rel="canonical" href="/x">', "") == "" and given('<link rel="canonical" href="http://[">') == ""


def test_titles():
    assert title(read_head(head('<meta property="og:title" content="앞  글 &amp; 뒤">')), "딴 제목") == "앞 글 & 뒤"
    assert title(read_head(head("")), " 딴\n 제목 ") == "딴 제목"
    ld = '<script type="application/ld+json">{"@type": "Article", "headline": "머리"}</script>'
    assert title(read_head(head(ld)), "") == "머리"
