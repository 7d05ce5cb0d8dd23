"""Where benchmark items stand in a text: windows of letters and digits, hashed in bulk, then looked at one by one.

Korean writes the same words with and without spaces, and mends its marks on the way from page to page, so a text is
compared by its letters and digits alone, in lower case. An item is found where enough of its windows stand close
together, as in Llama 2 (Touvron et al. 2023, A.6: a sample is dirty by its share of contaminated tokens), not where
one window does (GPT-3: 13 words), which a common phrase of an exam would meet. An item shorter than one window is found
where it is a whole line.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPREAD = 1.5  # a part's windows stand in at most this many times its own length
FACTOR = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
SIEVE_BITS = 22


@dataclass(frozen=True)
class Part:
    """A text of an item that must not be trained on; an item may have several."""

    item: str
    text: str


@dataclass(frozen=True)
class Found:
    """`share` of the part's windows stand in characters [start, end) of the text."""

    item: str
    share: float
    start: int
    end: int


@lru_cache(maxsize=1)
def _table() -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """For every code point: whether it is a letter or digit, and 64 mixed bits (SplitMix64, Steele et al. 2014)."""
    import numpy as np

    kept = np.fromiter((chr(code).isalnum() for code in range(0x110000)), np.bool_, 0x110000)
    with np.errstate(over="ignore"):
        mixed = np.arange(1, 0x110001, dtype=np.uint64) * np.uint64(FACTOR)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return kept, mixed ^ (mixed >> np.uint64(31))


@lru_cache(maxsize=4)
def _powers(inverse: bool, size: int) -> NDArray[np.uint64]:
    """FACTOR^i, or its inverse's, modulo 2^64."""
    import numpy as np

    base = pow(FACTOR, -1, 1 << 64) if inverse else FACTOR
    with np.errstate(over="ignore"):
        return np.cumprod(np.concatenate([np.ones(1, np.uint64), np.full(size - 1, base, np.uint64)]))


