"""Where each unit of `refine` begins and ends: fixed by the bytes of the crawl's files, read without reading them.

A WARC file is cut at multiples of `unit_bytes`; a record belongs to the unit in which its gzip member starts. A Parquet
file is cut between row groups.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from corpus.archive.warc import Page, Reading, read_window
from corpus.documents import read_file
from pipeline.artifact import Artifact
from pipeline.errors import InputError

MAGIC = b"\x1f\x8b\x08"
HEAD = 512  # compressed bytes that hold the first words of a record
BLOCK = 1 << 20


@dataclass(frozen=True)
class Unit:
    """`begin` and `end` count bytes of a WARC file (`pages`) or row groups of a Parquet file (`documents`)."""

    source: str
    kind: str
    lang: str
    license: str
    path: str
    begin: int
    end: int


def units(crawl: Artifact, unit_bytes: int) -> list[Unit]:
    """The units of all sources, sources by name. Raises InputError where a source's file is missing."""
    found: list[Unit] = []
    for source, facts in sorted(crawl.metrics["sources"].items()):
        pages = facts["kind"] == "pages"
        path = crawl.path / ("warc" if pages else "documents") / f"{source}{'.warc.gz' if pages else '.parquet'}"
        if not path.is_file():
            raise InputError(f"{path} is missing")
        cuts = _byte_cuts(path, unit_bytes) if pages else _group_cuts(path, unit_bytes)
        found.extend(
            Unit(source, facts["kind"], facts["lang"], facts["license"], str(path), begin, end) for begin, end in cuts
        )
    return found


def _byte_cuts(path: Path, unit_bytes: int) -> list[tuple[int, int]]:
    size = path.stat().st_size
    return [(begin, min(size, begin + unit_bytes)) for begin in range(0, size, unit_bytes)]


def _group_cuts(path: Path, unit_bytes: int) -> list[tuple[int, int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            sizes = [file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups)]
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a documents file: {error}") from None
    cuts, begin, held = [], 0, 0
    for group, size in enumerate(sizes):
        if held and held + size > unit_bytes:
            cuts.append((begin, group))
            begin, held = group, 0
        held += size
    return [*cuts, (begin, len(sizes))] if sizes else []


def unit_pages(unit: Unit, reading: Reading) -> Iterator[Page]:
    """The pages of a unit in file order; `Page.offset` counts from the start of the whole file."""
    path = Path(unit.path)
    with path.open("rb") as file:
        begin = _member(file, unit.begin)
        end = _member(file, unit.end)
    if begin < end:
        yield from read_window(path, begin, end, reading)


def _member(file: BinaryIO, start: int) -> int:
    """Where the first gzip member with a WARC record at or after `start` begins; the file's size if there is none."""
    at, kept = start, b""
    file.seek(start)
    while block := file.read(BLOCK):
        text = kept + block
        first = at - len(kept)
        place = text.find(MAGIC)
        while place >= 0:
            head = text[place : place + HEAD]
            if len(head) < HEAD:
                file.seek(first + place)
                head = file.read(HEAD)
            if _opens_record(head):
                return first + place
            place = text.find(MAGIC, place + 1)
        at += len(block)
        kept = text[-(len(MAGIC) - 1) :]
        file.seek(at)
    return at


def _opens_record(head: bytes) -> bool:
    try:
        return zlib.decompressobj(31).decompress(head, 16).startswith(b"WARC/")
    except zlib.error:  # the mark was chance, inside compressed data
        return False


def unit_documents(unit: Unit) -> Iterator[dict[str, Any]]:
    """The documents of a unit, in file order."""
    return read_file(Path(unit.path), first=unit.begin, last=unit.end)
