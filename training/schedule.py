"""Which phase a step belongs to and how far its rates are up: warm-up, then a cosine, in every phase anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from training.config import Phase


@dataclass(frozen=True)
class Span:
    """Steps [first, last) that train the same things."""

    train: Literal["new_rows", "all"]
    first: int
    last: int


def spans(phases: Sequence[Phase], steps: int, has_new_rows: bool) -> list[Span]:
    """Cut `steps` by the phases' shares, rounded to whole steps; phases too short for one step fall away.

    A model without new rows has nothing for a `new_rows` phase to train: there every phase trains all, as one span.
    """
    found: list[Span] = []
    share = 0.0
    first = 0
    for number, phase in enumerate(phases):
        share += phase.share
        last = steps if number == len(phases) - 1 else round(share * steps)
        train = phase.train if has_new_rows else "all"
        if last > first:
            if found and not has_new_rows:
                found[-1] = Span("all", found[-1].first, last)
            else:
                found.append(Span(train, first, last))
        first = max(first, last)
    return found


def span_at(found: Sequence[Span], step: int) -> Span:
    return next(span for span in found if span.first <= step < span.last)


def factor(span: Span, step: int, warmup: float, final: float) -> float:
    """The share of the peak rate at a step: linear to 1 over the warm-up, then a cosine to `final` at the last step.

    The first step of a warm-up of n steps has 1/n, so no step is wasted at rate 0.
    """
    length = span.last - span.first
    place = step - span.first
    rising = round(warmup * length)
    if place < rising:
        return (place + 1) / rising
    falling = max(1, length - 1 - rising)
    return final + (1 - final) * (1 + math.cos(math.pi * (place - rising) / falling)) / 2
