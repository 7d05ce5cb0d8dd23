"""ARC, the format of web archives before WARC: a line of five or ten words, then what the server answered.

Versions 1 and 2, plain or one gzip member per record. A record is found by its line alone, so a false length or a break
costs the records up to the next such line; broken compression costs the rest of the file.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from corpus.archive.body import BadBody, decode_body
from corpus.archive.page import Page, Reading, joint

FIRST = b"filedesc://"
LINE_LIMIT = 64 << 10
HEAD_LIMIT = 64 << 10
_LINE = re.compile(rb"(\S.*) (\S+) (\d{8,20}) (\S+) (?:\S+ \S+ \S+ \S+ \S+ )?(-?\w+)")
_HTTP = re.compile(rb"HTTP/\d\S* +(\d{3})")


def is_arc(file: BinaryIO) -> bool:
    """Whether an open file begins as an ARC does; it is left at its start."""
    start = file.read(512)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(31).decompress(start, len(FIRST))
        except zlib.error:
            return False
    return start.startswith(FIRST)


def read_arc(path: Path, file: BinaryIO, reading: Reading, limit: int) -> Iterator[Page]:
    """Pages of an ARC file in file order; `Page.offset` counts bytes of what is decompressed."""
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    stream: BinaryIO = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
    number, lost = 0, False
    while True:
        offset = stream.tell()
        try:
            line = stream.readline(LINE_LIMIT)
            if not line:
                return
            found = _LINE.fullmatch(line.strip())
            if found is None:
                if line.strip() and not lost:  # counted once for all that lies before the next record's line
                    reading.fail(path, number, offset, "no ARC record")
                lost = lost or bool(line.strip())
                continue
            lost = False
            reading.records += 1
            number += 1
            body = _body(stream, found[5], limit)
            page = _page(found, body, number - 1, offset, limit)
        except BadBody as error:
            reading.fail(path, number - 1, offset, str(error))
            continue
        except (OSError, EOFError, zlib.error):
            reading.fail(path, number, offset, "broken compression")
            return
        if page is not None:
            reading.pages += 1
            yield page


def _body(stream: BinaryIO, said: bytes, limit: int) -> bytes:
    if not said.isdigit():
        raise BadBody("a length that is no number")
    length = int(said)
    if length > 2 * limit + HEAD_LIMIT:
        raise BadBody("larger than the limit")
    body = stream.read(length)
    if len(body) < length:
        raise BadBody("cut off")
    return body


def _page(line: re.Match[bytes], body: bytes, number: int, offset: int, limit: int) -> Page | None:
    url = line[1].decode("utf-8", "replace").strip().replace(" ", "%20")
    if not url.startswith(("http://", "https://")):
        return None
    answer = _HTTP.match(body)
    if answer is None:
        return None  # an answer of HTTP 0.9, or none
    head, _, rest = body.partition(b"\r\n\r\n") if b"\r\n\r\n" in body[:HEAD_LIMIT] else body.partition(b"\n\n")
    headers: dict[str, str] = {}
    for one in head.splitlines()[1:]:
        name, colon, value = one.decode("utf-8", "replace").partition(":")
        if colon:
            key, value = name.strip().lower(), value.strip()
            if key == "x-robots-tag" and key in headers:
                value = f"{headers.pop(key)}{joint(key)}{value}"
            headers.setdefault(key, value)
    rest = decode_body(rest, headers, limit)
    if len(rest) > limit:
        raise BadBody("larger than the limit")
    when = line[3].decode()
    date = f"{when[:4]}-{when[4:6]}-{when[6:8]}T{when[8:10]}:{when[10:12]}:{when[12:14]}Z" if len(when) == 14 else ""
    mime = headers.get("content-type", "").split(";")[0].split(",")[0].strip().lower()
    return Page(url, headers, rest, number, offset, int(answer[1]), mime, date)
