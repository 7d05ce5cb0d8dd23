"""Exact Jaccard similarity of all pairs of a sample, to measure what MinHash finds and misses.

Prefix filtering (Bayardo, Ma and Srikant 2007): two sets of Jaccard similarity t or more share one of the rarest
elements of each, so that only documents that do are compared, and none is missed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def similar_pairs(sets: Sequence[np.ndarray], least: float) -> dict[tuple[int, int], float]:
    """`{(a, b): similarity}` for all a < b of at least `least` (> 0); each set is an array of distinct uint64, sorted.

    Memory: about 60 bytes an element of all sets.
    """
    sizes = np.array([len(found) for found in sets], np.int64)
    if not sizes.sum():
        return {}
    owner = np.repeat(np.arange(len(sets)), sizes)
    _, element, often = np.unique(np.concatenate(list(sets)), return_inverse=True, return_counts=True)
    often = often[element]
    order = np.lexsort((element, often, owner))
    owner, element, often = owner[order], element[order], often[order]
    place = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    prefix = sizes - np.ceil(least * sizes - 1e-9).astype(np.int64) + 1
    wanted = (place < prefix[owner]) & (often > 1)
    owner, element = owner[wanted], element[wanted]
    order = np.lexsort((owner, element))
    owner, element = owner[order], element[order]
    cuts = np.flatnonzero(np.diff(element)) + 1
    found: dict[tuple[int, int], float] = {}
    seen: set[tuple[int, int]] = set()
    for group in np.split(owner, cuts):
        members = group.tolist()
        for second, b in enumerate(members):
            for a in members[:second]:
                if (a, b) in seen:
                    continue
                seen.add((a, b))
                if min(sizes[a], sizes[b]) >= least * max(sizes[a], sizes[b]):
                    value = jaccard(sets[a], sets[b])
                    if value >= least:
                        found[a, b] = value
    return found


def jaccard(one: np.ndarray, other: np.ndarray) -> float:
    """Of two sorted arrays of distinct elements; 0 for two empty ones."""
    both = len(np.intersect1d(one, other, assume_unique=True))
    total = len(one) + len(other) - both
    return both / total if total else 0.0
