"""How sure a score is: intervals, the smallest difference so many items can show, and paired comparisons.

Every function is pure; those that resample take a seed and give the same figures for it. Intervals are two-sided.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError

if TYPE_CHECKING:
    import numpy as np

CONFIDENCE = 0.95
POWER = 0.80
RESAMPLES = 2000
SMOKE = 100  # fewer items than this make a smoke test, not a benchmark
BLOCK = 1 << 22  # resampled indices held at once


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; `low` and `high` are None where one observation gives no interval."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Paired:
    """`second` less `first` on the same items; `p` is two-sided against no difference."""

    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    p: float
    items: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def wilson(successes: int, items: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval for a share (JASA 1927); it stays inside [0, 1] and is never empty at 0 or at n."""
    if not 0 <= successes <= items or items == 0:
        raise ValueError(f"{successes} of {items} is not a share")
    z = _z(confidence)
    share, spread = successes / items, z * z / items
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / items + spread / (4 * items))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == items else min(1.0, middle + half)
    return low, high


def smallest_difference(
    items: int, rate: float = 0.5, power: float = POWER, confidence: float = CONFIDENCE, discordant: float | None = None
) -> float:
    """The smallest true difference of two accuracies that `items` items show with probability `power`.

    Without `discordant` the two models are scored on separate samples of `items` items each (unpaired, normal
    approximation at `rate`; .5 is the worst case). With it, both answer the same items and this share of them is
    answered rightly by exactly one of the two (paired, McNemar; Connor, Biometrics 1987). At most 1.
    """
    if items < 1:
        raise ValueError("a difference needs at least one item")
    z, reach = _z(confidence), NormalDist().inv_cdf(power)
    if discordant is None:
        return min(1.0, (z + reach) * math.sqrt(2 * rate * (1 - rate) / items))
    low, high = 0.0, discordant  # a difference cannot exceed the share of items that differ
    for _ in range(60):
        middle = (low + high) / 2
        needed = z * math.sqrt(discordant) + reach * math.sqrt(max(0.0, discordant - middle * middle))
        low, high = (low, middle) if middle * math.sqrt(items) >= needed else (middle, high)
    return min(1.0, high) if high < discordant * (1 - 1e-9) else 1.0


def ratio(
    tops: Sequence[float],
    bottoms: Sequence[float],
    seed: int = 0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """sum(tops) / sum(bottoms) with a percentile bootstrap whose resampling unit is the position: the document.

    For bits per byte `tops` are bits and `bottoms` are bytes. Tokens of one document are not independent, so
    documents are drawn, each with its bits and its bytes together.
    """
    import numpy as np

    top, bottom = _columns(tops, bottoms)
    value = float(top.sum() / bottom.sum())
    if len(top) < 2:
        return Estimate(value, None, None)
    drawn = np.concatenate(
        [top[index].sum(axis=1) / bottom[index].sum(axis=1) for index in _draws(len(top), resamples, seed)]
    )
    low, high = _percentiles(drawn, confidence)
    return Estimate(value, low, high)


def paired_ratio(
    first: Sequence[float],
    second: Sequence[float],
    bottoms: Sequence[float],
    seed: int = 0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Paired:
    """Difference of two ratios over the same documents, which are drawn together (paired bootstrap).

    `p` is twice the share of draws on the other side of zero, never below 1 / (resamples + 1).
    """
    import numpy as np

    one, bottom = _columns(first, bottoms)
    two, _ = _columns(second, bottoms)
    values = float(one.sum() / bottom.sum()), float(two.sum() / bottom.sum())
    change = two - one
    difference = float(change.sum() / bottom.sum())
    if len(one) < 2:
        return Paired(*values, difference, None, None, 1.0, len(one))
    drawn = np.concatenate(
        [change[index].sum(axis=1) / bottom[index].sum(axis=1) for index in _draws(len(one), resamples, seed)]
    )
    low, high = _percentiles(drawn, confidence)
    side = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    p = min(1.0, 2 * (side + 1) / (resamples + 1))
    return Paired(*values, difference, low, high, p, len(one))


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p of McNemar's test: items only one of two models has right fall either way like coins."""
    total = only_first + only_second
    if total == 0:
        return 1.0
    tail = sum(
        math.exp(math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) - total * math.log(2))
        for k in range(min(only_first, only_second) + 1)
    )
    return min(1.0, 2 * tail)


def paired_accuracy(first: Sequence[bool], second: Sequence[bool], confidence: float = CONFIDENCE) -> Paired:
    """Difference of two accuracies on the same items: normal interval of the paired difference, McNemar's exact p."""
    if len(first) != len(second) or not first:
        raise ValueError("paired accuracies need the same items")
    items = len(first)
    gained = sum(bool(b) and not a for a, b in zip(first, second, strict=True))
    lost = sum(bool(a) and not b for a, b in zip(first, second, strict=True))
    difference = (gained - lost) / items
    half = _z(confidence) * math.sqrt(max(0.0, (gained + lost) / items - difference**2) / items)
    low, high = max(-1.0, difference - half), min(1.0, difference + half)
    return Paired(
        sum(map(bool, first)) / items,
        sum(map(bool, second)) / items,
        difference,
        low,
        high,
        mcnemar(lost, gained),
        items,
    )


def paired_lines(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]], what: str
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Two models' score lines joined by `id`, in the first's order; InputError names an item that only one has."""
    ours, theirs = {line["id"]: line for line in first}, {line["id"]: line for line in second}
    odd = sorted(ours.keys() ^ theirs.keys())
    if odd:
        raise InputError(f"{what}: '{odd[0]}' was scored for one of the two models only")
    return [(line, theirs[name]) for name, line in ours.items()]


def collapse(predictions: Sequence[int], gold: Sequence[int], confidence: float = CONFIDENCE) -> dict[str, Any]:
    """Does the model answer everything alike: the share of its most frequent answer beside the gold share of it.

    `collapsed` when even the interval's low end lies beyond half the way from the gold share to 1.
    """
    answer, count = min(Counter(predictions).items(), key=lambda pair: (-pair[1], pair[0]))
    golden = sum(g == answer for g in gold) / len(gold)
    low, _ = wilson(count, len(predictions), confidence)
    return {
        "prediction": answer,
        "share": count / len(predictions),
        "gold_share": golden,
        "collapsed": golden < 1 and low > (1 + golden) / 2,
    }


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def _columns(tops: Sequence[float], bottoms: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    top, bottom = np.asarray(tops, dtype=np.float64), np.asarray(bottoms, dtype=np.float64)
    if top.shape != bottom.shape or top.ndim != 1 or not len(top):
        raise ValueError("a ratio needs as many tops as bottoms, and at least one")
    if (bottom <= 0).any():
        raise ValueError("a ratio's bottoms must be positive")
    return top, bottom


def _draws(items: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """`resamples` rows of `items` positions drawn with replacement, in blocks of bounded memory."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(seed))
    rows = max(1, BLOCK // items)
    for start in range(0, resamples, rows):
        yield source.integers(0, items, size=(min(rows, resamples - start), items))


def _percentiles(drawn: np.ndarray, confidence: float) -> tuple[float, float]:
    import numpy as np

    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
