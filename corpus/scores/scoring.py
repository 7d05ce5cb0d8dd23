"""Documents given a score and sorted into kept and dropped, a chunk of a file at a time.

What `perplexity` and `quality` share. A chunk is a run of row groups, fixed by the input alone, so that one large file
is as many units as many small ones; nothing larger than a chunk is in memory.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from corpus.documents import files, link, read_file, write_documents
from pipeline.artifact import Artifact, write_json
from pipeline.context import Context
from pipeline.errors import InputError

CHUNK_BYTES = 64 << 20  # uncompressed; a row group of ours is 1,000 documents
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


class Chunk(NamedTuple):
    """Row groups `first` to `last - 1` of a documents file; `name` is that of the files made from it."""

    path: str
    first: int
    last: int
    name: str


class Reason(NamedTuple):
    """Why a document is dropped."""

    rule: str
    value: float
    threshold: float


@dataclass(frozen=True)
class Verdict:
    """What is added to a document's meta, and why it is dropped, if it is."""

    meta: dict[str, Any]
    drop: Reason | None = None


def chunks(artifact: Artifact, size: int = CHUNK_BYTES) -> list[Chunk]:
    """The documents of an artifact as units of about `size` bytes. Raises InputError where there are none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: list[Chunk] = []
    for path in files(artifact):
        try:
            meta = pq.read_metadata(path)
            sizes = [meta.row_group(number).total_byte_size for number in range(meta.num_row_groups)]
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path} is not a documents file: {error}") from None
        edges = [0]
        held = 0
        for number, one in enumerate(sizes):
            if held and held + one > size:
                edges.append(number)
                held = 0
            held += one
        edges.append(len(sizes))
        whole = len(edges) == 2
        for turn, (first, last) in enumerate(pairwise(edges)):
            found.append(Chunk(str(path), first, last, path.stem if whole else f"{path.stem}-{turn:05d}"))
    if not found:
        raise InputError(f"{artifact.path} has no documents/*.parquet")
    return found


def read_chunk(chunk: Chunk, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Documents of a chunk in order, whole or of `columns` alone; memory is one row group."""
    return read_file(Path(chunk.path), columns, chunk.first, chunk.last)


def write_scores(folder: Path, scores: Sequence[float], sources: Sequence[str], sizes: Sequence[int]) -> None:
    """One score per document (NaN: none), with its source and its bytes, as arrays."""
    names = sorted(set(sources))
    number = {name: place for place, name in enumerate(names)}
    np.save(folder / "scores.npy", np.asarray(scores, np.float64))
    np.save(folder / "sources.npy", np.asarray([number[name] for name in sources], np.uint32))
    np.save(folder / "sizes.npy", np.asarray(sizes, np.uint64))
    write_json(folder / "names.json", names)


class Scores:
    """The scores of all documents in input order; 20 bytes each."""

    def __init__(self, folders: Sequence[Path]) -> None:
        names: dict[str, int] = {}
        scores, sources, sizes = [], [], []
        for folder in folders:
            here = [names.setdefault(name, len(names)) for name in json.loads((folder / "names.json").read_text())]
            scores.append(np.load(folder / "scores.npy", allow_pickle=False))
            places = np.load(folder / "sources.npy", allow_pickle=False)
            sources.append(np.asarray(here, np.uint32)[places] if here else places)
            sizes.append(np.load(folder / "sizes.npy", allow_pickle=False))
        self.values = np.concatenate(scores)
        self.sources = np.concatenate(sources)
        self.sizes = np.concatenate(sizes)
        self.names = sorted(names)
        self._number = names

    def mine(self, source: str) -> np.ndarray:
        """A mask of the documents of one source that have a score."""
        return np.asarray((self.sources == self._number[source]) & ~np.isnan(self.values))

    def of(self, source: str | None = None) -> np.ndarray:
        """The scores there are, sorted, of one source or of all."""
        return np.sort(self.values[~np.isnan(self.values) if source is None else self.mine(source)])

    def table(self) -> dict[str, dict[str, Any]]:
        """Source -> documents scored and their quantiles, for sources with any."""
        found = {}
        for name in self.names:
            ordered = self.of(name)
            if len(ordered):
                found[name] = {"documents": len(ordered), **quantiles(ordered)}
        return found


def quantile(ordered: np.ndarray, share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank): always one of them."""
    return float(ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)])


def quantiles(ordered: np.ndarray) -> dict[str, float]:
    return {f"p{round(share * 100)}": quantile(ordered, share) for share in SHARES}


def sort_chunk(chunk: Chunk, folder: Path, stage: str, judge: Callable[[int, dict[str, Any]], Verdict]) -> None:
    """Write a chunk's documents.parquet, dropped.parquet and tally.json; `judge(place, document)` decides."""
    dropped: list[dict[str, Any]] = []
    tally: dict[str, Counter[str]] = {}

    def kept() -> Iterator[dict[str, Any]]:
        for place, document in enumerate(read_chunk(chunk)):
            verdict = judge(place, document)
            document["meta"] = {**document["meta"], **verdict.meta}
            size = len(document["text"].encode())
            fate = "dropped" if verdict.drop else "kept"
            tally.setdefault(document["source"], Counter()).update(
                {"read": 1, fate: 1, "bytes_read": size, f"bytes_{fate}": size}
            )
            if verdict.drop is None:
                yield document
            else:
                dropped.append({**document, "stage": stage, **verdict.drop._asdict()})

    write_documents(folder / "documents.parquet", kept())
    if dropped:
        write_documents(folder / "dropped.parquet", dropped, dropped=True)
    write_json(folder / "tally.json", tally)


def gather(context: Context, units: Sequence[Chunk], folders: Sequence[Path]) -> dict[str, dict[str, int]]:
    """Put the chunks' files into the artifact and the sums into `context.counts`; returns counts per source."""
    places = {name: context.fresh(name) for name in ("documents", "dropped")}
    sources: dict[str, Counter[str]] = {}
    for chunk, folder in zip(units, folders, strict=True):
        for name, place in places.items():
            if (made := folder / f"{name}.parquet").is_file():
                link(made, place / f"{chunk.name}.parquet")
        for source, counts in json.loads((folder / "tally.json").read_text(encoding="utf-8")).items():
            sources.setdefault(source, Counter()).update(counts)
    for fate in ("read", "kept", "dropped"):
        context.counts[fate] = sum(counts[fate] for counts in sources.values())
    context.counts["failed"] = 0
    context.counts["bytes"] = {
        fate: sum(counts[f"bytes_{fate}"] for counts in sources.values()) for fate in ("read", "kept", "dropped")
    }
    keys = ("read", "kept", "dropped", "bytes_read", "bytes_kept", "bytes_dropped")
    return {source: {key: counts[key] for key in keys} for source, counts in sorted(sources.items())}
