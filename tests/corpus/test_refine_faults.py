"""What must not hurt a refine: a full disk, kill -9, bombs, hostile names, a parser that hangs or dies."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import zlib
from functools import partial
from pathlib import Path

import pytest

import corpus.pages.clean
import corpus.unit
from corpus import refine
from corpus.archive.warc import Page, info_member, page_member
from corpus.config import Refine
from corpus.documents import read_documents, read_file
from corpus.pages.clean import Cleaner, Outcome, settings
from corpus.pages.guard import Guard, Lost
from corpus.split import units
from pipeline.artifact import Artifact, files_below, publish
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import StageFailed
from tests.toys import paragraphs

SECTION = Refine(unit_bytes=3000)


def member(number, text=None, **more):
    text = "</p><p>".join(paragraphs("ko", 3, seed=number)) if text is None else text
    html = f"<html><head><title>쪽 {number}</title></head><body><p>{text}</p></body></html>"
    url = more.pop("url", f"http://a/{number}")
    return page_member(Page(url, {"content-type": "text/html; charset=utf-8"}, html.encode(), **more))


def make_crawl(folder: Path, members: list[bytes]) -> Artifact:
    part = folder / "crawl.part"
    (part / "warc").mkdir(parents=True)
    (part / "warc" / "site.warc.gz").write_bytes(b"".join([info_member(software="test"), *members]))
    facts = {"kind": "pages", "lang": "ko", "license": "CC0-1.0"}
    return publish(
        part, folder / "crawl",
        {"stage": "crawl", "version": 1, "fingerprint": "f", "section": {}, "inputs": {}, "counts": {},
         "metrics": {"sources": {"site": facts}}, "provenance": {}},
    )  # fmt: skip


def context(folder, crawl):
    folder.mkdir(parents=True, exist_ok=True)
    return Context(node="refine", path=folder, inputs={"crawl": crawl}, run=Run(root=str(folder), workers=1))


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in files_below(folder) if ".work" not in path.parts
    }


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    return make_crawl(tmp_path_factory.mktemp("faults"), [member(number) for number in range(20)])


DRIVER = """
import json, os, resource, signal, sys
from pathlib import Path
from corpus import refine
from corpus.config import Refine
from pipeline.artifact import Artifact
from pipeline.config import Run
from pipeline.context import Context

