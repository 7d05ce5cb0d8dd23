"""Whole WARC and WET files by a list of paths: one at a time, resumed, subsets by seed, languages of WET."""

import re

import pytest

from corpus.archive.warc import read_pages
from corpus.config import Archives, Crawl, Source
from corpus.crawl import run
from corpus.documents import read_file
from pipeline.artifact import WORK
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import InputError, Interrupted, StageFailed
from tests.loopback import CRAWL, Dump, serving


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("corpus.web.polite.FIRST", 0.005)


@pytest.fixture
def dump(tmp_path):
    return Dump(tmp_path / "dump", pages=24)


@pytest.fixture
def server(dump):
    with serving(dump.root) as found:
        yield found


def section(server, limit=None, bad_records=0.0, **asked):
    if not {"paths", "url"} & set(asked):
        asked["crawl"] = CRAWL
    source = Source(archives=Archives(base=server.base, **asked), limit=limit, license="CC0-1.0")
    return Crawl(sources={"arch": source}, bad_records=bad_records)


def context(path, **more):
    path.mkdir(parents=True, exist_ok=True)
    return Context(node="crawl", path=path, inputs={}, run=Run(host_rate=2000.0, root=str(path / "root")), **more)


def published(path):
    found = [file for file in path.rglob("*") if file.is_file() and WORK not in file.parts]
    return {file.name: file.read_bytes() for file in found if "root" not in file.relative_to(path).parts}


def urls(path):
    return [int(page.url.rpartition("/")[2]) for page in read_pages(path / "warc" / "arch.warc.gz")]


def test_warc_files_in_the_order_of_the_list(server, tmp_path):
    stage = context(tmp_path / "out")
    found = run(section(server), stage)["sources"]["arch"]
    assert urls(tmp_path / "out") == [n for first in range(3) for n in range(first, 24, 3) if n != 5]
    assert (found["files"], found["files_missing"], found["reasons"]) == (3, 0, {"status 404": 1})
    assert stage.counts == {"read": 24, "kept": 23, "dropped": 1, "failed": 0}
    assert not list((tmp_path / "out" / WORK).rglob("*.warc.gz"))  # the disk of one file, not of all


@pytest.mark.parametrize("kind", ["warc", "wet"])
def test_a_refusal_in_the_middle_is_gone_on_with(server, tmp_path, monkeypatch, kind):
    run(section(server, kind=kind), context(tmp_path / "calm"))
    monkeypatch.setattr("corpus.sources.ranges.PIECE", 500)
    server.fault = lambda path, asked, number: 503 if "00001" in path and asked[0] >= 500 else None
    with pytest.raises(StageFailed, match="source 'arch': 127.0.0.1.*; 2 of 3 files are left, and the same command"):
        run(section(server, kind=kind), context(tmp_path / "out"))
    server.fault = None
    server.log.clear()
    stage = context(tmp_path / "out")
    run(section(server, kind=kind), stage)
    assert not any("00000.warc" in path for path, _ in server.log)
    assert (500, 1000) in [asked for path, asked in server.log if "00001" in path]
    assert (0, 500) not in [asked for path, asked in server.log if "00001" in path]
    assert published(tmp_path / "out") == published(tmp_path / "calm")


@pytest.mark.parametrize("kind", ["warc", "wet"])
def test_a_stop_at_any_file_changes_nothing(server, tmp_path, kind):
    metrics = run(section(server, kind=kind), context(tmp_path / "whole"))
    out = tmp_path / "out"
    for calls in (1, 2, 2):  # before each file
        left = iter([False] * calls)
        with pytest.raises(Interrupted):
            run(section(server, kind=kind), context(out, stop_requested=lambda left=left: next(left, True)))
    assert run(section(server, kind=kind), context(out)) == metrics
    assert published(out) == published(tmp_path / "whole")


