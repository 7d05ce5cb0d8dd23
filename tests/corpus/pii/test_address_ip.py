"""IP addresses of one machine; versions, headings, private and well-known ones stay."""

from __future__ import annotations

import pytest

from corpus.pii import find


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("접속 IP: 211.34.5.6", "211.34.5.6"),
        ("[121.134.22.9] 님", "121.134.22.9"),
        ("ping 59.12.3.4", "59.12.3.4"),
        ("59.12.34.56:8080", "59.12.34.56"),
        ("IP 1.2.33.4", "1.2.33.4"),
        ("서버 2001:2d8:e001:12::7 점검", "2001:2d8:e001:12::7"),
        ("2607:f8b0:4005:802::1007.", "2607:f8b0:4005:802::1007"),
        ("59.12.34.56에 접속", "59.12.34.56"),
    ],
)
def test_addresses(text: str, address: str):
    assert [(span.kind, text[span.start : span.end]) for span in find(text)] == [("ip", address)]


@pytest.mark.parametrize(
    "text",
    [
        "192.168.0.1",
        "IP 10.1.2.3",
        "127.0.0.1",
        "0.0.0.0",
        "255.255.255.0",
        "203.0.113.77",
        "IP 8.8.8.8",
        "IP 1.2.3.4",
        "2001:db8::1",
        "fe80::1",
        "::1",
        "1.2.3.5 실험",
        "제11.22.33.44절",
        "버전 110.20.30.40",
        "v110.20.30.40",
        "110.20.30.40 버전",
        "Chrome/120.0.6099.109",
        "1.3.6.1.4.1.311",
        "211.34.5.256",
        "211.034.5.6",
        "10.110.120.130.140",
        "00:1A:2B:3C:4D:5E",
        "12:34:56",
        "2024:10:11",
        "2001:10:11",
        "2001:2d8:x",
    ],
)
def test_what_stays(text: str):
    assert find(text) == []
