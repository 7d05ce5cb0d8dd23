"""`dedup`: drop exact, then near duplicates, across files and sources; the survivor is the first in input order.

Two documents are exact duplicates when `text_key` of their texts is the same. Each input file is one unit of work: the
hash of every text and its MinHash signature. What follows needs all of them, so it runs once, after the last unit.
Memory: about 60 bytes a document, and more for documents that met another in a bucket.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from corpus.config import Dedup
from corpus.documents import files, read_file, write_documents
from corpus.minhash import Scheme, Signatures, clusters, leaders, sign
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError

KEYS = "keys.bin"


def text_key(text: str) -> bytes:
    """16 bytes that are equal for texts equal up to Unicode composition and white space."""
    normal = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.blake2b(normal.encode(), digest_size=16).digest()


def sign_file(unit: tuple[int, str], folder: Path, scheme: Scheme | None) -> None:
    """The unit of work: hashes and signatures of one file of documents."""
    number, path = unit
    keys = bytearray()

    def texts() -> Iterator[str]:
        for document in read_file(Path(path)):
            keys.extend(text_key(document["text"]))
            yield document["text"]

    if scheme is None:
        for _ in texts():
            pass
    else:
        sign(texts(), folder, number, scheme)
    (folder / KEYS).write_bytes(keys)


def first_of_each(keys: np.ndarray) -> np.ndarray:
    """For each row of `keys`, shape (documents, 2), the number of the first row that equals it."""
    if not len(keys):
        return np.empty(0, np.int64)
    order = np.lexsort((keys[:, 1], keys[:, 0]))  # stable: within a group the first row comes first
    ordered = keys[order]
    opens = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    first = np.empty(len(keys), np.int64)
    first[order] = order[opens][np.cumsum(opens) - 1]
    return first


def survivors(
    keys: np.ndarray, exact: bool, near: Iterator[tuple[int, int, float]]
) -> tuple[np.ndarray, dict[int, float]]:
    """Each document's survivor (itself when kept), and the similarity of those dropped as near duplicates.

    `near` gives (document, survivor, similarity) in any order. A copy of a near duplicate goes with it, so that every
    survivor named is a document that is kept.
    """
    first = first_of_each(keys) if exact else np.arange(len(keys))
    survivor = np.arange(len(keys))
    similarity: dict[int, float] = {}
    for document, kept, value in near:
        survivor[document] = kept
        similarity[document] = value
    if exact:
        survivor = survivor[first]
        copies = np.flatnonzero(first != np.arange(len(keys)))
        for document in copies.tolist():
            if int(first[document]) in similarity:
                similarity[document] = similarity[int(first[document])]
    return survivor, similarity


def run(section: Dedup, context: Context) -> dict[str, Any]:
    if not (section.exact or section.minhash):
        raise ConfigError("dedup has exact: false and minhash: false, so it would do nothing; remove the section")
    artifact = context.artifact("documents")
    paths = files(artifact)
    if not paths:
        raise InputError(f"{artifact.path} has no documents/*.parquet")
    scheme = Scheme(section.ngram, section.buckets, section.hashes) if section.minhash else None
    folders = context.each_unit([(n, str(path)) for n, path in enumerate(paths)], partial(sign_file, scheme=scheme))

    keys = np.concatenate([np.fromfile(folder / KEYS, np.uint64).reshape(-1, 2) for folder in folders])
    sizes = [(folder / KEYS).stat().st_size // 16 for folder in folders]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    groups: list[list[int]] = []
    if scheme is not None:
        groups = find_groups(context, folders, starts, scheme, first_of_each(keys) if section.exact else None)
    near: Iterator[tuple[int, int, float]] = iter(())
    if scheme is not None:
        signatures = Signatures(folders, starts, scheme.width)
        near = (hit for group in groups for hit in leaders(group, signatures, scheme.threshold))
    survivor, similarity = survivors(keys, section.exact, near)
    return write(context, paths, starts, survivor, similarity, scheme.threshold if scheme else 1.0)


def find_groups(
    context: Context, folders: list[Path], starts: list[int], scheme: Scheme, first: np.ndarray | None
) -> list[list[int]]:
    """Clusters of two or more documents that are not copies of each other."""

    def step(done: int, total: int) -> None:
        context.stop_if_asked()
        context.progress(done, total, "buckets")

    found = clusters(folders, starts, context.work, scheme, step)
    if first is not None:
        found = [[document for document in group if first[document] == document] for group in found]
    return [group for group in found if len(group) > 1]


def write(
    context: Context,
    paths: list[Path],
    starts: list[int],
    survivor: np.ndarray,
    similarity: dict[int, float],
    threshold: float,
) -> dict[str, Any]:
    """Write what is kept and what is dropped, file by file, in input order; returns the metrics."""
    kept_folder, dropped_folder = context.fresh("documents"), context.fresh("dropped")
    named = set(survivor[survivor != np.arange(len(survivor))].tolist())
    ids: dict[int, str] = {}  # survivors come before what they stand for, so one pass knows their ids
    sources: dict[str, Counter[str]] = {}
    sums: Counter[str] = Counter()

    def split(path: Path, start: int, dropped: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for number, document in enumerate(read_file(path), start):
            if number in named:
                ids[number] = document["id"]
            rule = "kept"
            if int(survivor[number]) != number:
                rule = "minhash" if number in similarity else "exact"
            size = len(document["text"].encode())
            for count in (sums, sources.setdefault(document["source"], Counter())):
                count.update({"read": 1, rule: 1, "bytes_read": size, f"bytes_{rule}": size})
            if rule == "kept":
                yield document
                continue
            if rule == "minhash":
                document["meta"] = {**document["meta"], "dedup_similarity": similarity[number]}
            limit = threshold if rule == "minhash" else ""
            reason = {"stage": "dedup", "rule": rule, "value": ids[int(survivor[number])], "threshold": limit}
            dropped.append({**document, **reason})

    for number, (path, start) in enumerate(zip(paths, starts, strict=True)):
        context.stop_if_asked()
        dropped: list[dict[str, Any]] = []
        write_documents(kept_folder / path.name, split(path, start, dropped))
        if dropped:
            write_documents(dropped_folder / path.name, dropped, dropped=True)
        context.progress(number + 1, len(paths), "files")
    rules = {rule: sums[rule] for rule in ("exact", "minhash")}
    context.counts.update(
        read=sums["read"],
        kept=sums["kept"],
        dropped=sum(rules.values()),
        failed=0,
        rules=rules,
        bytes={
            "read": sums["bytes_read"],
            "kept": sums["bytes_kept"],
            "dropped": sums["bytes_exact"] + sums["bytes_minhash"],
        },
    )
    return {
        "threshold": threshold,
        "sources": {
            source: {key: count[key] for key in ("read", "kept", "exact", "minhash", "bytes_read", "bytes_kept")}
            for source, count in sorted(sources.items())
        },
    }
