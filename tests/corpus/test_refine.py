from __future__ import annotations

import json
import os
import re
from functools import partial

import pytest

import corpus.pages.clean
import corpus.unit
from corpus import refine
from corpus.archive.warc import Page, info_member, page_member
from corpus.config import Refine
from corpus.documents import read_documents, read_file, write_documents
from corpus.pages.clean import Cleaner, settings
from corpus.pages.guard import Guard, Lost
from pipeline.artifact import files_below, publish
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError
from pipeline.units import ShardDone
from tests.toys import paragraphs


def member(number, text, header="text/html", codec="utf-8", status=200):
    html = f"<html><head><title>쪽 {number}</title></head><body><p>{text}</p></body></html>"
    return page_member(Page(f"http://a/{number}", {"content-type": header}, html.encode(codec), status=status))


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """Pages in Korean (both charsets, one broken member, one English, one short) and documents in English."""
    root = tmp_path_factory.mktemp("crawl")
    part = root / "crawl.part"
    (part / "warc").mkdir(parents=True)
    texts = ["</p><p>".join(paragraphs("ko", 3, seed=number)) for number in range(24)]
    members = [info_member(software="test")]
    for number, text in enumerate(texts):
        codec = "cp949" if number % 3 == 0 else "utf-8"
        members.append(member(number, text, f"text/html; charset={codec}", codec))
    members.append(member(100, " ".join(paragraphs("en", 3)), "text/html; charset=utf-8"))
    members.append(member(101, "짧은 글이지만 문을 지나기에는 넉넉하게 긴 문장 하나이다."))
    members.append(member(102, texts[0], status=500))
    (part / "warc" / "site.warc.gz").write_bytes(b"".join(members))
    rows = [
        {"id": f"docs/{n}", "text": "\n".join(paragraphs("en", 4, seed=n)), "source": "docs", "url": "", "lang": "en",
         "license": "MIT" if n else "", "charset": "utf-8", "meta": {"n": n}}
        for n in range(12)
    ]  # fmt: skip
    write_documents(part / "documents" / "docs.parquet", rows)
    metrics = {
        "sources": {
            "site": {"kind": "pages", "lang": "ko", "license": "CC0-1.0"},
            "docs": {"kind": "documents", "lang": "en", "license": "CC-BY-4.0"},
        }
    }
    return publish(
        part, root / "crawl",
        {"stage": "crawl", "version": 1, "fingerprint": "f", "section": {}, "inputs": {}, "counts": {},
         "metrics": metrics, "provenance": {}},
    )  # fmt: skip


SECTION = Refine(unit_bytes=1500)


@pytest.fixture
def made(build, crawl):
    return build("refine", refine.run, SECTION, {"crawl": crawl})


def context(folder, crawl, shard=None, **run):
    folder.mkdir(parents=True, exist_ok=True)
    return Context(
        node="refine",
        path=folder,
        inputs={"crawl": crawl},
        run=Run(**{"root": str(folder), "workers": 1, **run}),
        shard=shard,
    )


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files_below(folder)
        if ".work" not in path.parts and path.name != "manifest.json"
    }


def test_counts_and_reasons(made):
    counts = made.counts
    assert counts["read"] == 39 == counts["kept"] + counts["dropped"] + counts["failed"]
    assert counts["failed"] == 0
    rules = made.metrics["rules"]
    for rule in ("gate", "word_count", "status"):
        assert rules[rule]["site"]["documents"] == 1, rule
    assert made.metrics["charsets"]["site"]["cp949"] == {"header": 8}
    assert made.metrics["sources"]["site"]["lang"] == "ko"
    assert made.metrics["sources"]["docs"]["license"] == "CC-BY-4.0"


