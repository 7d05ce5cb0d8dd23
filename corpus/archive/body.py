"""HTTP bodies: transfer and content codings undone, with a bound on what comes out of them."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Mapping
from typing import Any

BODY_LIMIT = 16 << 20  # bytes of one page, stored and decoded
CHUNK = 1 << 20
MEMBERS = 100  # gzip members in one HTTP body
BROKEN = (OSError, ValueError, EOFError)  # what FastWARC raises where the stream itself is broken


class BadBody(ValueError):
    """An HTTP body that does not decode within the limits; the message is the reason counted."""


def read_up_to(reader: Any, size: int) -> bytes:
    parts = []
    while size > 0 and (part := reader.read(min(size, CHUNK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def decode_body(body: bytes, headers: Mapping[str, str], limit: int = BODY_LIMIT) -> bytes:
    """Undo Transfer-Encoding and Content-Encoding; at most `limit` bytes come out, else BadBody.

    Archives often keep these headers beside a body that is stored decoded, so a coding whose mark is absent is taken
    as undone already.
    """
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _unchunk(body)
    for coding in reversed([part.strip().lower() for part in headers.get("content-encoding", "").split(",")]):
        if coding in ("gzip", "x-gzip"):
            body = _inflate(body, 31, limit) if body.startswith(b"\x1f\x8b") else body
        elif coding == "deflate":
            body = _inflate(body, 15 if body[:1] == b"\x78" else -15, limit) if not _is_markup(body) else body
        elif coding in ("br", "zstd"):
            body = _stream(coding, body, limit) if not _is_markup(body) else body
        elif coding not in ("", "identity", "none", "utf-8"):
            raise BadBody(f"unknown content encoding {coding[:20]!r}")
    return body


def _is_markup(body: bytes) -> bool:
    return not body or body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _unchunk(body: bytes) -> bytes:
    out: list[bytes] = []
    at = 0
    while True:
        end = body.find(b"\r\n", at, at + 128)
        size = body[at:end].split(b";")[0].strip() if end >= 0 else b""
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            if at == 0:
                return body  # stored without its chunks
            raise BadBody("broken chunks")
        length = int(size, 16)
        if length == 0:
            return b"".join(out)
        at = end + 2 + length
        if body[at : at + 2] != b"\r\n":
            raise BadBody("broken chunks")
        out.append(body[end + 2 : at])
        at += 2


def _inflate(body: bytes, bits: int, limit: int) -> bytes:
    out, size = list[bytes](), 0
    for _ in range(MEMBERS):
        stream = zlib.decompressobj(bits)
        try:
            part = stream.decompress(body, limit - size + 1)
        except zlib.error:
            raise BadBody("broken content encoding") from None
        out.append(part)
        size += len(part)
        if size > limit:
            raise BadBody("larger than the limit")
        if not stream.eof:
            raise BadBody("broken content encoding")
        body = stream.unused_data
        if not body.startswith(b"\x1f\x8b"):
            return b"".join(out)
    raise BadBody("too many gzip members")


def _stream(coding: str, body: bytes, limit: int) -> bytes:
    from fastwarc.stream_io import BrotliReader, ZstdReader

    try:
        with (BrotliReader if coding == "br" else ZstdReader)(io.BytesIO(body)) as reader:
            out = read_up_to(reader, limit + 1)
    except BROKEN:
        raise BadBody("broken content encoding") from None
    if len(out) > limit:
        raise BadBody("larger than the limit")
    return out
