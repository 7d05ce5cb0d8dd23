"""Which addresses are of the open internet, and which requests a crawl refuses."""

from __future__ import annotations

import pytest

from corpus.web.private import is_public, origin, refusal


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
        ("fd00::1", False), ("fe80::1", False), ("::ffff:127.0.0.1", False), ("2002:7f00:1::", False),
        ("::ffff:169.254.169.254", False), ("64:ff9b::7f00:1", False), ("64:ff9b::a9fe:a9fe", False),
        ("::7f00:1", False), ("fe80::1%eth0", False), ("64:ff9b::808:808", True), ("::ffff:8.8.8.8", True),
        ("::", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://a.example/x", None), ("https://A.example:8443/x", None), ("https://b.example/", "other host"),
        ("http://10.0.0.1/", "private address"), ("http://[::1]/", "private address"),
        ("http://[::ffff:a9fe:a9fe]/latest/meta-data", "private address"),
        ("http://169.254.169.254/", "private address"),
        ("file:///etc/passwd", "bad url"), ("http://[::1/", "bad url"), ("http://user:pw@10.0.0.1/", "private address"),
        ("http://127.0.0.1:8000/", None), ("http://127.0.0.1:8001/", "private address"), ("http:///x", "bad url"),
        ("https://127.0.0.1:8000/", "private address"), ("http://a.example:x/", "bad url"), ("http://10.0.0.2/", None),
        ("http://10.0.0.3/", "other host"),
    ],
)  # fmt: skip
def test_what_is_refused(url, reason):
    allow = {"a.example", "10.0.0.1", "10.0.0.2", "127.0.0.1", "::1", "::ffff:a9fe:a9fe", "169.254.169.254"}
    assert refusal(url, allow, {"http://127.0.0.1:8000"}, {"10.0.0.2", "10.0.0.3"}) == reason


def test_origin_leaves_out_the_default_port():
    assert origin("HTTP://A.example:80/x?y") == "http://a.example"
    assert origin("https://a.example:80/") == "https://a.example:80"
    assert origin("http://[2001:DB8::1]:8080/") == "http://[2001:db8::1]:8080"
