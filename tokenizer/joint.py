"""Input and output rows together, by cross entropy of running text through the frozen body.

A base that spells a language in pieces of characters gives the beginnings of characters their probability wherever one
can follow. Text in new ids never continues with such a beginning, yet its row may not change, and a student that only
matches the base's states pays for it twice: at each new id, and at each space or digit whose share the new ids halve.
Cross entropy teaches the input rows to lead to states that expect no beginnings; no teacher runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tokenizer.distill import BATCH, inside, order, padded
from tokenizer.fitted import Fitted
from tokenizer.frozen import Frozen
from tokenizer.heads import Positions, penalty

if TYPE_CHECKING:
    import torch

INPUT_RATES, OUTPUT_RATES = (8.0, 0.2), (2.0, 0.1)  # of the map and of own rows, as `Fitted` reads them
ENGLISH = 64  # English positions in a step


def fit(
    frozen: Frozen,
    inputs: tuple[torch.Tensor, torch.Tensor],
    outputs: tuple[torch.Tensor, torch.Tensor],
    streams: Sequence[Sequence[int]],
    away: Positions | None,
    told: Callable[[int, float], None] = lambda step, loss: None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows, both (new ids, hidden), from pairs of a start and its features; `streams` begin with the prefix."""
    import torch

    into = Fitted(*inputs, 0.01 * float(frozen.table.std()), INPUT_RATES)
    out = Fitted(*outputs, 0.01 * float(frozen.head.std()), OUTPUT_RATES)
    generator = torch.Generator().manual_seed(0)
    listed = order(len(streams), 0)
    steps = [listed[at : at + BATCH] for at in range(0, len(listed), BATCH)]
    for number, batch in enumerate(steps):
        some = [streams[at] for at in batch]
        ids, kept = padded(some, frozen.prefix), inside(some)[:, 1:]
        states = frozen.last(frozen.embed(ids, into.rows()))[:, :-1][kept]
        rows = out.rows()
        loss = frozen.nll(states, ids[:, 1:][kept], rows, frozen.old_mass(states)).mean()
        (loss + penalty(rows, away, ENGLISH, generator)).backward()  # type: ignore[no-untyped-call]
        scale = min(1.0, (number + 1) / 3) * (1 - number / len(steps))
        into.step(scale)
        out.step(scale)
        told(number + 1, float(loss.detach()))
    with torch.no_grad():
        return into.rows(), out.rows()
