"""How well a score tells good documents from others: AUC, precision, recall."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def auc(good: Array, other: Array) -> float:
    """The chance that a good document scores above another one, ties counting half."""
    ordered = np.sort(other)
    below = np.searchsorted(ordered, good, "left") + np.searchsorted(ordered, good, "right")
    return float(below.sum() / (2 * len(good) * len(other)))


def judged(good: Array, other: Array, threshold: float) -> dict[str, Any]:
    """Precision and recall of `score >= threshold`, with the counts they come from."""
    right, wrong = int((good >= threshold).sum()), int((other >= threshold).sum())
    hit, alarm = right / len(good), wrong / len(other)
    return {
        "threshold": threshold,
        "good": len(good),
        "other": len(other),
        "good_above": right,
        "other_above": wrong,
        "auc": round(auc(good, other), 4),
        "recall": round(hit, 4),
        "precision": _ratio(right, right + wrong),
        "precision_equal_classes": _ratio(hit, hit + alarm),
        "false_positives": round(alarm, 4),
        "at": {
            f"{step / 10}": {"recall": share_of(good >= step / 10), "false_positives": share_of(other >= step / 10)}
            for step in range(1, 10)
        },
    }


def _ratio(part: float, of: float) -> float | None:
    return round(part / of, 4) if of else None


def share_of(mask: Array) -> float | None:
    return None if not len(mask) else round(math.fsum(mask.tolist()) / len(mask), 4)