def letters(text: str) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Code points of the letters and digits of `text` in lower case, and where each stands in `text`.

    `text` is NFC; what lower case makes longer (İ) is left as it is.
    """
    import numpy as np

    low = text.lower()
    if len(low) != len(text):
        low = "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
    codes = np.frombuffer(low.encode("utf-32-le", "surrogatepass"), np.uint32)
    places = np.flatnonzero(_table()[0][codes])
    return codes[places], places


def windows(codes: NDArray[np.uint32], width: int) -> NDArray[np.uint64]:
    """One hash for each run of `width` code points, shape (len(codes) - width + 1,), or (0,)."""
    import numpy as np

    count = len(codes) - width + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    size = 1 << max(12, len(codes).bit_length())
    with np.errstate(over="ignore"):
        terms = _table()[1][codes] * _powers(False, size)[: len(codes)]
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms)])
        found: NDArray[np.uint64] = (sums[width:] - sums[:-width]) * _powers(True, size)[:count]
        return (found ^ (found >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)


class Index:
    """Parts of items, to be found in texts. Memory: about 30 bytes for each of the parts' characters."""

    def __init__(self, parts: Iterable[Part], width: int, share: float) -> None:
        """`width` in letters and digits; `share` of a part's windows that make it found, over 0 to 1."""
        import numpy as np

        self.width, self.share = width, share
        self.parts: list[Part] = []
        self.lines: dict[str, list[str]] = {}
        lengths: list[int] = []
        hashes: list[NDArray[np.uint64]] = []
        for part in parts:
            codes, _ = letters(unicodedata.normalize("NFC", part.text))
            if len(codes) == 0:
                continue
            if len(codes) < width:
                self.lines.setdefault(_key(codes), []).append(part.item)
                continue
            self.parts.append(part)
            lengths.append(len(codes))
            hashes.append(np.unique(windows(codes, width)))
        self.lengths = np.array(lengths, np.int64)
        self.counts = np.array([len(one) for one in hashes], np.int64)
        joined = np.concatenate(hashes) if hashes else np.empty(0, np.uint64)
        owner = np.repeat(np.arange(len(hashes)), self.counts)
        order = np.lexsort((owner, joined))
        self.hashes, self.owner = joined[order], owner[order]
        self.sieve = np.zeros(1 << SIEVE_BITS, np.bool_)
        self.sieve[joined >> np.uint64(64 - SIEVE_BITS)] = True
        self.longest = max((len(line) for line in self.lines), default=0)

    def find(self, text: str) -> list[Found]:
        """Every item in `text`, by place; where its parts stand several times, each stretch that holds enough.

        In a text that is not NFC a place is the lines it touches.
        """
        if unicodedata.is_normalized("NFC", text):
            return self._find(text)
        composed = unicodedata.normalize("NFC", text)
        lines = _line_ends(composed), _line_ends(text)
        return [_over_lines(one, *lines) for one in self._find(composed)]

    def _find(self, text: str) -> list[Found]:
        import numpy as np

        codes, places = letters(text)
        found = self._whole_lines(text) if self.lines else []
        hashed = windows(codes, self.width)
        at = np.flatnonzero(self.sieve[hashed >> np.uint64(64 - SIEVE_BITS)]) if len(hashed) else hashed
        if len(at):
            left = np.searchsorted(self.hashes, hashed[at], "left")
            count = np.searchsorted(self.hashes, hashed[at], "right") - left
            at, left, count = at[count > 0], left[count > 0], count[count > 0]
            where = np.repeat(at, count)
            step = np.arange(len(where)) - np.repeat(np.cumsum(count) - count, count)
            owner = self.owner[np.repeat(left, count) + step]
            enough = np.bincount(owner, minlength=len(self.parts)) >= self.share * self.counts
            for number in np.flatnonzero(enough[: len(self.parts)]).tolist():
                mine = where[owner == number]
                found += self._stretches(number, mine, hashed[mine], places)
        return sorted(set(found), key=lambda one: (one.start, one.end, one.item))

    def _stretches(
        self, number: int, where: NDArray[np.int64], hashed: NDArray[np.uint64], places: NDArray[np.int64]
    ) -> list[Found]:
        """Stretches of at most SPREAD times the part's length that hold `share` of its windows."""
        reach = int(SPREAD * int(self.lengths[number]))
        wanted = self.share * int(self.counts[number])
        held: dict[int, int] = {}
        found: list[Found] = []
        first = 0
        values, spots = hashed.tolist(), where.tolist()
        for last, value in enumerate(values):
            held[value] = held.get(value, 0) + 1
            while spots[last] + self.width - spots[first] > reach:
                gone = values[first]
                held[gone] -= 1
                if not held[gone]:
                    del held[gone]
                first += 1
            if len(held) >= wanted:
                start, end = int(places[spots[first]]), int(places[spots[last] + self.width - 1]) + 1
                share = round(len(held) / int(self.counts[number]), 4)
                if found and start < found[-1].end:
                    start, share = found[-1].start, max(share, found[-1].share)
                    found.pop()
                found.append(Found(self.parts[number].item, share, start, end))
        return found

    def _whole_lines(self, text: str) -> list[Found]:
        found: list[Found] = []
        start = 0
        for line in text.split("\n"):
            if 0 < len(line) <= 4 * self.longest + 16:
                codes, _ = letters(line)
                for item in self.lines.get(_key(codes), ()) if len(codes) < self.width else ():
                    found.append(Found(item, 1.0, start, start + len(line)))
            start += len(line) + 1
        return found


def _key(codes: NDArray[np.uint32]) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _line_ends(text: str) -> list[int]:
    return list(accumulate(len(line) + 1 for line in text.split("\n")))


def _over_lines(found: Found, composed: list[int], ends: list[int]) -> Found:
    """What was found in the composed text, as the lines of the text itself that it touches."""
    first, last = (bisect_right(composed, place) for place in (found.start, found.end - 1))
    return replace(found, start=ends[first - 1] if first else 0, end=ends[last] - 1)


def without(text: str, found: Sequence[Found]) -> str:
    """`text` less every line that a found item touches."""
    kept: list[str] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if not any(one.start < end and start < one.end for one in found):
            kept.append(line)
        start = end + 1
    return "\n".join(kept).strip("\n")
