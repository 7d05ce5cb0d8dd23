"""A text as hashed n-grams, and the linear model over them: what fastText does (Joulin et al. 2017), without its file.

Counted are the character 2-, 3- and 4-grams inside an eojeol (its borders included), eojeol and pairs of eojeol, of the
text form of `corpus.scores.lmtext` with its lines joined, so that neither numbers nor the layout tell one source from
another.
All of it is arithmetic on arrays: a Korean window of 1,000 characters takes a fraction of a millisecond.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.scores.folds import fold_of
from corpus.scores.lmtext import lines
from pipeline.artifact import write_json
from pipeline.errors import InputError

ORDERS = (2, 3, 4)
WEIGHTS, FACTS = "weights.npz", "classifier.json"
_BASE = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2**64
_SALT = {2: 0x1B873593, 3: 0xCC9E2D51, 4: 0x85EBCA6B, "word": 0xC2B2AE35, "pair": 0x27D4EB2F}
_SPACE = np.uint32(32)
Array = np.ndarray[Any, Any]


def windows(text: str, size: int, most: int) -> list[str]:
    """At most `most` pieces of `size` characters, spread evenly over the text; a short text is one piece."""
    joined = " ".join(lines(text))
    if len(joined) <= size:
        return [joined] if joined else []
    count = min(most, math.ceil(len(joined) / size))
    last = len(joined) - size
    return [joined[(at := last * number // max(1, count - 1)) : at + size] for number in range(count)]


def hashed(text: str, bits: int) -> Array:
    """The features of one window as numbers below 2**bits, repeats included: uint32, at most 5 per character."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "replace"), np.uint32)
    space = codes == _SPACE
    wide = codes.astype(np.uint64)
    found = []
    for order in ORDERS:
        total = len(codes) - order + 1
        if total <= 0:
            break
        rolled = np.full(total, _SALT[order], np.uint64)
        inside = np.ones(total, np.bool_)
        for place in range(order):
            rolled = rolled * np.uint64(_BASE) + wide[place : place + total]
            if 0 < place < order - 1:
                inside &= ~space[place : place + total]
        if order == 2:
            inside &= ~(space[:total] & space[1:])
        found.append(rolled[inside])
    words = _words(wide, space)
    found.append(words + np.uint64(_SALT["word"]))
    found.append(words[:-1] * np.uint64(_BASE) + words[1:] + np.uint64(_SALT["pair"]))
    return _mixed(np.concatenate(found), bits)


def _words(codes: Array, space: Array) -> Array:
    """One hash per eojeol: a difference of prefix sums of code * BASE**place, divided by BASE**start."""
    edges = np.flatnonzero(space[1:] != space[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    if not len(starts):
        return np.empty(0, np.uint64)
    powers, inverses = _powers(len(codes))
    sums = np.concatenate([[np.uint64(0)], np.cumsum(codes * powers, dtype=np.uint64)])
    return np.asarray((sums[ends] - sums[starts]) * inverses[starts])


_POWERS: list[Array] = []


def _powers(length: int) -> tuple[Array, Array]:
    """BASE**0, BASE**1, ... and their inverses modulo 2**64, kept for the longest window seen."""
    if not _POWERS or len(_POWERS[0]) < length:
        size = 1 << max(11, length.bit_length())
        inverse = pow(_BASE, -1, 1 << 64)
        _POWERS[:] = [np.cumprod(np.array([1, *[base] * (size - 1)], np.uint64)) for base in (_BASE, inverse)]
    return _POWERS[0][:length], _POWERS[1][:length]


def _mixed(keys: Array, bits: int) -> Array:
    """The finaliser of MurmurHash3, then the top bits."""
    keys = keys ^ (keys >> np.uint64(33))
    keys = keys * np.uint64(0xFF51AFD7ED558CCD)
    keys = keys ^ (keys >> np.uint64(33))
    return np.asarray((keys >> np.uint64(64 - bits)).astype(np.uint32))


class Linear:
    """A saved classifier: a row of weights over hashed features for each fold, and how texts were cut for it."""

    def __init__(self, weights: Array, intercepts: list[float], lang: str, window: int, windows: int) -> None:
        self.weights, self.intercepts, self.lang = weights, intercepts, lang
        self.window, self.windows = window, windows
        self.folds = len(intercepts)
        self.bits = weights.shape[1].bit_length() - 1

    def score(self, text: str) -> float | None:
        """By the model of the text's fold, over its windows: 0 to 1, six digits; None where nothing is in it."""
        fold = fold_of(text, self.folds)
        found = windows(text, self.window, self.windows)
        return chance([self.margin(hashed(window, self.bits), fold) for window in found])

    def margin(self, features: Array, fold: int) -> float:
        """Log odds of one window. Each feature weighs 1 / sqrt(their number)."""
        total = float(self.weights[fold][features].sum(dtype=np.float64))
        return max(-30.0, min(30.0, total / math.sqrt(max(1, len(features))) + self.intercepts[fold]))

    def save(self, folder: Path) -> None:
        np.savez_compressed(folder / WEIGHTS, weights=self.weights)
        facts = {"intercepts": self.intercepts, "lang": self.lang, "window": self.window, "windows": self.windows}
        write_json(folder / FACTS, facts)

    @classmethod
    def read(cls, folder: Path) -> Linear:
        """InputError for what is no classifier; nothing in the files is executed."""
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
                weights = arrays["weights"]
            intercepts = [float(one) for one in facts["intercepts"]]
            if weights.dtype != np.float32 or weights.ndim != 2 or not np.isfinite(weights).all():
                raise ValueError("its weights are no table of finite float32")
            folds, size = weights.shape
            if folds != len(intercepts) or not folds or not 1 < size <= 1 << 24 or size & (size - 1):
                raise ValueError("its weights are not a power of two for each intercept")
            if not all(map(math.isfinite, intercepts)):
                raise ValueError("its intercepts are not finite")
            size, most = int(facts["window"]), int(facts["windows"])
            if size < 1 or most < 1:
                raise ValueError("its windows are empty")
            return cls(weights, intercepts, str(facts["lang"]), size, most)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{folder} is not a classifier: {error}") from None


def chance(margins: Sequence[float]) -> float | None:
    """The mean of log odds as a probability, to six digits."""
    return round(1 / (1 + math.exp(-sum(margins) / len(margins))), 6) if margins else None


def named(text: str, bits: int) -> dict[str, int]:
    """The same features with the string each stands for, for a reader; a thousand times slower than `hashed`."""
    found: dict[str, int] = {}
    words = text.split()
    padded = f" {' '.join(words)} "
    for order in ORDERS:
        for start in range(len(padded) - order + 1):
            gram = padded[start : start + order]
            if " " not in gram[1:-1] and gram.strip():
                found[gram] = _rolled(gram, _SALT[order])
    keys = [sum(ord(c) * pow(_BASE, place, 1 << 64) for place, c in enumerate(word)) for word in words]
    found.update({f"[{word}]": key + _SALT["word"] for word, key in zip(words, keys, strict=True)})
    for one, two, key, after in zip(words, words[1:], keys, keys[1:], strict=False):
        found[f"[{one} {two}]"] = key * _BASE + after + _SALT["pair"]
    places = _mixed(np.array([key % (1 << 64) for key in found.values()], np.uint64), bits)
    return dict(zip(found, places.tolist(), strict=True))


def _rolled(gram: str, salt: int) -> int:
    key = salt
    for c in gram:
        key = key * _BASE + ord(c)
    return key
