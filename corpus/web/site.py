"""`site: FOLDER`: a folder of real HTML, served on loopback and crawled as any site would be.

The server sends each file's bytes as they lie, and names a charset only where the file's name does (Apache's
`page.html.ko.euc-kr`), so that a page's own `<meta charset>` decides. Records are written under
`http://<source>.site/`, so that they are the same bytes whatever port the server had.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

from corpus.web.spider import Crawled, Job, crawl_pages
from pipeline.artifact import files_below
from pipeline.errors import InputError

HTML = {".html": "text/html", ".htm": "text/html", ".xhtml": "application/xhtml+xml", ".xht": "application/xhtml+xml"}
CHARSETS = {".euc-kr": "euc-kr", ".cp949": "cp949", ".utf8": "utf-8", ".utf-8": "utf-8", ".iso-2022-kr": "iso-2022-kr"}
MAP = "/sitemap.xml"  # made by the server; no file of the folder is served there


def html_pages(folder: Path) -> dict[str, tuple[Path, str]]:
    """URL path -> (file, Content-Type) of every HTML page below a folder, `page.html.ko.euc-kr` included."""
    pages = {}
    for path in files_below(folder):
        suffixes = [suffix.lower() for suffix in path.suffixes]
        kind = next((HTML[suffix] for suffix in suffixes if suffix in HTML), None)
        if kind is None or suffixes[-1] in (".gz", ".bz2", ".xz", ".zip"):
            continue
        charset = next((CHARSETS[suffix] for suffix in suffixes if suffix in CHARSETS), None)
        place = "/" + quote(os.fsencode(path.relative_to(folder)))
        pages[place] = (path, f"{kind}; charset={charset}" if charset else kind)
    return pages


@contextmanager
def serve(pages: dict[str, tuple[Path, str]]) -> Iterator[str]:
    """Serve pages and a sitemap of them on a free loopback port; gives the origin."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if self.path == MAP:
                self.answer(200, "application/xml", sitemap)
            elif self.path in pages:
                path, kind = pages[self.path]
                try:
                    self.answer(200, kind, path.read_bytes())
                except OSError:
                    self.answer(500, "text/plain", b"")
            else:
                self.answer(404, "text/plain", b"")

        def answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response_only(status)  # no Server and no Date: they would differ from run to run
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        origin = f"http://127.0.0.1:{server.server_port}"
        entries = "".join(f"<url><loc>{escape(origin + place)}</loc></url>" for place in pages)
        sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield origin
        finally:
            server.shutdown()
            thread.join()


def crawl_site(
    name: str,
    folder: Path,
    spool: Path,
    limit: int | None = None,
    tick: Callable[[int], None] = lambda saved: None,
) -> Crawled:
    """Serve a folder and crawl its pages, the first `limit` by URL, into `spool` (see `corpus.web.spider.members`)."""
    if not folder.is_dir():
        raise InputError(f"sources.{name}.site: {folder} is not a folder")
    pages = dict(sorted(html_pages(folder).items())[:limit])
    if not pages:
        raise InputError(f"sources.{name}.site: {folder} holds no HTML page ({', '.join(HTML)})")
    with serve(pages) as origin:
        job = Job(
            start_urls=[origin + MAP],
            allow=[],
            delay=0.0,
            depth=1,  # the sitemap, then every page it lists
            exempt=[origin],
            rewrite={origin: f"http://{name}.site"},
            obey_robots=False,  # the folder is the user's own
        )
        return crawl_pages(job, spool, tick)
