"""Near duplicates by MinHash-LSH: datatrove's signatures, buckets and clusters, with a shingler for Korean.

Shingles are runs of eojeol (words between spaces and punctuation) of NFC, case-folded text: digits stay as they are,
since statutes and price lists differ in nothing else. Two documents of Jaccard similarity s meet in a bucket with
probability 1-(1-s^hashes)^buckets (Broder 1997; Indyk and Motwani 1998), and the similarity at which that turns is
`threshold`. datatrove joins whatever meets, and whatever that meets, into one cluster; `leaders` then keeps a document
unless its signature agrees with that of an earlier kept document of its cluster on at least `threshold` of all hashes,
so a chain of small differences never drops a text that resembles nothing kept.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WORD = re.compile(r"\w+")
FACTORS = np.random.RandomState(5).randint(0, 1 << 62, size=64, dtype=np.uint64) * np.uint64(4) + np.uint64(3)
MERSENNE = np.uint64((1 << 61) - 1)
CHUNK = 1024  # shingles hashed at a time: 1024 x 112 x 8 bytes stay in the cache
SEED = 1
SIGNATURES = "signatures.u32"


@dataclass(frozen=True)
class Scheme:
    """Words per shingle, buckets, hashes per bucket."""

    ngram: int
    buckets: int
    hashes: int

    @property
    def width(self) -> int:
        return self.buckets * self.hashes

    @property
    def threshold(self) -> float:
        """The similarity at which two documents are about as likely to meet as not: (1/buckets)^(1/hashes)."""
        return round(float((1 / self.buckets) ** (1 / self.hashes)), 4)


def words(text: str) -> list[str]:
    """Eojeol without punctuation, NFC and case-folded."""
    return WORD.findall(unicodedata.normalize("NFC", text).casefold())


def shingles(text: str, ngram: int) -> np.ndarray:
    """Distinct hashed runs of `ngram` words, sorted, uint64 of shape (n,); a shorter text is one run of all its words.

    Words are hashed one by one and runs combined from those hashes in bulk, which hashes each word once, not `ngram`
    times.
    """
    from xxhash import xxh64_intdigest

    found = words(text)
    if not found:
        return np.empty(0, np.uint64)
    hashed = np.fromiter((xxh64_intdigest(word.encode()) for word in found), np.uint64, len(found))
    length = min(ngram, len(found))
    count = len(found) - length + 1
    runs = np.zeros(count, np.uint64)
    for place in range(length):
        runs += hashed[place : place + count] * FACTORS[place % 64]
        runs ^= runs >> np.uint64(29)  # position and order count, whatever the words
        runs *= FACTORS[(place + 7) % 64]
    runs ^= runs >> np.uint64(32)
    return np.unique(runs)


def signer(folder: Path, scheme: Scheme) -> Any:
    """datatrove's signature step with our shingles; its hashes, computed in cache-sized pieces."""
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature
    from datatrove.utils.word_tokenizers import WhitespaceTokenizer

    class Signer(MinhashDedupSignature):  # type: ignore[misc]
        def get_shingles(self, text: str) -> np.ndarray:
            return shingles(text, scheme.ngram).reshape(-1, 1)

        def get_signature(self, found: np.ndarray) -> list[list[int]]:
            factors, offsets = self.parameters
            smallest = np.full(scheme.width, np.iinfo(np.uint64).max, np.uint64)
            for start in range(0, len(found), CHUNK):
                hashed = found[start : start + CHUNK] * factors + offsets
                hashed = (hashed & MERSENNE) + (hashed >> np.uint64(61))  # x mod 2^61-1, without a division
                np.subtract(hashed, MERSENNE, out=hashed, where=hashed >= MERSENNE)
                np.minimum(smallest, hashed.min(axis=0), out=smallest)
            return [bucket.tolist() for bucket in smallest.reshape(scheme.buckets, scheme.hashes)]

    return Signer(str(folder), config=settings(scheme), language=WhitespaceTokenizer())  # never asked for a word


def settings(scheme: Scheme) -> Any:
    from datatrove.pipeline.dedup.minhash import MinhashConfig

    return MinhashConfig(n_grams=scheme.ngram, num_buckets=scheme.buckets, hashes_per_bucket=scheme.hashes, seed=SEED)


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


