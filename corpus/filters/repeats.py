"""How much of a text repeats itself: items seen before, the most frequent n-gram, n-grams seen before.

N-grams are numbered, not hashed: an n-gram's number comes from that of its first n-1 words and its last word, and only
where those n-1 words occur twice can it occur twice. Few positions are left after the first step, so ten lengths cost
little more than one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.int64]]


def repeated(items: Sequence[str]) -> tuple[int, int]:
    """How many items stood earlier in the sequence, and their characters."""
    if len(set(items)) == len(items):
        return 0, 0
    seen: set[str] = set()
    count = size = 0
    for item in items:
        if item in seen:
            count += 1
            size += len(item)
        seen.add(item)
    return count, size


class Grams:
    """The n-grams of a sequence of words that occur more than once."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self._levels: dict[int, tuple[Array, Array]] = {}

    @cached_property
    def _numbers(self) -> Array:
        import numpy as np

        index: defaultdict[str, int] = defaultdict()
        index.default_factory = index.__len__  # the number of a new word
        return np.fromiter(map(index.__getitem__, self.words), np.int64, len(self.words))

    @cached_property
    def _sizes(self) -> Array:
        import numpy as np

        return np.fromiter(map(len, self.words), np.int64, len(self.words))

    @cached_property
    def _before(self) -> Array:
        """Characters of the words before each word, and of all."""
        import numpy as np

        return np.concatenate((np.zeros(1, np.int64), np.cumsum(self._sizes)))

    @cached_property
    def heaviest(self) -> int:
        """Characters, spaces included, of all occurrences of the word that has the most.

        No n-gram has more than n times that: it occurs no more often than any of its words.
        """
        import numpy as np

        return int(np.bincount(self._numbers, self._sizes + 1).max()) if len(self.words) else 0

    def in_runs(self, n: int) -> int:
        """Characters of words in runs of n or more that each occur twice: n-grams that repeat are made of these."""
        import numpy as np

        if len(self.words) < n:
            return 0
        twice = np.zeros(len(self.words) + 2, np.int8)
        twice[1:-1] = np.bincount(self._numbers)[self._numbers] > 1
        edges = (twice[1:] != twice[:-1]).nonzero()[0]
        begin, end = edges[::2], edges[1::2]
        return int((self._before[end] - self._before[begin])[end - begin >= n].sum())

    @cached_property
    def repeating(self) -> int:
        """Characters of the words inside bigrams that occur twice, of which all longer repeats are made."""
        import numpy as np

        at, _ = self.repeats(2)
        inside = np.zeros(len(self.words), bool)
        inside[at] = True
        inside[at + 1] = True
        return int(self._sizes[inside].sum())

    def repeats(self, n: int) -> tuple[Array, Array]:
        """Positions of the n-grams that occur more than once, in order, and a number for each different one."""
        if n not in self._levels:
            self._levels[n] = self._level(n)
        return self._levels[n]

    def _level(self, n: int) -> tuple[Array, Array]:
        import numpy as np

        if n == 1:
            at, numbers = np.arange(len(self.words), dtype=np.int64), self._numbers
        else:
            at, numbers = self.repeats(n - 1)
            if not len(at):
                return at, numbers
            whole = at <= len(self.words) - n
            at = at[whole]
            numbers = numbers[whole] * (len(self.words) + 1) + self._numbers[at + n - 1]
        if not len(at):
            return at, numbers
        if n > 1:
            order = numbers.argsort(kind="stable")
            ranked = numbers[order]
            new = np.ones(len(ranked), bool)
            np.not_equal(ranked[1:], ranked[:-1], out=new[1:])
            numbers[order] = new.cumsum() - 1
        more = np.bincount(numbers)[numbers] > 1
        return at[more], numbers[more]

    def top_characters(self, n: int, few: int = 2) -> int:
        """Characters of all occurrences of the most frequent n-gram, words joined by spaces.

        0 where none occurs `few` times, at least twice. Of n-grams equally frequent the longest counts.
        """
        import numpy as np

        at, numbers = self.repeats(n)
        if not len(at):
            return 0
        counts = np.bincount(numbers)[numbers]
        most = int(counts.max())
        if most < few:
            return 0
        best = at[counts == most]
        return most * (int((self._before[best + n] - self._before[best]).max()) + n - 1)

    def repeated_characters(self, n: int) -> int:
        """Characters of words inside n-grams that occurred before, none counted twice."""
        places, numbers = self.repeats(n)
        before = self._before
        seen: set[int] = set()
        size = free = 0
        for at, number in zip(places.tolist(), numbers.tolist(), strict=True):
            if at < free:  # inside an n-gram that was counted
                continue
            if number in seen:
                size += int(before[at + n] - before[at])
                free = at + n
            else:
                seen.add(number)
        return size
