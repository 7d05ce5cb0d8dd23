"""The share of a crawl that an index names: storms, cuts, wrong places, kills; the same bytes in the end."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpus.archive.warc import read_pages
from corpus.config import CommonCrawl, Crawl, Source
from corpus.crawl import run
from corpus.sources.ccindex import Wanted
from corpus.sources.commoncrawl import _spans
from pipeline.artifact import WORK
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import InputError, Interrupted, StageFailed
from tests.loopback import CRAWL, Dump, serving

CHILD = """
import sys
from pathlib import Path
import corpus.sources.commoncrawl, corpus.web.polite
corpus.sources.commoncrawl.UNIT = 3
from corpus.config import Crawl
from corpus.crawl import run
from pipeline.config import Run
from pipeline.context import Context
path = Path(sys.argv[1])
path.mkdir(parents=True, exist_ok=True)
circumstance = Run(root=sys.argv[3], host_rate=float(sys.argv[4]))
run(Crawl.model_validate_json(sys.argv[2]), Context(node="crawl", path=path, inputs={}, run=circumstance))
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("corpus.web.polite.FIRST", 0.005)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return Dump(tmp_path_factory.mktemp("dump"))


@pytest.fixture
def server(shared):
    with serving(shared.root) as found:
        yield found


@pytest.fixture
def own(tmp_path):
    """A dump that a test may damage, and its server."""
    dump = Dump(tmp_path / "dump", pages=24)
    with serving(dump.root) as found:
        yield dump, found


def section(server, bad_records=0.0, limit=None, **asked):
    asked = {"crawl": CRAWL, "base": server.base, **asked}
    return Crawl(sources={"cc": Source(commoncrawl=CommonCrawl(**asked), limit=limit)}, bad_records=bad_records)


def context(path, rate=2000.0, **more):
    path.mkdir(parents=True, exist_ok=True)
    return Context(node="crawl", path=path, inputs={}, run=Run(root=str(path / "root"), host_rate=rate), **more)


def published(path):
    found = [file for file in path.rglob("*") if file.is_file()]
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in found
        if WORK not in file.parts and "root" not in file.relative_to(path).parts
    }


def test_just_the_wanted_records_in_the_order_of_the_archives(server, shared, tmp_path):
    stage = context(tmp_path / "out")
    found = run(section(server), stage)["sources"]["cc"]
    pages = list(read_pages(tmp_path / "out" / "warc" / "cc.warc.gz"))
    wanted = [
        row["url"]
        for row in sorted(shared.rows, key=lambda row: (row["warc_filename"], row["warc_record_offset"]))
        if "kor" in (row["content_languages"] or "") and row["content_mime_detected"] == "text/html"
    ]
    assert [page.url for page in pages] == wanted and len(wanted) == 28
    assert {
        page.body.decode("cp949" if "euc" in page.http_headers["content-type"] else "utf-8")[9:12] for page in pages
    }
    assert (found["records"], found["bytes"]) == (28, sum(len(page.body) for page in pages))
    assert found["index"] == {"files": 2, "groups": 8, "groups_read": 8, "rows": 60, "selected": 28}
    assert stage.counts == {"read": 28, "kept": 28, "dropped": 0, "failed": 0}
    assert stage.provenance["fetched"]["cc"]["requests"] == len(server.log)
    last = max(shared.rows, key=lambda row: (row["warc_filename"], row["url"] == wanted[-1]))
    lay = (shared.root / last["warc_filename"]).read_bytes()[last["warc_record_offset"] :][: last["warc_record_length"]]
    assert (tmp_path / "out" / "warc" / "cc.warc.gz").read_bytes().endswith(lay)  # byte for byte as it lay there


def test_neighbours_come_by_one_request(server, tmp_path, monkeypatch):
    run(section(server), context(tmp_path / "joined"))
    joined = len([1 for path, _ in server.log if path.endswith(".warc.gz")])
    monkeypatch.setattr("corpus.sources.commoncrawl.GAP", 0)
    server.log.clear()
    run(section(server), context(tmp_path / "alone"))
    assert (joined, len([1 for path, _ in server.log if path.endswith(".warc.gz")])) == (3, 28)
    assert published(tmp_path / "joined") == published(tmp_path / "alone")


