"""Opt-outs: what headers and a page's head say, to whom, and what follows from it."""

from __future__ import annotations

import time

import pytest

from corpus.web.optout import nofollow, refuses, reservations, reserved, signals


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("noai, noimageai", {"noai", "noimageai"}), ("NOINDEX", {"noindex"}), ("all", set()), ("", set()),
        ("otherbot: noindex, nofollow", set()), ("malmoi: noindex", {"noindex"}), ("CCBot: noai", {"noai"}),
        ("otherbot: noindex, *: noarchive", {"noarchive"}), ("max-snippet: 50, noindex", {"noindex"}),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST, noai", {"noai"}), ("noindexing", set()), ("none", {"none"}),
        ("unavailable_after: Fri, 25 Jun 2038 15:00:00 PST, noai", {"noai"}), ("googlebot: nofollow\nnoai", {"noai"}),
        ("unavailable_after: Friday, 25-Jun-38 15:00:00 GMT\notherbot: noindex", set()),
        ("noindex nofollow", {"noindex", "nofollow"}),
    ],
)  # fmt: skip
def test_header_directives(header, names):
    assert signals({"x-robots-tag": header}, "") == dict.fromkeys(names, "header")


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ('<meta name="robots" content="noai">', {"noai"}), ("<META CONTENT='noindex,nofollow' NAME=robots>",
         {"noindex", "nofollow"}), ('<meta name="malmoi" content="noindex" />', {"noindex"}),
        ("<meta name=robots content=none>", {"none"}), ('<meta name="googlebot" content="noindex">', set()),
        ('<meta name="robots-x" content="noindex">', set()), ('<!-- <meta name="robots" content="noindex"> -->', set()),
        ('<meta name="description" content="robots noindex">', set()), ('<meta name="robots">', set()),
        ('<meta name="tdm-reservation" content="1">', {"tdm-reservation"}),
        ('<meta name="tdm-reservation" content="0">', set()),
        (f"<head><style>{' ' * 8192}</style><meta name='robots' content='noai'></head>", {"noai"}),
        (f"<head></head><body>{' ' * 8192}<meta name='robots' content='noai'>", set()),
        (" " * (256 << 10) + '<meta name="robots" content="noai">', set()),
        ('<meta\nname="robots"\ncontent="index,&#110;oai">', {"noai"}),
    ],
)  # fmt: skip
def test_meta_directives(head, names):
    assert signals({}, f"<html><head>{head}") == dict.fromkeys(names, "meta")


def test_reservations_by_header_and_both_places():
    said = signals(
        {"tdm-reservation": "1", "tdm-policy": "https://a.example/p.json", "x-robots-tag": "noai"},
        '<meta name="robots" content="noai, noimageai"><meta name="tdm-policy" content="https://a.example/q.json">',
    )
    assert said == {
        "noai": "header, meta", "tdm-reservation": "header", "tdm-policy": "https://a.example/q.json",
        "noimageai": "meta",
    }  # fmt: skip
    assert signals({"tdm-reservation": "0"}, "") == {}


def test_what_refuses_text_and_links():
    assert all(refuses({name: "meta"}) for name in ("noai", "noindex", "none", "tdm-reservation"))
    assert not refuses({}) and not refuses({"noimageai": "meta", "noarchive": "header", "nofollow": "meta"})
    assert nofollow({"nofollow": "meta"}) and nofollow({"none": "meta"}) and not nofollow({"noindex": "meta"})


@pytest.mark.parametrize(
    ("path", "there"),
    [("/news/1", True), ("/open/a", False), ("/x/b.pdf", True), ("/x/b.pdf?y", False), ("/news/free/2", False),
     ("/", False)],
)  # fmt: skip
def test_the_file_of_reservations(path, there):
    rules = reservations(
        b'\xef\xbb\xbf[{"location": "/news/free/", "tdm-reservation": 0},'
        b'{"location": "/news/*", "tdm-reservation": 1}, {"location": "/open", "tdm-reservation": 0},'
        b'{"location": "*.pdf$", "tdm-reservation": "1"}, 7, {"location": 3}]'
    )
    assert reserved("https://a.example" + path, rules) is there


@pytest.mark.parametrize("data", [b"", b"<html>404</html>", b"\xff\xfe", b"[" * 100_000, b"3", b"[null]"])
def test_what_is_no_such_file_reserves_nothing(data):
    assert reservations(data) == []


def test_hostile_heads_and_patterns_take_no_time():
    began = time.process_time()
    for head in ("<meta " * 2000, "<meta name=" * 1000, "<!--" * 3000, '<meta name="robots" content="' + "," * 8000):
        signals({"x-robots-tag": "a:" * 5000}, head)
    rules = reservations(b'[{"location": "/' + b"*a" * 5000 + b'", "tdm-reservation": 1}]')
    reserved("https://a.example/" + "a" * 2000 + "b", rules)
    assert time.process_time() - began < 5
