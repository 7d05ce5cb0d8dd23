"""The live crawl against a server of our own: limits, opt-outs, resuming, and the guard against private addresses."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from corpus.archive.warc import read_pages
from corpus.config import Crawl, Source
from corpus.crawl import run
from corpus.web.robot import AGENT
from corpus.web.spider import Job, crawl_pages, members

LINKS = '<a href="{}">다음</a>'
PAGES = {
    "/": (200, {}, "".join(LINKS.format(to) for to in (
        "/a", "/forbidden", "/missing", "/moved", "/private", "/image.png", "/noai", "/meta", "/flaky#part",
        "http://other.example/", "mailto:a@b.example", "/plain.txt")), "text/html"),
    "/a": (200, {}, LINKS.format("/b") + LINKS.format("/"), "text/html; charset=EUC-KR"),
    "/b": (200, {}, LINKS.format("/c"), "text/html"),
    "/c": (200, {}, "<p>깊은 곳</p>", "text/html"),
    **{f"/{step}": (200, {}, LINKS.format(f"/{step + 1}") if step < 4 else "끝", "text/html") for step in (1, 2, 3, 4)},
    "/forbidden": (200, {}, "<p>no robots</p>", "text/html"),
    "/moved": (302, {"Location": "/b"}, "", "text/html"),
    "/private": (302, {"Location": "http://127.0.0.1:9/secret"}, "", "text/html"),
    "/noai": (200, {"X-Robots-Tag": "noai", "Date": "Thu, 02 Jan 2020 03:04:05 GMT"}, "<p>n</p>", "text/html"),
    "/meta": (200, {}, '<META content="noindex, nofollow" name="ROBOTS">' + LINKS.format("/hidden"), "text/html"),
    "/hidden": (200, {}, "<p>h</p>", "text/html"),
    "/plain.txt": (200, {}, "그냥 글", "text/plain"),
    "/image.png": (200, {}, "png", "image/png"),
    "/robots.txt": (200, {}, "User-agent: malmoi\nDisallow: /forbidden\n", "text/plain"),
}  # fmt: skip


@pytest.fixture(scope="module")
def server():
    """(origin, the requests it has seen, with their agents)."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            seen.append((self.path, self.headers.get("User-Agent"), time.monotonic()))
            status, headers, body, kind = PAGES.get(self.path, (404, {}, "", "text/html"))
            if self.path == "/flaky":
                tries = sum(path == "/flaky" for path, _, _ in seen)
                status, headers, body, kind = (503 if tries == 1 else 200, {}, "<p>f</p>", "text/html")
            data = body.encode()
            self.send_response_only(status)
            for name, value in {**headers, "Content-Type": kind, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}", seen
        found.shutdown()


def job(place, **changes):
    settings = {
        "start_urls": [place + "/"], "allow": ["127.0.0.1"], "delay": 0.0, "depth": 1, "exempt": [place],
        "rewrite": {place: "http://test.site"}, "pause": 0.1, **changes,
    }  # fmt: skip
    return Job(**settings)


@pytest.fixture(scope="module")
def first(server, tmp_path_factory):
    place, seen = server
    folder = tmp_path_factory.mktemp("crawl") / "spool"
    del seen[:]
    return crawl_pages(job(place, opt_out="record"), folder), folder, list(seen)


def test_a_crawl_keeps_pages_and_counts_the_rest(first):
    found, folder, seen = first
    urls = [url for url, _, _ in members(folder)]
    assert urls == [f"http://test.site/{name}" for name in ("", "a", "b", "flaky", "meta", "noai", "plain.txt")]
    assert found.saved == 7 and found.opted_out == 2
    assert found.signals == {"noai": 1, "nofollow": 1, "noindex": 1}
    assert found.failed == {"status 404": 1}
    assert found.refused == {"private address": 1, "robots.txt": 1}
    paths = [path for path, _, _ in seen]
    assert "/forbidden" not in paths and "/c" not in paths and "/hidden" not in paths
    assert paths.count("/flaky") == 2, "a 503 is tried again"
    assert {agent for _, agent, _ in seen} == {AGENT}


def test_pages_are_records_with_their_headers(first, tmp_path):
    _, folder, _ = first
    path = tmp_path / "pages.warc.gz"
    path.write_bytes(b"".join(member for _, member, _ in members(folder)))
    pages = {page.url: page for page in read_pages(path)}
    assert pages["http://test.site/a"].http_headers["content-type"] == "text/html; charset=EUC-KR"
    assert pages["http://test.site/a"].body.decode() == PAGES["/a"][2]
    assert pages["http://test.site/noai"].http_headers["x-robots-tag"] == "noai"
    assert pages["http://test.site/noai"].date == "2020-01-02T03:04:05Z"
    assert pages["http://test.site/plain.txt"].mime == "text/plain"