def test_bytes_per_rule_are_those_of_the_documents(made):
    held = made.metrics["sources"]["site"]
    kept = [document for document in read_documents(made) if document["source"] == "site"]
    assert held["kept"] == len(kept) and held["bytes"] == sum(len(document["text"].encode()) for document in kept)
    dropped = [row for path in sorted((made.path / "dropped").glob("*")) for row in read_file(path)]
    assert (
        sum(len(row["text"].encode()) for row in dropped if row["rule"] == "word_count")
        == (made.metrics["rules"]["word_count"]["site"]["bytes"])
    )
    assert {row["stage"] for row in dropped} == {"refine"}
    assert all(row["value"] and row["threshold"] for row in dropped)
    (gated,) = [row for row in dropped if row["rule"] == "gate"]
    assert (gated["url"], gated["text"], gated["threshold"]) == ("http://a/100", "", "20")


def test_documents_stand_in_input_order_with_ids_of_their_own(made):
    documents = list(read_documents(made))
    ids = [document["id"] for document in documents]
    assert len(set(ids)) == len(ids) and ids == sorted(ids, key=lambda one: (one.split("/")[0], int(one.split("/")[1])))
    first = next(document for document in documents if document["source"] == "site")
    assert first["meta"]["title"].startswith("쪽") and first["license"] == "CC0-1.0"


def test_a_document_without_a_license_takes_its_sources(made):
    rows = [
        row for name in ("documents", "dropped") for path in (made.path / name).glob("*") for row in read_file(path)
    ]
    licenses = {row["id"]: row["license"] for row in rows}
    assert licenses["docs/0"] == "CC-BY-4.0" and licenses["docs/1"] == "MIT"


def test_the_same_bytes_for_any_number_of_workers_and_shards(made, crawl, tmp_path):
    wanted = contents(made.path)
    two = context(tmp_path / "two", crawl, workers=2)
    assert refine.run(SECTION, two) == made.metrics and contents(two.path) == wanted
    sharded = tmp_path / "sharded"
    for shard in ((1, 3), (0, 3), (2, 3)):
        with pytest.raises(ShardDone):
            refine.run(SECTION, context(sharded, crawl, shard))
    last = context(sharded, crawl)
    assert refine.run(SECTION, last) == made.metrics
    assert last.counts == made.counts and contents(sharded) == wanted


def test_a_rerun_over_a_half_finished_folder_gives_the_same(made, crawl, tmp_path):
    folder = tmp_path / "again"
    found = context(folder, crawl)
    refine.run(SECTION, found)
    (folder / "documents" / "99999-junk.parquet").write_bytes(b"half")
    (folder / "failed.jsonl").write_text("half")
    units = sorted((folder / ".work" / "units").iterdir())
    half = units[2].with_name(f"{units[2].name}.1.tmp")
    units[2].rename(half)
    (half / "tally.json").unlink()
    assert refine.run(SECTION, context(folder, crawl)) == made.metrics
    assert contents(folder) == contents(made.path)


def test_unit_size_changes_names_not_documents(made, build, crawl):
    whole = build("refine", refine.run, Refine(), {"crawl": crawl})
    assert [row["text"] for row in read_documents(whole)] == [row["text"] for row in read_documents(made)]
    assert whole.counts == made.counts and whole.metrics == made.metrics


class Fragile(Cleaner):
    """The real pass, but one page takes the process with it and one raises."""

    def clean(self, raw):
        if raw.url.endswith("/5"):
            os._exit(11)
        if raw.url.endswith("/7"):
            raise RecursionError
        return super().clean(raw)


def fragile_units(section, alive):
    corpus.pages.clean.Cleaner = Fragile  # in the child alone
    return corpus.unit.unit_worker(section, alive)


def fragile_pages(section, alive):
    return Fragile(settings(section)).clean


