"""The crawl stage: every kind of source into one artifact, the same bytes each time, failures with their codes."""

from __future__ import annotations

import gzip
import json
import shutil

import pytest

from corpus.archive.warc import Page, page_member, read_pages
from corpus.config import Crawl, Source
from corpus.crawl import live_job, run
from corpus.documents import read_file
from pipeline.artifact import WORK
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import InputError, Interrupted, StageFailed


def page(number, **changes):
    settings = {
        "http_headers": {"content-type": "text/html"},
        "body": b"<p>%d" % number,
        "mime": "text/html",
        **changes,
    }
    return page_member(Page(f"http://a.example/{number}", **settings))


@pytest.fixture
def sources(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "in" / "site").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / "in" / "site" / f"{name}.html").write_text(f"<p>{name}</p>")
    (tmp_path / "in" / "one.warc.gz").write_bytes(
        page(0)
        + page(1, status=404)
        + page(2, mime="image/png", http_headers={"content-type": "image/png"})
        + page(3, http_headers={}, body=b" <!DOCTYPE html><p>sniffed")
    )
    (tmp_path / "in" / "two.warc").write_bytes(gzip.decompress(page(4)))
    (tmp_path / "in" / "d.jsonl").write_text('{"text": "하나", "license": "MIT"}\n{"text": "둘"}\n')
    pq.write_table(pa.table({"body": ["셋"]}), tmp_path / "in" / "p.parquet")
    return {
        "arch": Source(warc=str(tmp_path / "in"), license="CC-BY-4.0"),
        "web": Source(site=str(tmp_path / "in" / "site"), lang="en"),
        "docs": Source(jsonl=str(tmp_path / "in" / "d.jsonl")),
        "table": Source(parquet=str(tmp_path / "in" / "*.parquet"), text="body"),
    }


def context(path, **more):
    path.mkdir(parents=True, exist_ok=True)
    return Context(node="crawl", path=path, inputs={}, run=Run(root=str(path / "root")), **more)


def test_every_kind_of_source(build, sources):
    made = build("crawl", run, Crawl(sources=sources))
    metrics = made.metrics["sources"]
    assert {name: found["kind"] for name, found in metrics.items()} == {
        "arch": "pages", "web": "pages", "docs": "documents", "table": "documents",
    }  # fmt: skip
    assert [page.url for page in read_pages(made.path / "warc" / "arch.warc.gz")] == [
        f"http://a.example/{number}" for number in (0, 3, 4)
    ]
    assert metrics["arch"]["reasons"] == {"not HTML or plain text": 1, "status 404": 1}
    assert metrics["arch"]["license"] == "CC-BY-4.0" and metrics["web"]["lang"] == "en"
    assert [page.url for page in read_pages(made.path / "warc" / "web.warc.gz")] == [
        "http://web.site/a.html", "http://web.site/b.html",
    ]  # fmt: skip
    docs = list(read_file(made.path / "documents" / "docs.parquet"))
    assert [(one["id"], one["license"], one["source"]) for one in docs] == [
        ("docs/0", "MIT", "docs"), ("docs/1", "unknown", "docs"),
    ]  # fmt: skip
    assert metrics["docs"]["bytes"] == len("하나둘".encode())
    assert made.counts == {"read": 10, "kept": 8, "dropped": 2, "failed": 0}
    assert {entry["path"] for entry in made.manifest["files"]} == {
        "documents/docs.parquet", "documents/table.parquet", "warc/arch.warc.gz", "warc/web.warc.gz",
    }  # fmt: skip


def published(path):
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and WORK not in file.parts and "root" not in file.relative_to(path).parts
    }


def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(tmp_path, sources):
    section = Crawl(sources=sources)
    whole = context(tmp_path / "whole")
    metrics = run(section, whole)
    for broken_off in (1, 2, 3):  # before the n-th source
        part = context(tmp_path / f"part{broken_off}")
        left = iter([False] * broken_off)
        part.stop_requested = lambda left=left: next(left, True)
        with pytest.raises(Interrupted):
            run(section, part)
        (part.path / "warc" / ".web.warc.gz.half").write_bytes(b"half")
        rerun = context(part.path)
        assert run(section, rerun) == metrics and rerun.counts == whole.counts
        assert published(part.path) == published(whole.path)
        shutil.rmtree(part.path)