def test_opt_outs_are_obeyed(server, tmp_path):
    place, _ = server
    found = crawl_pages(job(place), tmp_path / "spool")
    urls = [url.rpartition("/")[2] for url, _, _ in members(tmp_path / "spool")]
    assert urls == ["", "a", "b", "flaky", "plain.txt"]
    assert found.opted_out == 2 and found.signals == {"noai": 1, "nofollow": 1, "noindex": 1}
    assert found.refused["opt-out: noai"] == found.refused["opt-out: noindex"] == 1


def test_limit_depth_and_delay(server, tmp_path):
    place, seen = server
    found = crawl_pages(job(place, depth=0), tmp_path / "shallow")
    assert found.saved == 1
    del seen[:]
    found = crawl_pages(job(place, start_urls=[place + "/a"], depth=9, limit=3, delay=0.4), tmp_path / "slow")
    assert found.saved == 3
    times = [when for path, _, when in seen if path != "/robots.txt"]
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 0.15


def test_private_places_are_not_asked(server, tmp_path):
    place, seen = server
    port = place.rpartition(":")[2]
    del seen[:]
    urls = [f"http://localhost:{port}/", f"http://127.0.0.1:{port}/", f"http://2130706433:{port}/"]
    found = crawl_pages(
        Job(start_urls=urls, allow=["localhost", "127.0.0.1", "2130706433"], delay=0.0), tmp_path / "spool"
    )
    assert found.saved == 0 and seen == []
    assert sum(found.refused.values()) + sum(found.failed.values()) == 3
    assert found.refused["private address"] >= 1


def test_named_hosts_may_be_private(server, tmp_path):
    place, _ = server
    port = place.rpartition(":")[2]
    start = [f"http://localhost:{port}/c", f"http://127.0.0.1:{port}/c"]
    work = Job(start_urls=start, allow=["localhost", "127.0.0.1"], private=["localhost"], delay=0.0)
    found = crawl_pages(work, tmp_path / "spool")
    assert [url for url, _, _ in members(tmp_path / "spool")] == [f"http://localhost:{port}/c"]
    assert found.refused == {"private address": 1}


def test_the_child_ends_when_its_parent_is_killed(server, tmp_path):
    place, _ = server
    code = (
        "import sys; from pathlib import Path; from corpus.web.spider import *\n"
        f"job = Job(start_urls=['{place}/'], allow=[], delay=2.0, exempt=['{place}'])\n"
        "crawl_pages(job, Path(sys.argv[1]))"
    )
    parent = subprocess.Popen([sys.executable, "-P", "-c", code, str(tmp_path / "spool")])
    index = tmp_path / "spool" / "index.jsonl"
    try:
        wait_for(lambda: index.is_file() and index.stat().st_size > 0)
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        assert children
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


def test_a_crawl_that_was_killed_goes_on_where_it_was(server, tmp_path):
    place, seen = server
    work = job(place, start_urls=[place + "/1"], depth=9, delay=0.3, rewrite={})
    spool, index = tmp_path / "spool", tmp_path / "spool" / "index.jsonl"

    def stop(saved):
        if saved >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crawl_pages(work, spool, stop)
    with index.open("a") as file:  # as a kill in the middle of a page leaves it
        file.write('["http://half.example/", 99')
    with (spool / "pages.gz").open("ab") as file:
        file.write(b"half a page")
    before = [json.loads(line)[0] for line in index.read_text().splitlines()[:-1]]
    assert 2 <= len(before) < 4
    del seen[:]
    found = crawl_pages(work, spool)
    asked = [path for path, _, _ in seen]
    assert found.saved == 4 and not found.failed
    assert [url.removeprefix(place) for url, _, _ in members(spool)] == ["/1", "/2", "/3", "/4"]
    assert not [path for path in asked if place + path in before], "what was saved is not asked for again"
    del seen[:]
    assert crawl_pages(work, spool) == found and seen == []
    pages = [page.url for page in read_pages(spool / "pages.gz")]
    assert len(pages) == len(set(pages)) == 4
    assert crawl_pages(job(place, depth=0), spool).saved == 1, "another job begins afresh"


def wait_for(ready, seconds=30.0):
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_private_hosts_and_opt_outs_are_settings_of_a_source(server, build):
    place, _ = server
    source = Source(urls=[place + "/noai", place + "/c"], delay=0.0, depth=0, allow_private=True)
    made = build("crawl", run, Crawl(sources={"s": source}))
    facts = made.metrics["sources"]["s"]
    assert (facts["records"], facts["opted_out"], facts["opt_outs"]) == (1, 1, {"noai": 1})
    assert facts["reasons"] == {"opt-out: noai": 1}
    made = build("crawl", run, Crawl(sources={"s": source.model_copy(update={"opt_out": "record"})}))
    assert made.metrics["sources"]["s"]["records"] == 2


def test_a_tick_that_raises_ends_the_crawl(server, tmp_path):
    place, _ = server

    def stop(saved):
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        crawl_pages(job(place, delay=30.0), tmp_path / "spool", stop)
    assert time.monotonic() - began < 10
