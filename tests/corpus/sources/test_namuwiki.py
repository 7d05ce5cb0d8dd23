"""Namuwiki dumps: lists and lines, streamed; what is left out, what is broken."""

from __future__ import annotations

import bz2
import json
import zipfile

import pytest

from corpus.sources.namuwiki import LICENSE, namuwiki_rows
from corpus.sources.readers import Defaults, Records, as_documents
from pipeline.errors import InputError

PAGES = [
    {"namespace": "0", "title": "조선 왕조", "text": "'''조선'''은 [[한반도]]의 나라이다.", "contributors": ["누구"]},
    {"namespace": 0, "title": "이조", "text": "#redirect 조선"},
    {"namespace": "1", "title": "틀", "text": "틀이다"},
    {"namespace": "0", "title": "조선(동음이의어)", "text": "* 가"},
    {"namespace": "문서", "title": "한강", "text": '"따옴표" \\ 와 [괄호] {중괄호}'},
]


def documents(*paths):
    records = Records()
    return list(as_documents(namuwiki_rows(list(paths)), Defaults("namu", "ko", LICENSE), records, set())), records


@pytest.mark.parametrize("form", ["list", "pretty", "lines", "bz2", "zip"])
def test_articles_become_documents_in_every_form(tmp_path, form):
    path = tmp_path / {"zip": "a.zip", "bz2": "a.json.bz2"}.get(form, "a.json")
    data = json.dumps(PAGES, ensure_ascii=form == "bz2", indent=2 if form == "pretty" else None).encode()
    if form == "lines":
        data = b"\xef\xbb\xbf" + b"\n".join(json.dumps(page).encode() for page in PAGES)
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("namuwiki.json", data)
    else:
        path.write_bytes(bz2.compress(data) if form == "bz2" else data)
    found, records = documents(path)
    assert [one["text"] for one in found] == ["조선은 한반도의 나라이다.", '"따옴표" \\ 와 [괄호] {중괄호}']
    assert found[0]["url"] == "https://namu.wiki/w/%EC%A1%B0%EC%84%A0%20%EC%99%95%EC%A1%B0"
    assert found[0]["meta"] == {"title": "조선 왕조"} and found[0]["license"] == "CC-BY-NC-SA-2.0-KR"
    assert records.left == {"redirect": 1, "not an article": 1, "disambiguation": 1}


def test_bad_records_are_counted(tmp_path):
    (tmp_path / "a.json").write_bytes(b'[{"title": 3, "text": "x"}, {"title": "\xff", "text": "x"}, {"title": "t"}, 7]')
    found, records = documents(tmp_path / "a.json")
    assert not found and records.failed == {"no title or no text": 3, "broken JSON": 1}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (json.dumps(PAGES).encode()[:-20], "cut off or corrupt behind page 4"), (b'"text"', "no list"),
        (b"[1] [2]", "behind page 1"), (b"[1 2]", "',' is missing"), (b"", "no list"),
    ],
)  # fmt: skip
def test_what_is_no_whole_dump_is_one_sentence(tmp_path, data, said):
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(InputError, match=said):
        list(namuwiki_rows([tmp_path / "a.json"]))