def test_spans_have_a_limit(monkeypatch):
    monkeypatch.setattr("corpus.sources.commoncrawl.SPAN", 100)
    places = [("a", 0, 60), ("a", 60, 40), ("a", 100, 10), ("b", 110, 10), ("b", 100_000, 5)]
    spans = [(one.file, one.begin, one.end) for one in _spans([Wanted(*place, "") for place in places])]
    assert spans == [("a", 0, 100), ("a", 100, 110), ("b", 110, 120), ("b", 100_000, 100_005)]


@pytest.mark.parametrize("kind", [403, 503, {"Retry-After": "0"}, "cut", "short", "shift"])
def test_storms_and_cuts_change_nothing(server, tmp_path, kind):
    run(section(server), context(tmp_path / "calm"))
    chance = random.Random(7)
    server.fault = lambda *_: kind if chance.random() < 0.3 else None
    run(section(server), context(tmp_path / "storm"))
    assert published(tmp_path / "storm") == published(tmp_path / "calm")


@pytest.mark.parametrize("status", [403, 503])
def test_a_host_that_goes_on_refusing_ends_in_exit_4_and_the_run_goes_on_later(server, tmp_path, monkeypatch, status):
    monkeypatch.setattr("corpus.sources.commoncrawl.UNIT", 5)
    run(section(server), context(tmp_path / "calm"))
    server.fault = lambda path, asked, number: status if "00002.warc.gz" in path else None
    stage = context(tmp_path / "out")
    with pytest.raises(StageFailed, match=rf"source 'cc': 127.0.0.1:\d+ answers {status}.*; 13 of 28 records are left"):
        run(section(server), stage)
    assert not (tmp_path / "out" / "warc" / "cc.warc.gz").exists()
    server.fault = None
    server.log.clear()
    run(section(server), context(tmp_path / "out"))
    asked = [path[-10:] for path, _ in server.log if path.endswith(".warc.gz")]
    assert set(asked) == {"01.warc.gz", "02.warc.gz"} and not any(path.endswith(".parquet") for path, _ in server.log)
    assert published(tmp_path / "out") == published(tmp_path / "calm")


def test_an_index_that_is_refused_says_what_is_left(server, tmp_path):
    server.fault = lambda path, asked, number: 503 if "part-00001" in path else None
    with pytest.raises(StageFailed, match="1 of 2 index files are left, and the same command goes on"):
        run(section(server), context(tmp_path / "out"))


def test_a_long_retry_after_ends_the_run_at_once(server, tmp_path):
    server.fault = lambda path, asked, number: {"Retry-After": "7200"} if path.endswith(".warc.gz") else None
    said = r"asks to (come back in 7200|be left alone for \d+ more) seconds; 28 of 28 records are left"  # by thread
    with pytest.raises(StageFailed, match=said):
        run(section(server), context(tmp_path / "out"))
    server.fault = None
    asked = len(server.log)
    with pytest.raises(StageFailed, match="asks to be left alone for"):
        run(section(server), context(tmp_path / "out"))
    assert len(server.log) == asked  # not even tried


def damage(dump):
    """A wrong byte, a wrong length, a wrong digest, a place outside, a missing file."""
    rows = sorted((row for row in dump.rows if row["url_host_tld"] == "kr"), key=lambda row: row["url"])
    rows = [row for row in rows if "00002.warc.gz" not in row["warc_filename"]]
    corrupt, longer, other, outside = rows[0], rows[1], rows[4], rows[5]
    path = dump.root / corrupt["warc_filename"]
    data = bytearray(path.read_bytes())
    data[corrupt["warc_record_offset"] + 60] ^= 0xFF
    path.write_bytes(data)
    longer["warc_record_length"] += 7
    other["content_digest"] = "A" * 32
    outside["warc_record_offset"] = 10**9
    rows[6]["warc_record_length"] = 10**9
    dump.index()
    next(dump.root.rglob("*00002.warc.gz")).unlink()


def test_damage_is_counted_with_its_place(own, tmp_path):
    dump, server = own
    damage(dump)
    stage = context(tmp_path / "out")
    events = []
    stage.emit = lambda kind, **fields: events.append((kind, fields))
    found = run(section(server, bad_records=1.0), stage)["sources"]["cc"]
    assert (
        sum(found["reasons"].values())
        == found["failed"]
        == stage.counts["failed"]
        == 5 + found["reasons"]["status 404"]
    )
    assert found["reasons"]["outside the file"] == found["reasons"]["digest differs"] == 1
    assert found["reasons"]["larger than the limit"] == 1 and found["reasons"]["more than one record"] == 1
    assert stage.counts["read"] == found["index"]["selected"] and found["kept"] > 0
    (bad,) = [fields for kind, fields in events if kind == "bad_records"]
    assert {"file", "offset", "reason"} == set(bad["records"][0])
    assert len(list(read_pages(tmp_path / "out" / "warc" / "cc.warc.gz"))) == found["kept"]


