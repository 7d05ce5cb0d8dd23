"""A server on loopback with Common Crawl's layout, made from pages the tests write, and with faults on request."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import threading
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CRAWL = "CC-MAIN-2099-01"


def member(fields: dict[str, str], block: bytes) -> bytes:
    """One gzip member with one record, its header as Common Crawl writes it."""
    head = "\r\n".join(["WARC/1.0", *(f"{name}: {value}" for name, value in fields.items())])
    record = f"{head}\r\nContent-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(record) + packer.flush()


def digest(body: bytes) -> str:
    return base64.b32encode(hashlib.sha1(body).digest()).decode()


def response(url: str, body: bytes, status: int = 200, charset: str = "utf-8") -> bytes:
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: text/html; charset={charset}\r\nX-Crawler-Transfer: chunked\r\n\r\n"
    fields = {
        "WARC-Type": "response",
        "WARC-Date": "2099-01-01T00:00:00Z",
        "WARC-Record-ID": f"<urn:uuid:{hashlib.md5(url.encode()).hexdigest()}>",
        "WARC-Target-URI": url,
        "Content-Type": "application/http; msgtype=response",
        "WARC-Payload-Digest": f"sha1:{digest(body)}",
    }
    return member(fields, head.encode() + body)


def conversion(url: str, text: str, languages: str) -> bytes:
    fields = {
        "WARC-Type": "conversion",
        "WARC-Target-URI": url,
        "WARC-Date": "2099-01-01T00:00:00Z",
        "WARC-Record-ID": f"<urn:uuid:{hashlib.md5(text.encode()).hexdigest()}>",
        "WARC-Identified-Content-Language": languages,
        "Content-Type": "text/plain",
    }
    return member(fields, text.encode())


class Dump:
    """A crawl in a folder: WARC and WET files, their lists, and an index of two Parquet files sorted by SURT."""

    def __init__(self, root: Path, pages: int = 60, files: int = 3) -> None:
        self.root, self.rows = root, list[dict]()
        names = []
        for number in range(files):
            name = f"crawl-data/{CRAWL}/segments/{number}.1/warc/CC-MAIN-{number:05d}.warc.gz"
            names.append(name)
            self._warc(name, number, range(number, pages, files))
        wets = [name.replace("/warc/", "/wet/").replace(".warc.gz", ".warc.wet.gz") for name in names]
        for number, name in enumerate(wets):
            self._wet(name, range(number, pages, files))
        self._list("warc.paths.gz", names)
        self._list("wet.paths.gz", wets)
        self.index()

    def _warc(self, name: str, segment: int, numbers: range) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = [member({"WARC-Type": "warcinfo", "Content-Type": "application/warc-fields"}, b"isPartOf: x\r\n")]
        at = len(parts[0])
        for number in numbers:
            korean = number % 2 == 0
            host = f"www.site{number:03d}.{'kr' if korean else 'com'}"
            url = f"https://{host}/{number}"
            charset = "EUC-KR" if number % 4 == 0 else "UTF-8"
            text = f"<html><p>{'말과 글 ' * (number + 5) if korean else 'words ' * 20}{number}</p></html>"
            body = text.encode("cp949" if charset == "EUC-KR" else "utf-8")
            parts.append(
                member({"WARC-Type": "request", "Content-Type": "application/http"}, b"GET / HTTP/1.1\r\n\r\n")
            )
            at += len(parts[-1])
            packed = response(url, body, 404 if number == 5 else 200, charset.lower())
            parts.append(packed)
            self.rows.append(
                {
                    "url_surtkey": f"{'kr' if korean else 'com'},site{number:03d})/{number}",
                    "url": url,
                    "url_host_name": host,
                    "url_host_tld": host.rpartition(".")[2],
                    "url_host_registered_domain": host.removeprefix("www."),
                    "fetch_status": 404 if number == 5 else 200,
                    "content_digest": digest(body),
                    "content_mime_type": "text/html",
                    "content_mime_detected": "application/pdf" if number == 6 else "text/html",
                    "content_charset": charset,
                    "content_languages": None if number == 8 else ("kor,eng" if korean else "eng"),
                    "warc_filename": name,
                    "warc_record_offset": at,
                    "warc_record_length": len(packed),
                    "warc_segment": f"{segment}.1",
                }
            )
            at += len(packed)
        path.write_bytes(b"".join(parts))

    def _wet(self, name: str, numbers: range) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = [member({"WARC-Type": "warcinfo", "Content-Type": "application/warc-fields"}, b"isPartOf: x\r\n")]
        for number in numbers:
            korean = number % 2 == 0
            text = f"{'말과 글' if korean else 'words'} {number}\n"
            parts.append(conversion(f"https://a.kr/{number}", text, "kor,eng" if korean else "eng"))
        path.write_bytes(b"".join(parts))

    def _list(self, name: str, paths: list[str]) -> None:
        path = self.root / "crawl-data" / CRAWL / name
        path.write_bytes(gzip.compress("".join(f"{line}\n" for line in paths).encode(), mtime=0))

    def index(self) -> None:
        """Write the index anew from `rows`: short row groups, so that statistics have something to leave out."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {"fetch_status": pa.int16(), "warc_record_offset": pa.int32(), "warc_record_length": pa.int32()}
        schema = pa.schema([(name, kinds.get(name, pa.string())) for name in self.rows[0]])
        rows = sorted(self.rows, key=lambda row: row["url_surtkey"])
        listed = []
        for number, part in enumerate((rows[: len(rows) // 3], rows[len(rows) // 3 :])):
            name = f"cc-index/table/cc-main/warc/crawl={CRAWL}/subset=warc/part-{number:05d}.gz.parquet"
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(part, schema=schema), path, row_group_size=8, compression="gzip")
            listed.append(name)
        other = listed[0].replace("subset=warc", "subset=robotstxt")
        self._list("cc-index-table.paths.gz", [other, *listed])


Fault = Callable[[str, tuple[int, int] | None, int], "int | str | dict[str, str] | None"]


class Server:
    """Serves a folder by ranges and keeps a log of (path, range).

    `fault(path, range, nth request)` may say: a status to answer with, a dict of headers for a 429, "cut" (half of the
    body, then the end), "short" (fewer bytes than promised are promised), "shift" (another Content-Range), "whole" (200
    and no range), "elsewhere" (a redirect to a private address).
    """

    def __init__(self, root: Path) -> None:
        self.root, self.fault, self.log = root, None, list[tuple[str, tuple[int, int] | None]]()
        self.base = ""

    fault: Fault | None


@contextmanager
def serving(root: Path):
    server = Server(root)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            asked = (int(found[1]), int(found[2]) + 1) if found else None
            server.log.append((path, asked))
            fault = server.fault(path, asked, len(server.log)) if server.fault else None
            if isinstance(fault, int):
                self.answer(fault, b"no")
                return
            if isinstance(fault, dict):
                self.answer(429, b"slow", fault)
                return
            if fault == "elsewhere":
                self.answer(302, b"", {"Location": "http://10.0.0.1/secret"})
                return
            file = root / path
            if not file.is_file():
                self.answer(404, b"NoSuchKey")
                return
            data = file.read_bytes()
            headers = {"ETag": f'"{digest(data)}"'}
            if asked is None or fault == "whole":
                self.answer(200, data, headers)
                return
            begin, end = asked[0], min(asked[1], len(data))
            if begin >= len(data):
                self.answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                return
            body = data[begin:end]
            shift = 1 if fault == "shift" else 0
            headers["Content-Range"] = f"bytes {begin + shift}-{end - 1 + shift}/{len(data)}"
            if fault == "short":
                body = body[: max(0, len(body) - 3)]
            self.answer(206, body, headers, cut=fault == "cut")

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: bool = False) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            if cut:
                self.close_connection = True

    class Listener(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that was killed or gave up

    listener = Listener(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.base = f"http://127.0.0.1:{listener.server_address[1]}"
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