WRITES = {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"}

def main():
    folder, crawl, size, last, most = sys.argv[1:6]
    count = 0
    def watch(event, arguments):
        nonlocal count
        if event in WRITES or (event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")):
            count += 1
            if count == int(last):
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(watch)
    if int(most):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    context = Context("refine", path, {"crawl": Artifact(Path(crawl))}, Run(root=folder, workers=1))
    metrics = refine.run(Refine(unit_bytes=int(size)), context)
    (path / "metrics.json").write_text(json.dumps({"counts": context.counts, **metrics}, sort_keys=True))
    print(count)

if __name__ == "__main__":
    main()
"""


def drive(tmp_path, folder, crawl, last=0, most=0):
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    command = [sys.executable, "-P", str(script), str(folder), str(crawl.path), "3000", str(last), str(most)]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


@pytest.mark.slow
def test_kill_9_at_ten_points_leaves_nothing_that_looks_whole(tmp_path, crawl):
    """At the n-th change to the file system, for ten n spread over all of them; each time the same folder goes on."""
    whole = drive(tmp_path, tmp_path / "whole", crawl)
    changes = int(whole.stdout)
    wanted = contents(tmp_path / "whole")
    assert changes > 40 and len(wanted) > 5
    for point in range(10):
        folder = tmp_path / f"killed{point}"
        died = drive(tmp_path, folder, crawl, last=1 + point * (changes - 1) // 9)
        assert died.returncode == -signal.SIGKILL, (point, died.stderr)
        assert not (folder / "metrics.json").exists() or point == 9
        for unit in folder.glob(".work/units/*"):
            if unit.suffix != ".tmp":  # a renamed unit is whole
                json.loads((unit / "tally.json").read_text())
                for path in unit.glob("*.parquet"):
                    list(read_file(path))
        assert drive(tmp_path, folder, crawl).returncode == 0
        assert contents(folder) == wanted, point


def test_a_full_disk_is_one_sentence(tmp_path, crawl):
    done = drive(tmp_path, tmp_path / "full", crawl, most=2000)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("pipeline.errors.StageFailed: refine cannot write"), done.stderr
    assert last.endswith("File too large")
    units = [unit for unit in (tmp_path / "full/.work/units").iterdir() if unit.suffix != ".tmp"]
    assert not units and not list((tmp_path / "full").glob("*.parquet"))
    for folder in ("full", "fresh"):
        assert drive(tmp_path, tmp_path / folder, crawl).returncode == 0
    assert contents(tmp_path / "full") == contents(tmp_path / "fresh")


def test_no_space_left_is_exit_4(tmp_path, crawl, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(corpus.unit, "write_json", full)
    monkeypatch.setattr(refine, "_unit_process", lost)  # so that it is done in this process
    with pytest.raises(StageFailed, match=r"cannot write .*: No space left on device") as failure:
        refine.run(SECTION, context(tmp_path / "full", crawl))
    assert failure.value.code == 4


class Trap(Cleaner):
    """Drops every page at once, but for one that never ends."""

    def clean(self, raw):
        while raw.url.endswith("/3"):
            pass
        row = {**vars(raw), "text": "", "meta": {}}
        return Outcome(row, 0, "empty", "0", "1")


def trapped_units(section, alive):
    corpus.pages.clean.Cleaner = Trap  # in the child alone
    return corpus.unit.unit_worker(section, alive)


def trapped_pages(section, alive):
    return Trap(settings(section)).clean


def lost(section):
    raise Lost("crash")


def test_a_page_that_hangs_the_parser_costs_one_record(tmp_path, crawl, monkeypatch):
    units, pages = (Guard(partial(make, SECTION.model_dump_json()), 4) for make in (trapped_units, trapped_pages))
    monkeypatch.setattr(refine, "_unit_process", lambda section: units)
    monkeypatch.setattr(refine, "_page_process", lambda section: pages)
    found = context(tmp_path / "trap", crawl)
    metrics = refine.run(SECTION, found)
    units.close()
    pages.close()
    assert metrics["failed"] == {"timeout": 1} and found.counts["read"] == 20 and found.counts["failed"] == 1
    (record,) = map(json.loads, (found.path / "failed.jsonl").read_text().splitlines())
    assert record["url"] == "http://a/3"


# VmHWM begins anew with a program; ru_maxrss of a process counts what its parent held when it was started.
PEAK = (
    "own = next(line for line in open('/proc/self/status') if line.startswith('VmHWM')); "
    "print(max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))"
)


def test_bombs_inside_bombs_cost_no_memory(tmp_path):
    """Gzip in gzip in a gzip member, and a page that is one long nest of tags."""
    zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
    inner = b"".join(zeros.compress(bytes(1 << 20)) for _ in range(300)) + zeros.flush()
    outer = gzip.compress(inner, mtime=0)
    head = {"content-type": "text/html", "content-encoding": "gzip, gzip"}

    def raw_member(body, headers):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        block = f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body
        warc = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/bomb\r\nContent-Length: {len(block)}\r\n"
        return gzip.compress(
            f"{warc}Content-Type: application/http; msgtype=response\r\n\r\n".encode() + block + b"\r\n\r\n"
        )

    nest = "<div>" * 20_000 + " ".join(paragraphs("ko", 3))
    crawl = make_crawl(
        tmp_path,
        [
            member(0),
            raw_member(outer, head),
            raw_member(inner, {**head, "content-encoding": "gzip"}),
            member(1, nest),
            member(2),
        ],
    )
    script = tmp_path / "bombs.py"
    script.write_text(DRIVER.replace("    print(count)", f"    {PEAK}"))
    command = [sys.executable, "-P", str(script), str(tmp_path / "out"), str(crawl.path), str(64 << 20), "0", "0"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out/metrics.json").read_text())
    assert found["failed"] == {"larger than the limit": 2} and found["counts"]["read"] == 5
    assert int(done.stdout) < 300 << 10  # KiB, the larger of the worker and its page process


def test_hostile_names_and_addresses_stay_data(tmp_path, build):
    urls = [
        "http://a/../../../etc/passwd",
        "http://a/%00%0a",
        "http://a/" + "x" * 9000,
        "http://ㅋㅋ.kr/\u202e한글?<script>",
    ]
    crawl = make_crawl(tmp_path, [member(number, url=url) for number, url in enumerate(urls)])
    found = build("refine", refine.run, Refine(), {"crawl": crawl})
    documents = list(read_documents(found))
    assert [document["url"] for document in documents] == urls
    assert all(path.is_relative_to(found.path) for path in files_below(found.path))
    assert {document["id"].partition("/")[0] for document in documents} == {"site"}


class Long:
    """Answers every page with a document of 200 kB."""

    text = "국립도서관은 해마다 보고서를 펴낸다. " * 4000

    def ask(self, raw):
        meta = {"charset_by": "header"}
        return Outcome({**vars(raw), "text": f"{raw.id}{self.text}", "meta": meta}, len(self.text))


def test_memory_does_not_grow_with_the_unit(tmp_path, monkeypatch):
    """One unit that gives 500 MB of text: rows go to the file as they come."""
    monkeypatch.setattr(refine, "_unit_process", lost)
    monkeypatch.setattr(refine, "_page_process", lambda section: Long())
    grown = []
    for count in (200, 1200):
        (tmp_path / str(count)).mkdir()
        crawl = make_crawl(tmp_path / str(count), [member(0)] * count)
        (unit,) = units(crawl, 1 << 30)
        folder = tmp_path / f"unit{count}"
        folder.mkdir()
        refine.refine_unit(unit, folder, SECTION)
        assert json.loads((folder / "tally.json").read_text())["kept"] == count
        grown.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
    assert grown[1] - grown[0] < 60, grown
