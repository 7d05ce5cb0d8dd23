"""Which keys of a corpus occur again: sorted arrays of hashes on disk, joined one range of the hash space at a time.

Every unit of work writes its keys sorted. Afterwards a range of keys is read from all units at once, so that memory is
that of a range, whatever the size of the corpus, and the ranges can be done by several processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.duplicates.mapped import mapped

RECORDS = 1 << 19  # keys in a range
SPACE = 1 << 64


def write_keys(folder: Path, name: str, keys: np.ndarray, documents: np.ndarray) -> None:
    """Write hashes, uint64 of shape (words, n), and the documents of the unit they stand in, sorted by the hash."""
    order = np.lexsort((documents, *reversed(keys)))
    keys[:, order].tofile(folder / f"{name}.u64")
    documents[order].astype(np.uint32).tofile(folder / f"{name}.u32")


@dataclass(frozen=True)
class Keys:
    """The keys called `name` of all units; `starts` are the numbers of the units' first documents."""

    folders: tuple[Path, ...]
    starts: tuple[int, ...]
    name: str
    words: int

    def ranges(self) -> list[tuple[int, int]]:
        """Ranges of the first word, `low <= word < high`, that hold about RECORDS keys each."""
        total = sum((folder / f"{self.name}.u32").stat().st_size // 4 for folder in self.folders)
        count = max(1, -(-total // RECORDS))
        return [(SPACE * n // count, SPACE * (n + 1) // count) for n in range(count)]

    def read(self, span: tuple[int, int], live: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The keys of one range, shape (words, n), and their documents, sorted; of documents that are `live` alone."""
        keys, documents = [np.empty((self.words, 0), np.uint64)], [np.empty(0, np.int64)]
        for folder, start in zip(self.folders, self.starts, strict=True):
            held = mapped(folder / f"{self.name}.u64", np.uint64)
            held = held.reshape(self.words, len(held) // self.words)
            low = int(np.searchsorted(held[0], np.uint64(span[0])))
            high = held.shape[1] if span[1] == SPACE else int(np.searchsorted(held[0], np.uint64(span[1])))
            numbers = np.fromfile(folder / f"{self.name}.u32", np.uint32, high - low, offset=4 * low)
            document = numbers.astype(np.int64) + start
            alive = live[document]
            keys.append(held[:, low:high][:, alive])
            documents.append(document[alive])
        key, document = np.concatenate(keys, axis=1), np.concatenate(documents)
        order = np.lexsort((document, *reversed(key)))
        return key[:, order], document[order]


def groups(keys: np.ndarray) -> np.ndarray:
    """Where each group of equal keys begins, of keys that are sorted; shape (groups + 1,), the last is the end."""
    count = keys.shape[1]
    if not count:
        return np.zeros(1, np.int64)
    differ = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    return np.concatenate([[0], np.flatnonzero(differ) + 1, [count]])


def find_copies(span: tuple[int, int], folder: Path, keys: Keys, live: Path) -> None:
    """The unit of work after the barrier: `copies.i64`, shape (n, 2): a document, and the first that has its key."""
    found, documents = keys.read(span, np.fromfile(live, bool))
    edges = groups(found)
    first = np.repeat(documents[edges[:-1]], np.diff(edges))
    copies = documents != first
    np.stack([documents[copies], first[copies]], axis=1).tofile(folder / "copies.i64")


def read_copies(folders: Sequence[Path]) -> np.ndarray:
    """What `find_copies` wrote, of all ranges."""
    return np.concatenate([np.fromfile(folder / "copies.i64", np.int64).reshape(-1, 2) for folder in folders])