def test_a_page_that_kills_the_parser_costs_one_record(monkeypatch, made, crawl, tmp_path):
    units = Guard(partial(fragile_units, SECTION.model_dump_json()), 60, tries=1)
    pages = Guard(partial(fragile_pages, SECTION.model_dump_json()), 60)
    monkeypatch.setattr(refine, "_unit_process", lambda section: units)
    asked = []
    monkeypatch.setattr(refine, "_page_process", lambda section: asked.append(section) or pages)
    found = context(tmp_path / "fragile", crawl)
    metrics = refine.run(SECTION, found)
    assert len(asked) == 1  # the unit with the fatal page was done page by page, and no other
    units.close()
    pages.close()
    assert found.counts["failed"] == 2 and found.counts["read"] == 39
    assert metrics["failed"] == {"RecursionError": 1, "crash": 1}
    lost = [json.loads(line) for line in (found.path / "failed.jsonl").read_text().splitlines()]
    assert [record["url"] for record in lost] == ["http://a/5", "http://a/7"]
    assert found.counts["kept"] == made.counts["kept"] - 2


def test_units_and_pages_give_the_same_bytes(monkeypatch, made, crawl, tmp_path):
    def lost(section):
        raise Lost("crash")

    monkeypatch.setattr(refine, "_unit_process", lost)
    found = context(tmp_path / "paged", crawl)
    assert refine.run(SECTION, found) == made.metrics
    assert contents(found.path) == contents(made.path)


def test_a_damaged_member_is_counted(crawl, tmp_path, build):
    import shutil

    from pipeline.artifact import Artifact

    copy = tmp_path / "copy"
    shutil.copytree(crawl.path, copy)
    path = copy / "warc" / "site.warc.gz"
    body = bytearray(path.read_bytes())
    body[3000:3010] = b"\0" * 10
    path.write_bytes(body)
    found = build("refine", refine.run, Refine(), {"crawl": Artifact(copy)})
    assert found.counts["failed"] >= 1
    assert found.counts["read"] == found.counts["kept"] + found.counts["dropped"] + found.counts["failed"]
    assert found.counts["kept"] >= 20


def test_nothing_kept_is_said_with_its_reasons(crawl, tmp_path):
    section = Refine(thresholds={"word_count": {"low": 99999}})
    given, said = context(tmp_path / "none", crawl), []
    given.emit = lambda kind, **fields: said.append((kind, fields))
    refine.run(section, given)
    (warning,) = [fields["message"] for kind, fields in said if kind == "warning"]
    assert re.match(r"kept none of 39 records \(word_count: 3\d", warning)
    assert given.counts["kept"] == 0 and given.counts["dropped"] > 30
    assert list(read_file(given.path / "documents" / "00000-none.parquet")) == []
    assert next(read_file(next((given.path / "dropped").iterdir())))["threshold"] == "99999"


def test_an_unknown_rule_is_refused_before_any_work(tmp_path):
    section = Refine(thresholds={"word_cont": {"low": 1}})
    with pytest.raises(ConfigError, match="did you mean 'word_count'"):
        section.check(Run())


@pytest.mark.data
def test_real_pages_come_out_in_korean(data, tmp_path, build):
    """Real EUC-KR and UTF-8 pages: most stay, every charset is right, no text is broken."""
    part = tmp_path / "real.part"
    (part / "warc").mkdir(parents=True)
    (part / "warc" / "mixed.warc.gz").write_bytes(
        (data / "warc/shared_mixed_ko_en/shared_mixed_ko_en.warc.gz").read_bytes()
    )
    crawl = publish(
        part, tmp_path / "real",
        {"stage": "crawl", "version": 1, "fingerprint": "r", "section": {}, "inputs": {}, "counts": {},
         "metrics": {"sources": {"mixed": {"kind": "pages", "lang": "ko", "license": "Apache-2.0"}}}, "provenance": {}},
    )  # fmt: skip
    found = build("refine", refine.run, Refine(), {"crawl": crawl})
    assert found.counts["read"] == 618 and found.counts["kept"] > 440
    assert found.metrics["charsets"]["mixed"]["cp949"] == {"header": 72, "meta": 37}
    assert found.metrics["mojibake"]["mixed"]["documents"] == 0
    texts = [row["text"] for row in read_documents(found)]
    assert any("그래서 mod_dir은 http://" in text for text in texts)
