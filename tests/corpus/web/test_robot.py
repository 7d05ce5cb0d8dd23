"""The crawl's manners against servers of our own: robots.txt that fails, storms of refusals, the reservation file."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from corpus.archive.warc import read_pages
from corpus.web.spider import Job, crawl_pages, members

PAGE = (200, {"Content-Type": "text/html"}, "<p>\uae00</p>")


@contextmanager
def serving(answer):
    """`answer(path, how often it was asked)` -> status, headers, body; gives the origin and what was asked when."""
    seen, lock = [], threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with lock:
                seen.append((self.path, time.monotonic()))
                times = sum(path == self.path for path, _ in seen)
            status, headers, body = answer(self.path, times) or (404, {}, "")
            data = body.encode()
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


def crawl(place, paths, folder, **changes):
    settings = {"delay": 0.0, "depth": 0, "pause": 0.05, **changes}
    return crawl_pages(Job([place + path for path in paths], [], exempt=[place], **settings), folder)


def paths(seen):
    return [path for path, _ in seen]


def test_robots_hold_for_requests_made_at_once(tmp_path):
    def answer(path, times):
        if path == "/robots.txt":
            time.sleep(0.3)
            return 200, {}, "User-agent: *\nDisallow: /no"
        return PAGE

    with serving(answer) as (place, seen):
        found = crawl(place, ["/no1", "/no2", "/yes1", "/no3", "/yes2"], tmp_path / "s")
    assert found.refused == {"robots.txt": 3} and found.saved == 2
    assert sorted(paths(seen)) == ["/.well-known/tdmrep.json", "/robots.txt", "/yes1", "/yes2"]


def test_robots_that_cannot_be_had_close_the_host_and_missing_ones_do_not(tmp_path):
    with serving(lambda path, times: (500, {}, "") if path == "/robots.txt" else PAGE) as (place, seen):
        found = crawl(place, ["/a"], tmp_path / "broken")
        assert found.refused == {"robots.txt": 1} and "/a" not in paths(seen)
    page = (404, {"Content-Type": "text/html"}, "User-agent: *\nDisallow: /")
    with serving(lambda path, times: page if path == "/robots.txt" else PAGE) as (place, _):
        assert crawl(place, ["/a"], tmp_path / "missing").saved == 1


def test_a_storm_is_waited_out_and_no_request_goes_in_it(tmp_path):
    def answer(path, times):
        if path == "/b" and times == 1:
            return 429, {"Retry-After": "1"}, ""
        return PAGE if path[1:] in "abcd" else None

    with serving(answer) as (place, seen):
        found = crawl(place, ["/a", "/b", "/c", "/d"], tmp_path / "s", delay=0.05)
    assert found.saved == 4 and not found.failed
    refused = next(when for path, when in seen if path == "/b")
    later = [when - refused for _, when in seen if when > refused]
    assert len(later) >= 2 and min(later) > 0.95
    assert paths(seen).count("/b") == 2


def test_a_host_that_goes_on_refusing_is_given_up(tmp_path):
    with serving(lambda path, times: (503, {}, "") if path.startswith("/p") else None) as (place, seen):
        found = crawl(place, [f"/p{number}" for number in range(12)], tmp_path / "s", delay=0.01, pause=0.01)
    asked = [path for path in paths(seen) if path.startswith("/p")]
    assert len(asked) <= 9
    assert sum(found.failed.values()) + sum(found.refused.values()) == 12 and found.refused["host given up"] >= 10
    times = [when for path, when in seen if path.startswith("/p")]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps[5] > 2 * gaps[2], "pauses grow"


def test_a_site_that_asks_for_hours_is_left(tmp_path):
    began = time.monotonic()
    with serving(lambda path, times: (429, {"Retry-After": "7200"}, "") if path == "/a" else None) as (place, _):
        found = crawl(place, ["/a", "/b"], tmp_path / "s")
    assert found.saved == 0 and time.monotonic() - began < 30


def test_the_reservation_file_is_obeyed_or_recorded(tmp_path):
    rules = '[{"location": "/news", "tdm-reservation": 1, "tdm-policy": "https://a.example/p"}]'

    def answer(path, times):
        if path == "/.well-known/tdmrep.json":
            return 200, {"Content-Type": "application/json"}, rules
        return PAGE if path in ("/news/1", "/open") else None

    with serving(answer) as (place, seen):
        found = crawl(place, ["/news/1", "/open"], tmp_path / "obey")
        assert found.refused == {"opt-out: tdm-reservation": 1} and found.saved == found.opted_out == 1
        assert "/news/1" not in paths(seen) and paths(seen).count("/.well-known/tdmrep.json") == 1
        found = crawl(place, ["/news/1", "/open"], tmp_path / "record", opt_out="record")
    assert found.saved == 2 and found.opted_out == 1 and found.signals == {"tdm-reservation": 1}
    (tmp_path / "a.warc.gz").write_bytes(b"".join(member for _, member, _ in members(tmp_path / "record")))
    pages = list(read_pages(tmp_path / "a.warc.gz"))
    assert [page.http_headers.get("tdm-reservation") for page in pages] == ["1", None]
