"""What MinHash finds and misses, against the exact Jaccard similarity of all pairs of a sample.

    python benchmarks/minhash_recall.py FOLDER [SOURCE ...]      (FOLDER: the development corpora, as MALMOI_DATA)

For several schemes (buckets x hashes) with their own threshold t, by the code that `dedup` runs: true pairs have a
similarity of t or more; a pair is found when it meets in a bucket and its signatures agree on a share of t or more.
Below, the share found of the pairs in each interval of true similarity, and of documents, not pairs: how many dropped
ones have an earlier kept document at t or more, and how many of those that have one are dropped.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np

from corpus.duplicates.jaccard import jaccard, similar_pairs
from corpus.duplicates.minhash import Scheme, Signed, clusters, leaders, pair, sign
from corpus.duplicates.shingles import shingles

SOURCES = ("ko_petitions", "ko_statutes", "apt_translation_ko", "deb_libreoffice_help_ko")
SCHEMES = (
    Scheme(5, 20, 5, keep_numbers=False),
    Scheme(5, 14, 8, keep_numbers=False),
    Scheme(5, 9, 13, keep_numbers=False),
    Scheme(16, 14, 8, "character", keep_numbers=False),
)
LEAST = 0.4
EDGES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def texts(folder: Path, source: str) -> Iterator[str]:
    for path in sorted(folder.rglob(f"{source}.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)["text"]


def find(found: list[str], folder: Path, scheme: Scheme) -> tuple[set[tuple[int, int]], dict[int, int]]:
    """The pairs found, and the survivor of each dropped document."""
    sign(found, folder, scheme)
    signed = Signed((folder,), (0,), scheme)
    live = folder / "live"
    np.ones(len(found), bool).tofile(live)
    pair(range(scheme.buckets), folder, signed, live)
    pairs: set[tuple[int, int]] = set()
    dropped: dict[int, int] = {}
    for cluster in clusters([folder], folder / "joined", scheme):
        rows = {document: signed.row(document).reshape(scheme.buckets, -1) for document in cluster}
        for one, other in combinations(cluster, 2):
            same = rows[one] == rows[other]
            if same.all(axis=1).any() and same.mean() >= scheme.threshold:
                pairs.add((one, other))
        dropped.update((document, survivor) for document, survivor, _ in leaders(cluster, signed))
    return pairs, dropped


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part:,}/{whole:,})" if whole else "none"


def main() -> None:
    sources = sys.argv[2:] or SOURCES
    found = [text for source in sources for text in texts(Path(sys.argv[1]), source)]
    print(f"{len(found):,} documents of {', '.join(sources)}")
    for scheme in SCHEMES:
        sets = [np.unique(shingles([text], scheme.ngram, scheme.shingle)[0]) for text in found]
        exact = similar_pairs(sets, LEAST)
        with tempfile.TemporaryDirectory() as scratch:
            pairs, dropped = find(found, Path(scratch), scheme)
        true = {key for key, value in exact.items() if value >= scheme.threshold}
        near = {key for key, value in exact.items() if value >= scheme.threshold - 0.05}
        print(f"\n{scheme.buckets} x {scheme.hashes} of {scheme.ngram} {scheme.shingle}, t = {scheme.threshold}")
        print(
            f"pairs: precision {share(len(pairs & true), len(pairs))}; t - .05 {share(len(pairs & near), len(pairs))}"
        )
        print(f"pairs: recall {share(len(pairs & true), len(true))}")
        for low, high in pairwise(EDGES):
            there = {key for key, value in exact.items() if low <= value < high or value == high == 1}
            print(f"  similarity {low}-{high}: found {share(len(pairs & there), len(there))}")
        right = sum(
            jaccard(sets[document], sets[survivor]) >= scheme.threshold for document, survivor in dropped.items()
        )
        close = sum(
            jaccard(sets[document], sets[survivor]) >= scheme.threshold - 0.05 for document, survivor in dropped.items()
        )
        due = {b for a, b in true if a not in dropped}
        print(f"documents: precision {share(right, len(dropped))}, at t - .05 {share(close, len(dropped))}")
        print(f"documents: recall {share(len(due & set(dropped)), len(due))}")


if __name__ == "__main__":
    main()
