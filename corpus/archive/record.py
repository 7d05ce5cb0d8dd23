"""One record of an archive as it lies there: judged without being rewritten, its header read without its body.

A record that a range request brought must be the one that the index names: one whole gzip member, one response, the
promised length, the promised digest. It is kept byte for byte, so that its own id, date and digests stay true.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from corpus.archive.warc import BODY_LIMIT, HEADER_LIMIT, BadBody, decode_body

MEMBER_LIMIT = BODY_LIMIT + 2 * HEADER_LIMIT  # bytes of a record, packed and unpacked
ALGORITHMS = ("sha1", "sha256", "md5")  # of payload digests; others are taken on trust
HEAD = 32 << 10  # packed bytes that hold a record's header


@dataclass(frozen=True)
class Verdict:
    """`failed` or `dropped` says why a record is not taken; `size` is the body's bytes as they are stored."""

    failed: str = ""
    dropped: str = ""
    size: int = 0


def judge(member: bytes, digest: str = "") -> Verdict:
    """Whether `member` is one whole response whose payload has the digest: `<algorithm>:<value>`, or a SHA-1 alone.

    Without a digest the record's own WARC-Payload-Digest is taken, where it has one.
    """
    unpacked = zlib.decompressobj(31)
    try:
        record = unpacked.decompress(member, MEMBER_LIMIT + 1)
    except zlib.error:
        return Verdict("broken compression")
    if len(record) > MEMBER_LIMIT:
        return Verdict("larger than the limit")
    if not unpacked.eof:
        return Verdict("cut off")
    if unpacked.unused_data:
        return Verdict("more than one record")
    header, found, block = record[:HEADER_LIMIT].partition(b"\r\n\r\n")
    if not header.startswith(b"WARC/1.") or not found:
        return Verdict("no WARC record")
    block = record[len(header) + 4 :]
    fields = fields_of(header)
    try:
        length = int(fields.get("content-length", ""))
    except ValueError:
        return Verdict("cut off in its header")
    if len(block) < length:
        return Verdict("cut off")
    if fields.get("warc-type") != "response":
        return Verdict(dropped=f"a record of type {fields.get('warc-type', '')[:20] or 'none'}")
    head, found, body = block[:length].partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/") or not found:
        return Verdict("no HTTP response")
    wanted = digest or fields.get("warc-payload-digest", "")
    if wanted and not _has_digest(body, fields_of(head), wanted):
        return Verdict("digest differs")
    if not body.strip():
        return Verdict(dropped="empty")
    return Verdict(size=len(body))


def _has_digest(body: bytes, headers: dict[str, str], wanted: str) -> bool:
    """Whether a body has a digest, as it is stored or without the chunks it came in: crawlers differ."""
    if _agrees(body, wanted):
        return True
    if "transfer-encoding" not in headers:
        return False
    try:
        whole = decode_body(body, {"transfer-encoding": headers["transfer-encoding"]})
    except BadBody:
        return False
    return _agrees(whole, wanted)


def _agrees(data: bytes, wanted: str) -> bool:
    """Whether `data` has a digest, in base32 or hex; True for one of no value or of an algorithm not in ALGORITHMS."""
    algorithm, colon, value = wanted.partition(":")
    name, value = (algorithm.strip().lower(), value) if colon else ("sha1", wanted)
    value = value.strip().rstrip("=").upper()
    if name not in ALGORITHMS or not value:
        return True
    made = hashlib.new(name, data, usedforsecurity=False).digest()
    return value in (base32(made), made.hex().upper())


def base32(digest: bytes) -> str:
    """A digest as archives write it."""
    return base64.b32encode(digest).decode().rstrip("=")


def fields_of(header: bytes) -> dict[str, str]:
    """The fields of a WARC or HTTP header, names in lower case; of repeated ones the first."""
    fields: dict[str, str] = {}
    for line in header.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            fields.setdefault(name.decode("latin-1").strip().lower(), value.decode("utf-8", "replace").strip())
    return fields


def header_at(file: BinaryIO, offset: int) -> dict[str, str]:
    """The WARC fields of the record that starts at `offset` of a gzip or plain file; {} where there is none."""
    file.seek(offset)
    data = file.read(HEAD)
    if data.startswith(b"\x1f\x8b"):
        try:
            data = zlib.decompressobj(31).decompress(data, HEADER_LIMIT)
        except zlib.error:
            return {}
    return fields_of(data.partition(b"\r\n\r\n")[0]) if data.startswith(b"WARC/1.") else {}
