"""Hashes of eojeol, characters, lines and runs of them, for many texts at once, without a Python object per word.

A text is turned into code points, each code point into a random 64-bit number (that of its folded case; 0 for what is
neither letter nor digit), and the hash of any stretch is the polynomial of its numbers modulo 2^64: the difference of
two prefix sums (Karp and Rabin 1987), so a run of words costs no more than a word. Compared is NFC text. Digits stay as
they are: statutes and price lists differ in nothing else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

BASE = 0x9E3779B97F4A7C15  # odd, so that its powers have inverses modulo 2^64
LETTERS = 0x40000  # no code point above is a letter or a digit
NEWLINE = np.uint32(10)


def mixed(values: np.ndarray) -> np.ndarray:
    """Every bit of the result depends on every bit of the value (the finalizer of SplitMix64); uint64 in and out."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


@cache
def numbers_of_code_points() -> np.ndarray:
    """uint64 of shape (0x110000,): what stands for each code point; 0 for all that `\\w` does not match."""
    found = np.zeros(0x110000, np.uint64)
    letters = np.array([code for code in range(LETTERS) if chr(code).isalnum() or code == ord("_")])
    folded = [chr(code).casefold() for code in letters.tolist()]
    same = [ord(to) if len(to) == 1 else code for code, to in zip(letters.tolist(), folded, strict=True)]
    found[letters] = mixed(np.array(same, np.uint64) + np.uint64(BASE))
    return found


@cache
def letters_of_code_points() -> np.ndarray:
    """The same numbers, but 0 for decimal digits too."""
    found = numbers_of_code_points().copy()
    found[[code for code in range(LETTERS) if chr(code).isdecimal()]] = 0
    return found


@cache
def _powers(size: int) -> tuple[np.ndarray, np.ndarray]:
    base, inverse = np.full(size, BASE, np.uint64), np.full(size, pow(BASE, -1, 1 << 64), np.uint64)
    base[0] = inverse[0] = 1
    return np.cumprod(base), np.cumprod(inverse)


def powers(size: int) -> tuple[np.ndarray, np.ndarray]:
    """BASE^0, BASE^1, ... and their inverses modulo 2^64, at least `size` of each."""
    return _powers(1 << max(18, (size - 1).bit_length()))


def stretches(values: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The hash of values[begin:end] for each of the pairs, uint64; order and place within the stretch count."""
    power, inverse = powers(len(values) + 1)
    total = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(values * power[: len(values)], out=total[1:])
    return mixed((total[end] - total[begin]) * inverse[begin])


@dataclass(frozen=True)
class Codes:
    """Texts as one array of code points; text n is codes[offsets[n]:offsets[n + 1]], with the newline that ends it."""

    codes: np.ndarray
    offsets: np.ndarray

    @property
    def values(self) -> np.ndarray:
        found: np.ndarray = numbers_of_code_points()[self.codes]
        return found


def encode(texts: Sequence[str]) -> Codes:
    """Code points of the NFC of `texts`; memory is about 60 bytes a character with what the callers make of it."""
    joined = "\n".join(texts) + "\n" if texts else ""
    if not unicodedata.is_normalized("NFC", joined):
        texts = [unicodedata.normalize("NFC", text) for text in texts]
        joined = "\n".join(texts) + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) + 1 for text in texts], out=offsets[1:])
    return Codes(codes, offsets)


def eojeol(found: Codes) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the words, uint64, and for each text the number of its first word, int64 of shape (texts + 1,)."""
    values = found.values
    begin, end = _words(values)
    return stretches(values, begin, end), np.searchsorted(begin, found.offsets)


def _words(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], values != 0])))
    return edges[::2], edges[1::2]  # the newline after the last text closes every word


def characters(found: Codes) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the letters and digits, without spaces and marks, and for each text the number of its first one."""
    values = found.values
    letter = values != 0
    before = np.zeros(len(values) + 1, np.int64)
    np.cumsum(letter, out=before[1:])
    return values[letter], before[found.offsets]


def runs(units: np.ndarray, firsts: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of all runs of `length` units, uint64, with repeats, and for each text the number of its first run.

    A text shorter than `length` is one run of all its units; a text without units has no run.
    """
    counts = np.diff(firsts)
    amounts = np.where(counts > 0, np.maximum(1, counts - length + 1), 0)
    run_firsts = np.concatenate([[0], np.cumsum(amounts)])
    begin = np.arange(run_firsts[-1]) + np.repeat(firsts[:-1] - run_firsts[:-1], amounts)
    end = np.minimum(begin + length, np.repeat(firsts[1:], amounts))
    return stretches(units, begin, end), run_firsts


def shingles(texts: Sequence[str], length: int, unit: str = "eojeol") -> tuple[np.ndarray, np.ndarray]:
    """Hashed shingles of each text: runs of `length` eojeol or characters, as `runs` gives them."""
    found = encode(texts)
    return runs(*(eojeol(found) if unit == "eojeol" else characters(found)), length)


def contents(found: Codes) -> np.ndarray:
    """uint64 of shape (texts, 2): the first is equal where the letters are the same, the second where the numbers are.

    Both whatever the order; a number is a run of decimal digits. Texts that differ in the second alone say the same of
    another year, price or version.
    """
    values, letters = found.values, letters_of_code_points()[found.codes]
    sums = np.empty((len(found.offsets) - 1, 2), np.uint64)
    total = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(letters, out=total[1:])
    sums[:, 0] = np.diff(total[found.offsets])
    places = np.flatnonzero(values != letters)
    opens = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    closes = np.append(opens[1:], len(places)) if len(opens) else opens
    total = np.zeros(len(opens) + 1, np.uint64)
    np.cumsum(stretches(values[places], opens, closes), out=total[1:])
    at = np.searchsorted(places[opens], found.offsets)
    sums[:, 1] = np.diff(total[at])
    return sums
