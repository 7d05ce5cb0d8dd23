"""E-mail addresses, plain and spelt out, and what an @ also stands in."""

from __future__ import annotations

import pytest

from corpus.pii import find, mask


@pytest.mark.parametrize(
    "address",
    [
        "kim@naver.com",
        "h.g-kim_1+a@sub.korea.go.kr",
        "100@daum.net",
        "kim (at) naver.com",
        "kim(at)naver.com",
        "kim[AT]naver[dot]com",
        "kim (at) hotmail (dot) com",
        "kim 골뱅이 naver.com",
        "kim앳naver.com",
        "kim@네이버",
        "kim@한메일닷넷",
        "KIM@NAVER.COM",
        "a@b.io",
    ],
)
def test_addresses(address: str):
    for text in (address, f"메일은 {address} 입니다", f"<{address}>", f"연락({address})."):
        assert [(span.kind, text[span.start : span.end]) for span in find(text)] == [("email", address)], text


@pytest.mark.parametrize(
    "text",
    [
        "user@host",
        "root@server1:/etc",
        "git@github.com:foo/bar",
        "logo@2x.png",
        "react@19.1.0",
        "@types/node@18",
        "kim@example.com",
        "a@example.co.kr",
        "a@sub.example.org",
        "a@b.test",
        "ftp://user:pass@host.com/x",
        "a@main.py",
        "***@naver.com",
        "짱@@",
        "@naver.com",
        "kim@",
        "R@A.b",
        "aes256-gcm@openssh.com",
        "앳된 얼굴",
        "골뱅이 무침",
        "회의(at) 10:00",
        "@Override.com",
        "<kim/fade/pull/1@github.com>",
    ],
)
def test_what_stays(text: str):
    assert find(text) == []


def test_what_follows_the_host_stays():
    assert mask("kim@naver.com으로, kim@naver.com.Please 또는 kim@naver.com-김").text == (
        "<이메일>로, <이메일>.Please 또는 <이메일>-김"
    )
