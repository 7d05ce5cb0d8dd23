"""WARC in and out: pages read with bounds on every size, records written so that the same pages give the same bytes.

Reading never raises on what a file holds: a record that is broken, cut off or too large is counted in `Reading` and
skipped, and the reader finds the next whole record behind it. Formats: WARC 1.0 and 1.1, plain, gzip (many members),
zstd, lz4, and ARC; pages are `response` records, and `resource` and `conversion` (WET) records as they are.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from corpus.archive.arc import is_arc, read_arc
from corpus.archive.body import BODY_LIMIT, BROKEN, CHUNK, BadBody, decode_body, read_up_to
from corpus.archive.page import EXAMPLES, Page, Reading, apart, joint
from pipeline.errors import InputError

__all__ = [
    "BODY_LIMIT", "EXAMPLES", "HEADER_LIMIT", "SUFFIXES", "BadBody", "Page", "Reading", "Window", "decode_body",
    "info_member", "page_member", "read_pages", "read_window",
]  # fmt: skip

SUFFIXES = (
    ".warc", ".warc.gz", ".warc.zst", ".warc.lz4", ".wet", ".wet.gz", ".wet.zst", ".wet.lz4", ".arc", ".arc.gz",
)  # fmt: skip
HEADER_LIMIT = 64 << 10
DATE = "1970-01-01T00:00:00Z"  # of a record whose source states none: a clock would change the bytes
KINDS = ("response", "resource", "conversion")
DROPPED_HEADERS = ("content-length", "content-encoding", "transfer-encoding")  # true of the stored body, not of ours
STARTS = {"gzip": b"\x1f\x8b\x08", "zstd": b"\x28\xb5\x2f\xfd", "lz4": b"\x04\x22\x4d\x18", "plain": b"WARC/1."}
SUFFIX_FORMS = {".gz": "gzip", ".zst": "zstd", ".lz4": "lz4"}


def read_pages(path: Path, reading: Reading | None = None, limit: int = BODY_LIMIT) -> Iterator[Page]:
    """Pages of a WARC file in file order, of any status and type; memory is a few times `limit`.

    Raises InputError only where the file cannot be opened.
    """
    reading = Reading() if reading is None else reading
    try:
        with path.open("rb") as file:
            if is_arc(file):
                yield from read_arc(path, file, reading, limit)
                return
            before = reading.records + reading.failed.total()
            yield from _recover(path, file, reading, limit)
            if reading.records + reading.failed.total() == before:
                reading.fail(path, 0, 0, "no WARC record in the file")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


class Window(io.RawIOBase):
    """The bytes `begin` to `end` of an open file, as a file of their own: places count from `begin`."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self.name = file.name
        self._file, self._begin, self._end = file, begin, end
        file.seek(begin)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {0: self._begin, 1: self._file.tell(), 2: self._end}[whence]
        return self._file.seek(max(self._begin, base + offset)) - self._begin

    def tell(self) -> int:
        return self._file.tell() - self._begin

    def readinto(self, buffer: Any) -> int:
        part = self._file.read(max(0, min(len(buffer), self._end - self._file.tell())))
        buffer[: len(part)] = part
        return len(part)

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._end - self._file.tell())
        return self._file.read(left if size is None or size < 0 else min(size, left))


