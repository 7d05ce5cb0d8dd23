"""Near duplicates by MinHash-LSH: signatures of our own, in datatrove's records; datatrove's buckets and clusters.

A signature is the smallest of each of `buckets x hashes` permutations over a text's shingles (Broder 1997). Shingles
are 32 bits of a 64-bit hash, and a permutation is a multiplication by an odd number modulo 2^32 (Dietzfelbinger et al.
1997), computed for many texts at once. Two texts of Jaccard similarity s meet in a bucket with probability
1-(1-s^hashes)^buckets (Indyk and Motwani 1998); the similarity at which that turns is `threshold`. datatrove joins what
meets, and what that meets, into one cluster; `leaders` then keeps a document unless its signature agrees with that of
an earlier kept document of its cluster on at least `threshold` of all hashes, so that a chain of small differences
never drops a text that resembles nothing kept.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from corpus.duplicates.mapped import mapped
from corpus.duplicates.shingles import characters, contents, encode, eojeol, mixed, runs

BATCH = 1 << 17  # characters hashed at once: their arrays stay in the cache
SEED = 1
NONE = np.iinfo(np.uint32).max  # all hashes of a document without a word
SIGNATURES = "signatures.u32"
CONTENTS = "contents.u64"
PART = 1 << 19  # documents whose records of one bucket are compared at once
MOST = (1 << 32) - 1  # documents that datatrove's records can number


@dataclass(frozen=True)
class Scheme:
    """Units per shingle, buckets, hashes per bucket, the unit; whether texts unlike in numbers alone are both kept."""

    ngram: int
    buckets: int
    hashes: int
    shingle: str = "eojeol"
    keep_numbers: bool = True

    @property
    def width(self) -> int:
        return self.buckets * self.hashes

    @property
    def threshold(self) -> float:
        """The similarity at which two documents are about as likely to meet as not: (1/buckets)^(1/hashes)."""
        return round(float((1 / self.buckets) ** (1 / self.hashes)), 4)


def signatures(shingles: np.ndarray, firsts: np.ndarray, width: int) -> np.ndarray:
    """uint32 of shape (width, texts): the signatures of texts whose shingles are shingles[firsts[n]:firsts[n + 1]]."""
    found = np.full((width, len(firsts) - 1), NONE, np.uint32)
    filled = np.diff(firsts) > 0
    begins = firsts[:-1][filled]
    if not len(begins):
        return found
    values = (shingles >> np.uint64(32)).astype(np.uint32)
    permuted = np.empty_like(values)
    for number, factor in enumerate(factors(width)):
        np.multiply(values, factor, out=permuted)
        found[number, filled] = np.minimum.reduceat(permuted, begins)
    return found


@cache
def factors(width: int) -> np.ndarray:
    """The odd multipliers of the permutations, the first `width` of one endless row; uint32."""
    drawn = np.random.RandomState(SEED).randint(0, 1 << 31, width, dtype=np.uint32)
    return drawn * np.uint32(2) + np.uint32(1)


def batches(texts: Iterable[str], size: int = BATCH) -> Iterator[list[str]]:
    """Lists of texts of about `size` characters together; a longer text stands alone."""
    held: list[str] = []
    length = 0
    for text in texts:
        if held and length + len(text) > size:
            yield held
            held, length = [], 0
        held.append(text)
        length += len(text)
    if held:
        yield held


def sign(texts: Iterable[str], folder: Path, scheme: Scheme) -> int:
    """Write the signatures of one unit's documents into `folder`; returns how many documents it has.

    `signatures.u32` has shape (buckets, documents, hashes), `contents.u64`, where numbers are heeded, (documents, 2).
    Memory: the unit's signatures.
    """
    unit = eojeol if scheme.shingle == "eojeol" else characters
    found: list[np.ndarray] = [np.empty((scheme.width, 0), np.uint32)]
    said: list[np.ndarray] = [np.empty((0, 2), np.uint64)]
    for batch in batches(texts):
        codes = encode(batch)
        found.append(signatures(*runs(*unit(codes), scheme.ngram), scheme.width))
        if scheme.keep_numbers:
            said.append(contents(codes))
    matrix = np.concatenate(found, axis=1)
    total = int(matrix.shape[1])
    matrix.reshape(scheme.buckets, scheme.hashes, total).transpose(0, 2, 1).tofile(folder / SIGNATURES)
    if scheme.keep_numbers:
        np.concatenate(said).tofile(folder / CONTENTS)
    return total


def settings(scheme: Scheme) -> Any:
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.hashing import HashConfig

    return MinhashConfig(
        n_grams=scheme.ngram,
        num_buckets=scheme.buckets,
        hashes_per_bucket=scheme.hashes,
        seed=SEED,
        hash_config=HashConfig(precision=32),
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without datatrove's log lines and tqdm's bars: the console is ours."""
    from loguru import logger

    logger.disable("datatrove")
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.enable("datatrove")


