"""Intervals of ratios that share their documents: one set of draws for all, so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 1000
CONFIDENCE = 0.95
BLOCK = 1 << 22  # weights held at once


@dataclass(frozen=True)
class Sums:
    """What documents add up to: `whole` (k,) over all of them, `drawn` (resamples, k) over documents drawn anew."""

    whole: NDArray[np.float64]
    drawn: NDArray[np.float64]


def resampled(columns: Any, seed: int = 0, resamples: int = RESAMPLES) -> Sums:
    """Sums of `columns`, shape (k, documents), integers: as they are, and over bootstrap draws of whole documents.

    Every column is drawn with the same documents. Sums of integers below 2^53 are exact, so they do not depend on
    how many threads add them up.
    """
    import numpy as np

    table = np.asarray(columns, np.float64)
    drawn = np.concatenate([weights @ table.T for weights in _weights(table.shape[1], seed, resamples)])
    return Sums(table.sum(axis=1), drawn)


def _weights(documents: int, seed: int, resamples: int) -> Iterator[NDArray[np.float64]]:
    """How often each document is drawn, (draws, documents) at a time."""
    import numpy as np

    generator = np.random.default_rng(seed)
    step = max(1, BLOCK // max(1, documents))
    for start in range(0, resamples, step):
        draws = min(step, resamples - start)
        chosen = generator.integers(0, documents, (draws, documents))
        table = np.zeros((draws, documents))
        np.add.at(table, (np.arange(draws)[:, None], chosen), 1)
        yield table


def estimate(whole: float, drawn: Any, documents: int, digits: int = 6) -> dict[str, float | None]:
    """`value`, `low`, `high`: a 95% percentile interval; None for one document, or where a draw divides by nothing."""
    import numpy as np

    values = np.asarray(drawn, np.float64)
    values = values[np.isfinite(values)]
    if documents < 2 or not len(values):
        return {"value": round(float(whole), digits), "low": None, "high": None}
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return {
        "value": round(float(whole), digits),
        "low": round(float(low), digits),
        "high": round(float(high), digits),
    }