def test_a_missing_file_and_a_broken_member_are_counted(server, dump, tmp_path):
    names = sorted((dump.root / "crawl-data").rglob("*.warc.gz"))
    names[2].unlink()
    data = bytearray(names[1].read_bytes())
    data[len(data) // 2 : len(data) // 2 + 9] = bytes(9)
    names[1].write_bytes(data)
    stage = context(tmp_path / "out")
    found = run(section(server, bad_records=0.5), stage)["sources"]["arch"]
    assert found["files_missing"] == found["reasons"]["file not on the server"] == 1 and found["failed"] >= 2
    assert stage.counts["read"] == sum(stage.counts[name] for name in ("kept", "dropped", "failed"))
    with pytest.raises(StageFailed, match="records could not be read"):
        run(section(server), context(tmp_path / "strict"))


def test_wet_texts_keep_their_languages(server, tmp_path):
    stage = context(tmp_path / "out")
    found = run(section(server, kind="wet", languages=["kor"]), stage)["sources"]["arch"]
    rows = list(read_file(tmp_path / "out" / "documents" / "arch.parquet"))
    assert found["kind"] == "documents" and found["reasons"] == {"other language": 12}
    assert stage.counts == {"read": 24, "kept": 12, "dropped": 12, "failed": 0}
    assert [row["text"] for row in rows] == [
        f"말과 글 {n}\n" for first in (0, 1, 2) for n in range(first, 24, 3) if n % 2 == 0
    ]
    assert rows[0]["meta"] == {
        "archive": "CC-MAIN-00000.warc.wet.gz", "date": "2099-01-01T00:00:00Z", "languages": "kor,eng",
        "offset": rows[0]["meta"]["offset"],
    }  # fmt: skip
    assert rows[0]["url"] == "https://a.kr/0" and rows[0]["license"] == "CC0-1.0" and rows[0]["lang"] == "ko"
    assert [row["id"] for row in rows] == [f"arch/{number}" for number in range(12)]
    assert found["bytes"] == sum(len(row["text"].encode()) for row in rows)


def test_a_file_subset_by_seed_and_a_limit(server, tmp_path):
    seen = set()
    for seed in range(8):
        out = tmp_path / str(seed)
        found = run(section(server, files=1, seed=seed), context(out))["sources"]["arch"]
        assert found["files"] == 1
        seen.add(urls(out)[0])
    assert seen == {0, 1, 2}
    limited = {}
    for kind in ("warc", "wet"):
        out = tmp_path / f"limit-{kind}"
        limited[kind] = run(section(server, kind=kind, limit=10), context(out))["sources"]["arch"]
    assert [(found["records"], found["files"]) for found in limited.values()] == [(10, 2), (10, 2)]


def test_lists_of_ones_own(server, dump, tmp_path):
    names = sorted(str(path.relative_to(dump.root)) for path in (dump.root / "crawl-data").rglob("*.warc.gz"))
    own = tmp_path / "own.paths"
    own.write_text(f"{names[1]}\n\n{server.base}/{names[0]}\n")
    run(section(server, paths=str(own)), context(tmp_path / "local"))
    assert urls(tmp_path / "local")[0] == 1
    run(section(server, url=f"{server.base}/crawl-data/{CRAWL}/warc.paths.gz"), context(tmp_path / "url"))
    assert urls(tmp_path / "url")[0] == 0
    own.write_text("http://10.0.0.1/secret.warc.gz\n")
    with pytest.raises(InputError, match="no path below"):
        run(section(server, paths=str(own)), context(tmp_path / "far"))


@pytest.mark.parametrize("kind", ["warc", "wet"])
@pytest.mark.parametrize("line", ["a/..", "../../../etc/x.warc.gz", "http://10.0.0.1/x.warc.gz", "a/1\0.warc.gz", "a/"])
def test_a_line_that_leads_elsewhere_is_counted(server, dump, tmp_path, kind, line):
    name = min(str(path.relative_to(dump.root)) for path in dump.root.rglob(f"{kind}/*.gz"))
    own = tmp_path / "own.paths"
    own.write_text(f"{line}\n{name}\n")
    loose = section(server, paths=str(own), kind=kind, bad_records=0.9)
    found = run(loose, context(tmp_path / "out"))["sources"]["arch"]
    assert found["reasons"]["no path below the base"] == found["failed"] == found["files_missing"] == 1
    assert found["kept"] > 5 and found["files"] == 2
    with pytest.raises(StageFailed, match=f"no path below the base: 1; the first is {re.escape(line)}"):
        run(section(server, paths=str(own), kind=kind), context(tmp_path / "strict"))


class Renamed:
    """A folder in which files have other names than on disk."""

    def __init__(self, root, names):
        self.root, self.names = root, names

    def __truediv__(self, path):
        return self.root / self.names.get(path, path)


@pytest.mark.parametrize("kind", ["warc", "wet"])
def test_a_name_too_long_for_a_file_is_read_and_gone_on_with(dump, tmp_path, monkeypatch, kind):
    name = min(str(path.relative_to(dump.root)) for path in dump.root.rglob(f"{kind}/*.gz"))
    long = f"{name.rpartition('/')[0]}/{'x' * 300}.warc.gz"
    own = tmp_path / "own.paths"
    own.write_text(f"{long}\n{name}\n")
    monkeypatch.setattr("corpus.sources.ranges.PIECE", 500)
    with serving(Renamed(dump.root, {long: name})) as server:
        given = section(server, paths=str(own), kind=kind)
        found = run(given, context(tmp_path / "calm"))["sources"]["arch"]
        server.fault = lambda path, asked, number: 503 if asked[0] >= 500 else None
        with pytest.raises(StageFailed, match="2 of 2 files are left"):
            run(given, context(tmp_path / "out"))
        server.fault, server.log[:] = None, []
        run(given, context(tmp_path / "out"))
    assert found["files"] == 2 and found["failed"] == 0 and found["kept"] > 5
    assert (0, 500) not in [asked for path, asked in server.log if path == long]
    assert published(tmp_path / "out") == published(tmp_path / "calm")
    if kind == "wet":
        rows = read_file(tmp_path / "out" / "documents" / "arch.parquet")
        assert {row["meta"]["archive"] for row in rows} == {path.rpartition("/")[2] for path in (long, name)}


def test_lists_that_are_not_there(server, tmp_path):
    with pytest.raises(InputError, match="nothing.gz: status 404"):
        run(section(server, url=f"{server.base}/nothing.gz"), context(tmp_path / "a"))
    with pytest.raises(InputError, match=r"own.paths cannot be read: No such file"):
        run(section(server, paths=str(tmp_path / "own.paths")), context(tmp_path / "b"))


@pytest.mark.parametrize("given", [{}, {"crawl": "A", "url": "http://a/b"}, {"crawl": "A", "languages": ["kor"]}])
def test_a_list_is_named_once(given):
    with pytest.raises(ValueError, match="archives"):
        Archives(**given)