@dataclass(frozen=True)
class Signed:
    """The signatures of all units by document number, in mapped files: memory is what is looked at."""

    folders: tuple[Path, ...]
    starts: tuple[int, ...]
    scheme: Scheme

    def bucket(self, number: int) -> Iterator[tuple[int, np.ndarray]]:
        """Unit by unit, the number of its first document and its hashes in one bucket, shape (documents, hashes)."""
        for unit, start in enumerate(self.starts):
            yield start, self._signatures(unit)[number]

    def row(self, document: int) -> np.ndarray:
        """All hashes of one document."""
        unit, local = self._place(document)
        found: np.ndarray = self._signatures(unit)[:, local].reshape(-1)
        return found

    def content(self, document: int) -> tuple[int, int]:
        """What `contents` says of one document; the same of all where numbers are not heeded."""
        if not self.scheme.keep_numbers:
            return (0, 0)
        unit, local = self._place(document)
        letters, numbers = mapped(self.folders[unit] / CONTENTS, np.uint64)[2 * local : 2 * local + 2].tolist()
        return letters, numbers

    def _place(self, document: int) -> tuple[int, int]:
        unit = int(np.searchsorted(self.starts, document, side="right")) - 1
        return unit, document - self.starts[unit]

    def _signatures(self, unit: int) -> np.ndarray:
        found = mapped(self.folders[unit] / SIGNATURES, np.uint32)
        return found.reshape(self.scheme.buckets, len(found) // self.scheme.width, self.scheme.hashes)


def meetings(signed: Signed, bucket: int, live: np.ndarray) -> np.ndarray:
    """datatrove's sorted records of those documents of `live` that share their hashes of a bucket with another.

    Documents alone in a bucket could pair with none, so that datatrove need not read them. Memory: about 40 bytes a
    document of one part, and 36 a document that met another, at 8 hashes.
    """
    hashes = signed.scheme.hashes
    record = np.dtype([("hashes", "<u4", hashes), ("document", "<u4")])
    parts = -(-len(live) // PART)
    found: list[np.ndarray] = [np.empty(0, record)]
    for part in range(parts):
        keys, documents = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
        for start, rows in signed.bucket(bucket):
            key = key_of(rows)
            wanted = np.flatnonzero(live[start : start + len(rows)] & (rows != NONE).any(axis=1))
            wanted = wanted[key[wanted] % np.uint64(parts) == part]
            keys.append(key[wanted])
            documents.append(wanted + start)
        key, document = np.concatenate(keys), np.concatenate(documents)
        _, group, size = np.unique(key, return_inverse=True, return_counts=True)
        document = document[size[group] > 1]
        made = np.empty(len(document), record)
        made["document"] = document
        for start, rows in signed.bucket(bucket):
            here = (document >= start) & (document < start + len(rows))
            made["hashes"][here] = rows[document[here] - start]
        found.append(made)
    joined = np.concatenate(found)
    keys = [joined["document"], *(joined["hashes"][:, place] for place in reversed(range(hashes)))]
    ordered: np.ndarray = joined[np.lexsort(keys)]
    return ordered


def key_of(rows: np.ndarray) -> np.ndarray:
    """One uint64 for each row of hashes."""
    found = np.zeros(len(rows), np.uint64)
    for place in range(rows.shape[1]):
        found = mixed(found + rows[:, place])
    return found


def pair(buckets: range, folder: Path, signed: Signed, live: Path) -> None:
    """The unit of work after the barrier: datatrove's pairs of the documents that met in some buckets.

    `live` is a file with one byte a document: 1 where it is still there.
    """
    from datatrove.pipeline.dedup.minhash import MinhashDedupBuckets

    mask = np.fromfile(live, bool)
    sorted_records, pairs = folder / "records", folder / "pairs"
    for bucket in buckets:
        place = sorted_records / f"bucket_{bucket:03d}"
        place.mkdir(parents=True)
        meetings(signed, bucket, mask).tofile(place / "00000.minhash.sig")
        with quiet():
            MinhashDedupBuckets(
                str(sorted_records.absolute()),
                str(pairs.absolute()),
                config=settings(signed.scheme),
                lines_to_buffer=4096,
            ).run(None, bucket, signed.scheme.buckets)
        shutil.rmtree(sorted_records)


def clusters(folders: Sequence[Path], work: Path, scheme: Scheme) -> Iterator[list[int]]:
    """Documents that met in some bucket, by datatrove's clusters, as sorted lists of document numbers.

    `folders` hold the pairs of all buckets. Memory follows the number of documents that met another.
    """
    from datatrove.pipeline.dedup.minhash import MinhashDedupCluster

    gathered, found = work / "pairs", work / "clusters"
    for place in (gathered, found):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    for folder in folders:
        for path in (folder / "pairs").iterdir():
            (gathered / path.name).symlink_to(path.absolute())
    with quiet():
        MinhashDedupCluster(
            str(gathered.absolute()),
            str(found.absolute()),
            config=settings(scheme),
            save_cluster_id=True,
            lines_to_buffer=4096,
        ).run()
    members = np.concatenate([np.empty(0, "<u4"), *(np.fromfile(path, "<u4") for path in found.glob("*.clusters"))])
    documents, cluster = members.reshape(-1, 2).T
    order = np.lexsort((documents, cluster))
    edges = np.flatnonzero(np.diff(cluster[order])) + 1
    yield from (group.tolist() for group in np.split(documents[order], edges) if len(group))


def leaders(
    cluster: Sequence[int], signed: Signed, step: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, int, float]]:
    """`(dropped, survivor, similarity)` for one cluster in input order; the survivor is the first that is near enough.

    Similarity is the share of equal hashes: it estimates Jaccard's with a standard deviation of .5/sqrt(width) at most.
    With `keep_numbers` a document is no duplicate of one that differs from it in numbers alone. `step()` is called
    before every document.
    """
    kept: list[int] = []
    rows = np.empty((0, signed.scheme.width), np.uint32)
    said: list[tuple[int, int]] = []
    for document in cluster:
        step()
        row, content = signed.row(document), signed.content(document)
        near = (rows[: len(kept)] == row).mean(axis=1) if kept else np.empty(0)
        for hit in np.flatnonzero(near >= signed.scheme.threshold).tolist():
            if said[hit][0] != content[0] or said[hit][1] == content[1]:
                yield document, kept[hit], round(float(near[hit]), 4)
                break
        else:
            if len(kept) == len(rows):
                grown = np.empty((max(16, 2 * len(rows)), len(row)), np.uint32)
                grown[: len(kept)] = rows[: len(kept)]
                rows = grown
            rows[len(kept)] = row
            kept.append(document)
            said.append(content)