def read_window(path: Path, begin: int, end: int, reading: Reading) -> Iterator[Page]:
    """Pages of the members between two bytes of a WARC file; their offsets count from the start of the whole file.

    What is broken behind `end` is not met, and a broken record is looked past no farther than that.
    """
    try:
        with path.open("rb") as file:
            yield from _recover(path, cast(BinaryIO, Window(file, begin, end)), reading, BODY_LIMIT, begin)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def _recover(path: Path, file: BinaryIO, reading: Reading, limit: int, begin: int = 0) -> Iterator[Page]:
    """Read from record to record; behind a break, go on at the next place where a record starts.

    The offsets of pages count from `begin` bytes before the file's start.
    """
    from fastwarc.warc import ArchiveIterator

    start: int | None = 0
    number = 0
    again = False  # a restart may meet the very break that caused it: that one is counted already
    while start is not None:
        file.seek(start)
        last, whole, silent = start, False, False
        records = iter(ArchiveIterator(file, parse_http=False, max_header_len=HEADER_LIMIT))
        while True:
            try:
                record = next(records)
            except StopIteration:
                silent = True
                break
            except BROKEN as error:
                if not again:
                    reading.fail(path, number, last, _reason(error))
                    number += 1
                again = not again and whole
                break
            last = max(last, record.stream_pos)
            again, whole = False, True
            reading.records += 1
            number += 1
            try:
                page = _page(record, number - 1, limit, begin)
                while record.reader.read(CHUNK):  # whatever breaks in the rest belongs to this record
                    pass
            except BadBody as error:
                reading.fail(path, number - 1, record.stream_pos, str(error))
                if not _skip(record):
                    break
                continue
            except BROKEN as error:
                reading.fail(path, number - 1, record.stream_pos, _reason(error))
                break
            if page is not None:
                reading.pages += 1
                yield page
        start = _next_start(file, last + 1, silent)
        if silent and start is None and whole and _ends_inside_a_member(file, last):
            reading.fail(path, number, last, "cut off")
        if silent and start is not None:
            reading.fail(path, number, last, "broken compression")  # the reader took it for the end
            number += 1


def _ends_inside_a_member(file: BinaryIO, last: int) -> bool:
    """Whether the gzip member behind the one at `last`, the last whole record's, begins and does not end.

    FastWARC takes such a cut for the end of the file. False where `last` is no member's start.
    """
    file.seek(last)
    data = file.read(CHUNK)
    members = 0
    while data.startswith(b"\x1f\x8b"):
        unpacked = zlib.decompressobj(31)
        members += 1
        try:
            while data and not unpacked.eof:
                unpacked.decompress(data, CHUNK)
                while unpacked.unconsumed_tail and not unpacked.eof:
                    unpacked.decompress(unpacked.unconsumed_tail, CHUNK)
                data = unpacked.unused_data if unpacked.eof else file.read(CHUNK)
        except zlib.error:
            return False  # broken, not cut: that is counted elsewhere
        if not unpacked.eof:
            return members > 1
        data = data or file.read(CHUNK)
        if len(data) == 1:
            data += file.read(CHUNK)
    return False


def _skip(record: Any) -> bool:
    try:
        while record.reader.read(CHUNK):
            pass
    except BROKEN:
        return False
    return True


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    return f"broken record ({text[:80]})" if text else f"broken record ({type(error).__name__})"


def _page(record: Any, number: int, limit: int, begin: int) -> Page | None:
    """The page of a record, None where it is of another type; raises BadBody."""
    if record.headers.get("Content-Length") is None:
        raise BadBody("cut off in its header")
    kind = str(record.record_type)
    if kind not in KINDS:
        return None
    warc = {name.lower(): value for name, value in _headers(record.headers)}
    url = warc.get("warc-target-uri", "").strip().replace(" ", "%20")
    url = url[1:-1] if url.startswith("<") and url.endswith(">") else url  # as wget writes it
    if not url.startswith(("http://", "https://")):
        return None  # dns: answers, a crawler's own notes
    if record.content_length > 2 * limit + HEADER_LIMIT:
        raise BadBody("larger than the limit")
    status, headers = 200, dict[str, str]()
    if kind == "response":
        if not record.is_http:
            return None
        record.parse_http(max_header_len=HEADER_LIMIT, strict_mode=False)
        status = int(record.http_headers.status_code or 0)
        for name, value in _headers(record.http_headers):
            key = name.strip().lower()
            headers[key] = f"{headers[key]}{joint(key)}{value}" if key in headers and key != "content-type" else value
    else:
        headers["content-type"] = warc.get("content-type", "")
    stored = int(record.content_length)  # less the HTTP header, once that is parsed
    body = read_up_to(record.reader, stored)
    if len(body) < stored:
        raise BadBody("cut off")
    if kind == "response":
        body = decode_body(body, headers, limit)
    if len(body) > limit:
        raise BadBody("larger than the limit")
    mime = headers.get("content-type", "").split(";")[0].split(",")[0].strip().lower()
    date = warc.get("warc-date", "")
    return Page(url, headers, body, number, begin + int(record.stream_pos), status, mime, date, kind)