def sign(texts: Iterable[str], folder: Path, number: int, scheme: Scheme) -> int:
    """Write the signatures of one file of documents into `folder`; returns how many documents it has.

    `bucket_BBB/NNNNN.minhash.sig` are datatrove's sorted records; `signatures.u32` has the low 32 bits of all hashes in
    document order, shape (documents, width), all ones for a document without a word. Memory: one file's signatures.
    """
    from datatrove.data import Document

    total = 0

    def documents() -> Iterator[Any]:
        nonlocal total
        for text in texts:
            yield Document(text=text, id="")
            total += 1

    with quiet():
        signer(folder, scheme).run(documents(), number)
    matrix = np.full((total, scheme.width), np.iinfo(np.uint32).max, np.uint32)
    record = np.dtype([("hashes", "<u8", scheme.hashes), ("document", "<u4")])
    for bucket in range(scheme.buckets):
        found = np.fromfile(folder / f"bucket_{bucket:03d}" / f"{number:05d}.minhash.sig", record)
        matrix[found["document"], bucket * scheme.hashes : (bucket + 1) * scheme.hashes] = found["hashes"] & 0xFFFFFFFF
    matrix.tofile(folder / SIGNATURES)
    return total


def clusters(
    folders: Sequence[Path], starts: Sequence[int], work: Path, scheme: Scheme, step: Callable[[int, int], None]
) -> list[list[int]]:
    """Documents that met in some bucket, by datatrove's buckets and clusters, as sorted lists of document numbers.

    `folders` hold the signatures of file 0, 1, ...; `starts` the number of each file's first document. `step(done,
    total)` is called between pieces of work. Memory follows the number of documents that met another.
    """
    from datatrove.pipeline.dedup.minhash import MinhashDedupBuckets, MinhashDedupCluster

    gathered, pairs, found = (work / name for name in ("gathered", "pairs", "clusters"))
    for folder in (gathered, pairs, found):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for bucket in range(scheme.buckets):
        (gathered / f"bucket_{bucket:03d}").mkdir()
        for number, folder in enumerate(folders):
            name = f"bucket_{bucket:03d}/{number:05d}.minhash.sig"
            if (folder / name).stat().st_size:
                (gathered / name).symlink_to((folder / name).absolute())
    with quiet():
        for bucket in range(scheme.buckets):
            step(bucket, scheme.buckets)
            MinhashDedupBuckets(
                str(gathered.absolute()), str(pairs.absolute()), config=settings(scheme), lines_to_buffer=4096
            ).run(None, bucket, scheme.buckets)
        step(scheme.buckets, scheme.buckets)
        MinhashDedupCluster(
            str(pairs.absolute()),
            str(found.absolute()),
            config=settings(scheme),
            save_cluster_id=True,
            lines_to_buffer=4096,
        ).run()
    members: dict[int, list[int]] = {}
    for path in sorted(found.glob("*.clusters")):
        for document, cluster in np.fromfile(path, "<u4").reshape(-1, 2).tolist():
            members.setdefault(cluster, []).append(starts[int(path.stem)] + document)
    return sorted(sorted(cluster) for cluster in members.values())


class Signatures:
    """All documents' hashes by document number; mapped files, so that memory is what is looked at."""

    def __init__(self, folders: Sequence[Path], starts: Sequence[int], width: int) -> None:
        self.starts = np.asarray(starts, np.int64)
        self.width = width
        self.maps = [
            np.memmap(folder / SIGNATURES, np.uint32, "r").reshape(-1, width)
            if (folder / SIGNATURES).stat().st_size
            else np.empty((0, width), np.uint32)
            for folder in folders
        ]

    def __getitem__(self, document: int) -> np.ndarray:
        file = int(np.searchsorted(self.starts, document, side="right")) - 1
        row: np.ndarray = self.maps[file][document - int(self.starts[file])]
        return row


def leaders(cluster: Sequence[int], signatures: Signatures, threshold: float) -> Iterator[tuple[int, int, float]]:
    """`(dropped, survivor, similarity)` for one cluster in input order; the survivor is the first that is near enough.

    Similarity is the share of equal hashes: it estimates Jaccard's with a standard deviation of .5/sqrt(width) at most.
    """
    kept: list[int] = []
    rows = np.empty((0, signatures.width), np.uint32)
    for document in cluster:
        row = signatures[document]
        near = (rows[: len(kept)] == row).mean(axis=1) if kept else np.empty(0)
        hits = np.flatnonzero(near >= threshold)
        if len(hits):
            yield document, kept[int(hits[0])], round(float(near[hits[0]]), 4)
            continue
        if len(kept) == len(rows):
            grown = np.empty((max(16, 2 * len(rows)), len(row)), np.uint32)
            grown[: len(kept)] = rows[: len(kept)]
            rows = grown
        rows[len(kept)] = row
        kept.append(document)
