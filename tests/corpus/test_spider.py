"""The live crawl against a server of our own: manners, limits, and the guard against private addresses."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from corpus.spider import AGENT, Job, crawl_pages, is_public, members, origin, refusal
from corpus.warc import read_pages

LINKS = '<a href="{}">다음</a>'
PAGES = {
    "/": (200, {}, "".join(LINKS.format(to) for to in (
        "/a", "/forbidden", "/missing", "/moved", "/private", "/image.png", "/noai", "/meta", "/flaky#part",
        "http://other.example/", "mailto:a@b.example", "/plain.txt")), "text/html"),
    "/a": (200, {}, LINKS.format("/b") + LINKS.format("/"), "text/html; charset=EUC-KR"),
    "/b": (200, {}, LINKS.format("/c"), "text/html"),
    "/c": (200, {}, "<p>깊은 곳</p>", "text/html"),
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
        "rewrite": {place: "http://test.site"}, **changes,
    }  # fmt: skip
    return Job(**settings)


@pytest.fixture(scope="module")
def first(server, tmp_path_factory):
    place, seen = server
    folder = tmp_path_factory.mktemp("crawl") / "spool"
    del seen[:]
    return crawl_pages(job(place), folder), folder, list(seen)


def test_a_crawl_keeps_pages_and_counts_the_rest(first):
    found, folder, seen = first
    urls = [url for url, _, _ in members(folder)]
    assert urls == [f"http://test.site/{name}" for name in ("", "a", "b", "flaky", "meta", "noai", "plain.txt")]
    assert found.saved == 7 and found.opted_out == 2
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


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
        ("fd00::1", False), ("fe80::1", False), ("::ffff:127.0.0.1", False), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://a.example/x", None), ("https://A.example:8443/x", None), ("https://b.example/", "other host"),
        ("http://10.0.0.1/", "private address"), ("http://[::1]/", "private address"),
        ("file:///etc/passwd", "bad url"),
        ("http://127.0.0.1:8000/", None), ("http://127.0.0.1:8001/", "private address"), ("http:///x", "bad url"),
        ("https://127.0.0.1:8000/", "private address"), ("http://a.example:x/", "bad url"),
    ],
)  # fmt: skip
def test_what_is_refused(url, reason):
    allow = {"a.example", "10.0.0.1", "127.0.0.1", "::1"}
    assert refusal(url, allow, {"http://127.0.0.1:8000"}) == reason


def test_origin_leaves_out_the_default_port():
    assert origin("HTTP://A.example:80/x?y") == "http://a.example"
    assert origin("https://a.example:80/") == "https://a.example:80"


def test_the_child_ends_when_its_parent_is_killed(server, tmp_path):
    place, _ = server
    code = (
        "import sys; from pathlib import Path; from corpus.spider import *\n"
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


def wait_for(ready, seconds=30.0):
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_tick_that_raises_ends_the_crawl(server, tmp_path):
    place, _ = server

    def stop(saved):
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        crawl_pages(job(place, delay=30.0), tmp_path / "spool", stop)
    assert time.monotonic() - began < 10