def test_too_much_damage_is_exit_4_and_is_not_fetched_twice(own, tmp_path):
    dump, server = own
    damage(dump)
    for _ in range(2):
        with pytest.raises(StageFailed, match=r"source 'cc': \d+ of 10 records could not be read .*, offset \d+\)"):
            run(section(server, bad_records=0.1), context(tmp_path / "out"))
        server.log[:] = [one for one in server.log if one[0].endswith(".warc.gz") and _ > 0]
    assert server.log == []


def test_a_limit_takes_the_first_of_the_archives(server, tmp_path, monkeypatch):
    run(section(server), context(tmp_path / "all"))
    monkeypatch.setattr("corpus.sources.commoncrawl.UNIT", 4)
    found = run(section(server, limit=10), context(tmp_path / "ten"))["sources"]["cc"]
    assert found["kept"] == found["read"] == 10
    pages = [[page.url for page in read_pages(tmp_path / name / "warc" / "cc.warc.gz")] for name in ("all", "ten")]
    assert pages[1] == pages[0][:10]


def test_nothing_wanted_is_a_sentence(server, tmp_path):
    with pytest.raises(InputError, match="source 'cc': none of the 60 rows of the index passes its filters"):
        run(section(server, languages=["jpn"]), context(tmp_path / "out"))


@pytest.mark.parametrize(
    "place",
    [
        {"warc_filename": "../../etc/passwd"}, {"warc_filename": ""}, {"warc_filename": None},
        {"warc_filename": "http://10.0.0.1/a.warc.gz"}, {"warc_record_offset": None}, {"warc_record_length": None},
    ],
)  # fmt: skip
def test_rows_without_a_place_are_counted_and_the_others_kept(own, tmp_path, place):
    dump, server = own
    for row in (dump.rows[0], dump.rows[12], dump.rows[13]):
        row.update(place, content_languages="kor", content_mime_detected="text/html")
    dump.index()
    stage = context(tmp_path / "out")
    found = run(section(server, bad_records=0.5), stage)["sources"]["cc"]
    assert found["reasons"] == {"no place in the index": 3} and found["kept"] > 3
    assert stage.counts["read"] == found["index"]["selected"] == found["kept"] + 3
    assert not any("passwd" in path for path, _ in server.log)


def test_an_index_cannot_send_us_elsewhere(own, tmp_path):
    _, server = own
    server.fault = lambda *_: "elsewhere"
    with pytest.raises(InputError, match="answers 302, which is not followed"):
        run(section(server), context(tmp_path / "other"))


def test_a_stop_is_heard_between_requests(server, tmp_path):
    stage = context(tmp_path / "out", rate=20.0)
    started = time.monotonic()
    stage.stop_requested = lambda: time.monotonic() - started > 0.3
    with pytest.raises(Interrupted):
        run(section(server), stage)
    assert time.monotonic() - started < 5


@pytest.mark.slow
def test_killed_at_ten_points_it_ends_in_the_same_bytes(server, tmp_path):
    whole = context(tmp_path / "whole")
    given = section(server)
    run(given, whole)
    out, chance = tmp_path / "out", random.Random(3)
    command = [sys.executable, "-P", "-c", CHILD, str(out), given.model_dump_json(), str(tmp_path / "root")]
    settings = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    killed = 0
    for _ in range(10):
        seen = len(server.log)
        child = subprocess.Popen([*command, "40"], env=settings)
        until = seen + chance.randint(1, 6)
        while child.poll() is None and len(server.log) < until:
            time.sleep(0.002)
        killed += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert not (out / "warc" / "cc.warc.gz").exists() or child.returncode == 0
    assert killed >= 5
    assert subprocess.run([*command, "2000"], env=settings, timeout=60).returncode == 0
    assert published(out) == published(tmp_path / "whole")
    notes = [json.loads((path / WORK / "cc.json").read_text()) for path in (out, tmp_path / "whole")]
    assert notes[0] == notes[1]