def _headers(found: Any) -> Iterator[tuple[str, str]]:
    for name, value in found.items_bytes():
        yield _text(name), _text(value)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _next_start(file: BinaryIO, start: int, compressed: bool = False) -> int | None:
    """The first place at or after `start` where a WARC record begins, by the file's own compression.

    With `compressed` a plain file has none: there the words of a record's start may be part of a page.
    """
    file.seek(0)
    head = file.read(8)
    suffix = SUFFIX_FORMS.get(Path(str(file.name)).suffix, "plain")  # where the first bytes are what broke
    form = next((name for name, mark in STARTS.items() if head.startswith(mark)), suffix)
    if compressed and form == "plain":
        return None
    mark, at, kept = STARTS[form], start, b""
    file.seek(start)
    while block := file.read(CHUNK):
        text = kept + block
        found = text.find(mark)
        while found >= 0:
            place = at - len(kept) + found
            file.seek(place)
            if _starts_record(form, file.read(HEADER_LIMIT)):
                return place
            found = text.find(mark, found + 1)
        at += len(block)
        kept = text[-(len(mark) - 1) :]
        file.seek(at)
    return None


def _starts_record(form: str, data: bytes) -> bool:
    """Whether a record's first words stand at the start of `data`; the rest of it may be broken."""
    from fastwarc.stream_io import Lz4Reader, ZstdReader

    if form == "plain":
        return re.match(rb"WARC/1\.[01]\r?\nWARC-[A-Za-z-]+:", data[:64]) is not None
    try:
        if form == "gzip":
            return zlib.decompressobj(31).decompress(data, 5) == b"WARC/"
        reader = (ZstdReader if form == "zstd" else Lz4Reader)(io.BytesIO(data))
        return bool(reader.read(5) == b"WARC/")
    except (*BROKEN, zlib.error):
        return False


def page_member(page: Page) -> bytes:
    """A page as one gzip member holding one record: the same page gives the same bytes, record id included."""
    url = re.sub(r"\s", "%20", page.url)
    if page.kind == "response":
        kept = {name: value for name, value in page.http_headers.items() if name not in DROPPED_HEADERS}
        lines = [f"{name}: {_line(one)}" for name, value in kept.items() for one in apart(name, value)]
        head = "\r\n".join([f"HTTP/1.1 {page.status}", *lines, f"content-length: {len(page.body)}", "", ""]).encode()
        content_type = "application/http; msgtype=response"
    else:
        head, content_type = b"", _line(page.http_headers.get("content-type", "application/octet-stream"))
    digest = base64.b32encode(hashlib.sha1(page.body).digest()).decode()
    fields = {
        "WARC-Type": page.kind,
        "WARC-Target-URI": url,
        "WARC-Date": page.date if re.fullmatch(r"[0-9T:.Z-]{20,30}", page.date) else DATE,
        "WARC-Payload-Digest": f"sha1:{digest}",
        "Content-Type": content_type,
    }
    return _member(fields, head + page.body)


def info_member(**info: str) -> bytes:
    """The `warcinfo` record that opens a file: who gathered it, from what, under which license."""
    body = "".join(f"{name}: {_line(value)}\r\n" for name, value in info.items()).encode()
    return _member({"WARC-Type": "warcinfo", "WARC-Date": DATE, "Content-Type": "application/warc-fields"}, body)


def _line(value: str) -> str:
    return re.sub(r"[\r\n\x00]+", " ", value).strip()


def _member(fields: dict[str, str], block: bytes) -> bytes:
    seal = hashlib.sha256(repr(sorted(fields.items())).encode() + block).digest()
    fields = {**fields, "WARC-Record-ID": f"<urn:uuid:{uuid.UUID(bytes=seal[:16], version=4)}>"}
    head = "\r\n".join(["WARC/1.1", *(f"{name}: {value}" for name, value in fields.items())])
    record = f"{head}\r\nContent-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # a gzip header without name or time
    return packer.compress(record) + packer.flush()
