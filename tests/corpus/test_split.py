from __future__ import annotations

import pytest

from corpus.archive.warc import Page, Reading, info_member, page_member
from corpus.documents import write_documents
from corpus.split import unit_documents, unit_pages, units
from pipeline.artifact import publish
from pipeline.errors import InputError


@pytest.fixture
def crawl(tmp_path):
    part = tmp_path / "crawl.part"
    (part / "warc").mkdir(parents=True)
    with (part / "warc" / "site.warc.gz").open("wb") as file:
        file.write(info_member(software="test"))
        for number in range(40):
            body = f"<p>{number}</p>".encode() + bytes(range(256)) * (number % 7)
            file.write(page_member(Page(f"http://a/{number}", {"content-type": "text/html"}, body)))
    rows = [
        {"id": f"d/{n}", "text": f"글 {n}", "source": "docs", "url": "", "lang": "ko", "license": "x",
         "charset": "utf-8", "meta": {}}
        for n in range(2500)
    ]  # fmt: skip
    write_documents(part / "documents" / "docs.parquet", rows)
    facts = {"lang": "ko", "license": "x"}
    metrics = {"sources": {"site": {"kind": "pages", **facts}, "docs": {"kind": "documents", **facts}}}
    return publish(
        part, tmp_path / "crawl",
        {"stage": "crawl", "version": 1, "fingerprint": "f", "section": {}, "inputs": {}, "counts": {},
         "metrics": metrics, "provenance": {}},
    )  # fmt: skip


@pytest.mark.parametrize("size", [1024, 1500, 5000, 1 << 20])
def test_every_record_is_in_one_unit_whatever_their_size(crawl, size):
    pages, ids = [], []
    for unit in units(crawl, size):
        if unit.kind == "pages":
            pages.extend(unit_pages(unit, Reading()))
        else:
            ids.extend(document["id"] for document in unit_documents(unit))
    assert [page.url for page in pages] == [f"http://a/{number}" for number in range(40)]
    assert len({page.offset for page in pages}) == 40
    assert pages[0].offset > 0  # behind the warcinfo record
    assert ids == [f"d/{number}" for number in range(2500)]


def test_units_follow_the_input_alone(crawl):
    found = units(crawl, 1024)
    assert [unit.source for unit in found] == sorted(unit.source for unit in found)
    assert len([unit for unit in found if unit.kind == "documents"]) == 3  # row groups of 1,000
    assert found == units(crawl, 1024)


def test_offsets_are_those_of_the_whole_file(crawl):
    whole = [
        page.offset for unit in units(crawl, 1 << 20) if unit.kind == "pages" for page in unit_pages(unit, Reading())
    ]
    cut = [page.offset for unit in units(crawl, 1100) if unit.kind == "pages" for page in unit_pages(unit, Reading())]
    assert whole == cut


def test_a_missing_file_is_named(crawl):
    (crawl.path / "warc" / "site.warc.gz").unlink()
    with pytest.raises(InputError, match=r"site\.warc\.gz is missing"):
        units(crawl, 1024)


def test_a_broken_parquet_is_named(crawl):
    (crawl.path / "documents" / "docs.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match=r"docs\.parquet is not a documents file"):
        units(crawl, 1024)
