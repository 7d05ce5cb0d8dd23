"""`dedup`: drop what stood before, across files and sources; the survivor is the first in input order.

Documents are compared by URL, by their whole text, by MinHash, in this order, each step among what the one before it
left; then paragraphs that stand in many of the kept documents are taken out. A unit of work is a run of one file's row
groups: the hashes of its URLs, texts and lines and its MinHash signatures. The joins come after the last unit, range by
range and bucket by bucket; the units are read once more to write what is kept and what is dropped.

Memory of a worker: that of a unit or a range. Of the parent: 13 bytes a document, and what datatrove's clusters need
for each document that met another in a bucket.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from corpus.config import Dedup
from corpus.documents import files
from corpus.duplicates.joins import Keys, find_copies, read_copies, write_keys
from corpus.duplicates.lines import Limits, find_repeated, join_repeated, unit_lines
from corpus.duplicates.minhash import MOST, Scheme, Signed, batches, clusters, leaders, pair, sign
from corpus.duplicates.survivors import gather, write_unit
from corpus.duplicates.urls import normalize
from corpus.duplicates.verdict import Verdict
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError

UNIT_BYTES = 128 << 20  # of a unit's row groups, uncompressed
UNIT_DOCUMENTS = 100_000
TOGETHER = 1 << 20  # documents times buckets that one worker pairs
BUNDLE_BYTES = 64 << 20  # units written by one worker in one go, where units are small
NGRAM = {"eojeol": 5, "character": 16}
IDS = "ids"


@dataclass(frozen=True)
class Unit:
    """Row groups begin <= group < end of one documents file; `name` is that of the files made of it."""

    path: str
    begin: int
    end: int
    name: str
    bytes: int

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """The unit's documents in order, whole (`meta` a JSON text) or of `columns`; memory is one row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path) as file:
                for group in range(self.begin, self.end):
                    yield from file.read_row_group(group, columns=columns).to_pylist()
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise InputError(f"{self.path} is not a documents file: {error}") from None


def text_key(text: str) -> bytes:
    """16 bytes that are equal for texts equal up to Unicode composition and white space."""
    if not unicodedata.is_normalized("NFC", text):  # the check is cheap, and nearly all text passes it
        text = unicodedata.normalize("NFC", text)
    normal = " ".join(text.split())
    return hashlib.blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def url_key(url: str) -> bytes | None:
    """16 bytes that are equal for the spellings of one URL; None for what is no URL of the web."""
    normal = normalize(url)
    return hashlib.blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=16).digest() if normal else None


def scheme_of(section: Dedup) -> Scheme | None:
    if not section.minhash:
        return None
    ngram = section.ngram or NGRAM[section.shingle]
    return Scheme(ngram, section.buckets, section.hashes, section.shingle, section.keep_numbers)


def limits_of(section: Dedup) -> Limits | None:
    if section.lines == "off":
        return None
    return Limits(section.line_characters, section.line_documents, section.line_keep)


