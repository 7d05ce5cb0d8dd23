"""How much of a text repeats itself: items seen before, the most frequent n-gram, n-grams seen before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def repeated(items: Sequence[str]) -> tuple[int, int]:
    """How many items stood earlier in the sequence, and their characters."""
    seen: set[str] = set()
    count = size = 0
    for item in items:
        if item in seen:
            count += 1
            size += len(item)
        seen.add(item)
    return count, size


def top_ngram_characters(words: Sequence[str], n: int) -> int:
    """Characters of all occurrences of the most frequent n-gram, 0 where none occurs twice."""
    grams = Counter(zip(*(words[start:] for start in range(n)), strict=False))
    if not grams:
        return 0
    best, count = max(grams.items(), key=lambda pair: (pair[1], len(" ".join(pair[0])), pair[0]))
    return count * len(" ".join(best)) if count > 1 else 0


def repeated_ngram_characters(words: Sequence[str], n: int) -> int:
    """Characters of words inside n-grams that occurred before, none counted twice."""
    seen: set[tuple[str, ...]] = set()
    size, at = 0, 0
    while at <= len(words) - n:
        gram = tuple(words[at : at + n])
        if gram in seen:
            size += sum(map(len, words[at : at + n]))
            at += n
        else:
            seen.add(gram)
            at += 1
    return size
