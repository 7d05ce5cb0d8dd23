"""Input and output rows together, by cross entropy of running text through the frozen body.

A base that spells a language in pieces of characters gives the beginnings of characters their probability wherever one
can follow. Text in new ids never continues with such a beginning, yet its row may not change, and a student that only
matches the base's states pays for it twice: at each new id, and at each space or digit whose share the new ids halve.
Cross entropy teaches the input rows to lead to states that expect no beginnings; no teacher runs, so that text costs a
third of what it costs in the base's own ids.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

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
    """The rows, both (new ids, hidden), from pairs of a start and its features; a step is one of the `streams`, which
    begin with the prefix."""
    import torch

    into = Fitted(*inputs, 0.01 * float(frozen.table.std()), INPUT_RATES)
    out = Fitted(*outputs, 0.01 * float(frozen.head.std()), OUTPUT_RATES)
    generator = torch.Generator().manual_seed(0)
    for number, at in enumerate(order(len(streams), 1)):
        ids = torch.tensor(streams[at])
        states = frozen.last(frozen.embed(ids[None], into.rows()))[0, :-1]
        rows = out.rows()
        loss = frozen.nll(states, ids[1:], rows, frozen.old_mass(states)).mean()
        (loss + penalty(rows, away, ENGLISH, generator)).backward()  # type: ignore[no-untyped-call]
        scale = min(1.0, (number + 1) / 3) * (1 - number / len(streams))
        into.step(scale)
        out.step(scale)
        told(number + 1, float(loss.detach()))
    with torch.no_grad():
        return into.rows(), out.rows()


def order(count: int, seed: int) -> list[int]:
    """The numbers below `count`, shuffled."""
    import torch

    return torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
