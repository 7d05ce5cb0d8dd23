from __future__ import annotations

import pytest

from corpus.filters.lists import Addresses, address, read_list


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://WWW.Example.co.kr:8080/a//b?c=1", ("example.co.kr", ("a", "b?c=1"))),
        ("example.com/x/", ("example.com", ("x",))),
        ("http://한국.한국/", ("xn--3e0b707e.xn--3e0b707e", ())),
        ("http://[::1]/a", ("::1", ("a",))),
        ("http://[bad/", ("", ())),
        ("", ("", ())),
        ("file:///etc", ("", ("etc",))),
    ],
)
def test_addresses_of_urls(url, found):
    assert address(url) == found


def test_hosts_hold_their_subdomains_and_paths_what_is_below():
    found = Addresses(["a.example", "*.b.example", "c.example/x/y", "# not a host", "https://d.example/"])
    inside = ["http://a.example/1", "http://z.a.example", "http://b.example", "http://c.example/x/y/z", "//d.example"]
    assert all(address(url) in found for url in inside)
    outside = [
        "http://ba.example/",
        "http://example",
        "http://c.example/x",
        "http://c.example/x/yz",
        "http://e.example",
    ]
    assert not any(address(url) in found for url in outside)


def test_a_deep_entry_does_not_hold_what_is_above_it():
    found = Addresses(["a.example/1/2/3/4/5/6"])
    assert address("http://a.example/1/2/3/4/5/6/7") in found
    assert address("http://a.example/1/2/3/4/5") not in found


def test_nothing_is_in_an_empty_list():
    assert len(Addresses([])) == 0 and address("http://a.example/") not in Addresses([])


def test_a_folder_of_lists_is_read_whole(tmp_path):
    (tmp_path / "adult").mkdir()
    (tmp_path / "adult" / "domains").write_text("\ufeffa.example\n\n  b.example \n#c.example\n", encoding="utf-8")
    (tmp_path / "urls").write_text("d.example/x # why\n", encoding="utf-8")
    assert sorted(read_list(tmp_path)) == ["a.example", "b.example", "d.example/x"]