def units(paths: Sequence[Path]) -> list[Unit]:
    """Runs of row groups of at most UNIT_BYTES and UNIT_DOCUMENTS, or one group that is larger; fixed by the files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: list[Unit] = []
    for path in paths:
        try:
            metadata = pq.read_metadata(path)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path} is not a documents file: {error}") from None
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        cuts, size, documents = [0], 0, 0
        for number, group in enumerate(groups):
            if number > cuts[-1] and (
                size + group.total_byte_size > UNIT_BYTES or documents + group.num_rows > UNIT_DOCUMENTS
            ):
                cuts.append(number)
                size = documents = 0
            size += group.total_byte_size
            documents += group.num_rows
        ends = [*cuts[1:], len(groups)]
        for number, (begin, end) in enumerate(zip(cuts, ends, strict=True)):
            name = path.stem if len(cuts) == 1 else f"{path.stem}.{number:05d}"
            size = sum(group.total_byte_size for group in groups[begin:end])
            found.append(Unit(str(path), begin, end, name, size))
    return found


def sign_unit(unit: Unit, folder: Path, section: str) -> None:
    """The unit of work: everything that is compared later, and the ids."""
    settings = Dedup.model_validate_json(section)
    scheme, limits = scheme_of(settings), limits_of(settings)
    texts: list[bytes] = []
    urls: list[tuple[int, bytes]] = []
    lines: list[tuple[np.ndarray, np.ndarray]] = []
    ids: list[bytes] = []

    def read() -> Iterator[str]:
        for number, row in enumerate(unit.rows(["id", "text", "url"])):
            ids.append(row["id"].encode("utf-8", "surrogatepass"))
            if settings.exact:
                texts.append(text_key(row["text"]))
            if settings.urls and (key := url_key(row["url"])):
                urls.append((number, key))
            yield row["text"]

    def passed() -> Iterator[str]:
        """What `read` gives, its lines hashed on the way."""
        done = 0
        for batch in batches(read()):
            if limits is not None:
                lines.append(unit_lines(batch, done, limits.characters))
            done += len(batch)
            yield from batch

    if scheme is not None:
        sign(passed(), folder, scheme)
    else:
        for _ in passed():
            pass
    if settings.exact:
        write_keys(folder, "exact", _words(texts), np.arange(len(texts)))
    if settings.urls:
        write_keys(folder, "url", _words([key for _, key in urls]), np.array([n for n, _ in urls], np.int64))
    if limits is not None:
        lines.append(unit_lines([], 0, limits.characters))
        keys, documents = (np.concatenate(part) for part in zip(*lines, strict=True))
        write_keys(folder, "line", keys[None], documents)
    (folder / f"{IDS}.bin").write_bytes(b"".join(ids))
    np.cumsum([0, *map(len, ids)]).astype(np.int64).tofile(folder / f"{IDS}.i64")


def _words(keys: list[bytes]) -> np.ndarray:
    """Hashes of 16 bytes as uint64 of shape (2, n)."""
    return np.ascontiguousarray(np.frombuffer(b"".join(keys), "<u8").reshape(-1, 2).T)


def run(section: Dedup, context: Context) -> dict[str, Any]:
    scheme, limits = scheme_of(section), limits_of(section)
    if not (section.urls or section.exact or scheme or limits):
        raise ConfigError(
            "dedup has urls, exact and minhash false and lines off, so it would do nothing; remove the section"
        )
    artifact = context.artifact("documents")
    paths = files(artifact)
    if not paths:
        raise InputError(f"{artifact.path} has no documents/*.parquet")
    todo = units(paths)
    folders = tuple(context.each_unit(todo, partial(sign_unit, section=section.model_dump_json())))
    starts, total = count(folders)

    verdict = Verdict(total)
    live = context.work / "live"
    for step, wanted in (("url", section.urls), ("exact", section.exact)):
        if wanted:
            keys = Keys(folders, starts, step, 2)
            work = partial(find_copies, keys=keys, live=verdict.write_live(live))
            verdict.drop(step, read_copies(context.each_unit(keys.ranges(), work, step)))
    if scheme is not None:
        near(context, Signed(folders, starts, scheme), verdict, live)
    verdict.settle()
    verdict.save(context.work)
    if limits is not None:
        keys = Keys(folders, starts, "line", 1)
        work = partial(find_repeated, keys=keys, live=verdict.write_live(live), limits=limits)
        join_repeated(context.each_unit(keys.ranges(), work, "lines"), context.work)

    threshold = scheme.threshold if scheme else 1.0
    bundled = list(bundles(todo, starts))
    writer = partial(
        write_unit, folders=folders, starts=starts, work=context.work, limits=limits, left=section.line_left,
        threshold=threshold,
    )  # fmt: skip
    return {"threshold": threshold, **gather(context.each_unit(bundled, writer, "written"), context)}


def count(folders: Sequence[Path]) -> tuple[tuple[int, ...], int]:
    """The number of each unit's first document, and of all documents. InputError for more than can be numbered."""
    sizes = [(folder / f"{IDS}.i64").stat().st_size // 8 - 1 for folder in folders]
    if sum(sizes) > MOST:
        raise InputError(f"dedup takes {MOST:,} documents at most, and its input has {sum(sizes):,}")
    return tuple(sum(sizes[:number]) for number in range(len(sizes))), sum(sizes)


def near(context: Context, signed: Signed, verdict: Verdict, live: Path) -> None:
    """Drop near duplicates: datatrove's pairs, some buckets at a time, then its clusters, then `leaders`."""
    buckets = signed.scheme.buckets
    together = max(1, min(buckets, TOGETHER // max(1, len(verdict.rule))))
    todo = [range(begin, min(buckets, begin + together)) for begin in range(0, buckets, together)]
    work = partial(pair, signed=signed, live=verdict.write_live(live))
    folders = context.each_unit(todo, work, "buckets")
    for cluster in clusters(folders, context.work, signed.scheme):
        verdict.drop_near(leaders(cluster, signed, context.stop_if_asked))


def bundles(todo: Sequence[Unit], starts: Sequence[int]) -> Iterator[list[tuple[Unit, int]]]:
    """Neighbouring units, with the number of the first document of each, to be written in one go."""
    held: list[tuple[Unit, int]] = []
    size = 0
    for unit, start in zip(todo, starts, strict=True):
        if held and size + unit.bytes > BUNDLE_BYTES:
            yield held
            held, size = [], 0
        held.append((unit, start))
        size += unit.bytes
    if held:
        yield held