def test_limits(build, sources):
    limited = {name: source.model_copy(update={"limit": 1}) for name, source in sources.items()}
    made = build("crawl", run, Crawl(sources=limited))
    assert {name: found["records"] for name, found in made.metrics["sources"].items()} == dict.fromkeys(sources, 1)


def test_broken_records_are_counted_and_reported(tmp_path):
    parts = [page(number) for number in range(40)]
    parts[7] = parts[7][:-20] + bytes(10) + parts[7][-10:]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(parts))
    rows = [json.dumps({"text": f"글 {number}"}) for number in range(40)] + ["{broken"]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    section = {"w": Source(warc=str(tmp_path / "a.warc.gz")), "j": Source(jsonl=str(tmp_path / "a.jsonl"))}
    events = []
    stage = context(tmp_path / "out", emit=lambda kind, **fields: events.append((kind, fields)))
    run(Crawl(sources=section, bad_records=0.05), stage)
    assert stage.counts == {"read": 81, "kept": 79, "dropped": 0, "failed": 2}
    bad = {fields["source"]: fields["records"] for kind, fields in events if kind == "bad_records"}
    assert bad["j"] == [{"file": "a.jsonl", "line": 41, "reason": "broken JSON"}]
    assert bad["w"][0]["file"] == "a.warc.gz"
    with pytest.raises(StageFailed, match=r"source 'w': 1 of 40 records could not be read \(broken record"):
        run(Crawl(sources=section), context(tmp_path / "strict"))


@pytest.mark.parametrize(
    ("name", "content", "place", "error", "said"),
    [
        ("a.jsonl", "", "jsonl", InputError, "gives no page or document"),
        ("a.jsonl", '{"body": "x"}', "jsonl", StageFailed, "no field 'text'; its fields are body"),
        ("a.warc", "no archive", "warc", StageFailed, "1 of 1 records could not be read"),
        ("b", "", "warc", InputError, r"sources.s.warc: .*missing does not exist"),
        ("a.html", "x", "site", InputError, "is not a folder"),
    ],
)
def test_bad_sources_end_in_a_sentence(tmp_path, name, content, place, error, said):
    path = tmp_path / name
    path.write_text(content)
    given = str(tmp_path / "missing") if name == "b" else str(path)
    with pytest.raises(error, match=said):
        run(Crawl(sources={"s": Source(**{place: given})}), context(tmp_path / "out"))


def test_a_live_crawl_keeps_to_its_hosts_and_cannot_be_exempted():
    job = live_job(Source(urls=["http://a.example/x", "https://b.example:444/"], limit=9, depth=1, delay=2.5))
    assert (job.allow, job.limit, job.depth, job.delay) == (["a.example", "b.example"], 9, 1, 2.5)
    assert job.exempt == [] and job.obey_robots
    assert live_job(Source(urls=["http://a.example/"], allow=["c.example"])).allow == ["c.example"]


def test_a_live_crawl_of_loopback_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"source 's' gives no page or document \(private address: 1\)"):
        run(Crawl(sources={"s": Source(urls=["http://127.0.0.1:9/"], delay=0.0)}), context(tmp_path / "out"))


@pytest.mark.data
def test_real_archives_end_in_counts(tmp_path, data):
    section = Crawl(sources={"all": Source(warc=str(data / "warc"))}, bad_records=1.0)
    stage = context(tmp_path / "out")
    found = run(section, stage)["sources"]["all"]
    assert found["records"] > 650 and 0 < found["failed"] < 10
    assert stage.counts["read"] == sum(stage.counts[name] for name in ("kept", "dropped", "failed"))


def test_a_language_that_no_text_could_be_found_in_is_refused():
    assert Source(jsonl="a", lang="code").lang == "code"
    with pytest.raises(ValueError, match="language ID knows no 'kor'; did you mean 'ko'"):
        Source(jsonl="a", lang="kor")
