from __future__ import annotations

import pytest

from corpus.auditing.domains import NONE, domain, largest


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://news.example.co.kr/1", "example.co.kr"),
        ("http://a.b.example.com:80/", "example.com"),
        ("http://192.0.2.1/x", "192.0.2.1"),
        ("http://localhost/", "localhost"),
        ("", NONE),
        ("http://[bad/", NONE),
    ],
)
def test_the_registered_host(url, found):
    assert domain(url) == found


def test_the_largest_sums_and_ties_by_name(tmp_path):
    counted = [("b", 2), ("a", 1), ("c", 3), ("a", 1), ("d", 1)]
    assert largest(iter(counted), 3, tmp_path / "x.sqlite") == ["c", "a", "b"]
    assert largest(counted, 0, tmp_path / "x.sqlite") == []
    assert list(tmp_path.iterdir()) == []
