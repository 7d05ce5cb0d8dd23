"""Output rows by cross entropy on cached states: no transformer runs while they are fitted.

A new id's row is the mean of its sub-tokens' rows plus a linear map, shared by all new ids, of what the base makes of
the piece. The map is fitted by cross entropy, the old ids' log-sum being a constant of each state. Rows of their own
would learn the few words of the fitted text by heart and are left at rest. At English positions the probability that
the new ids take is a penalty, since all of it is lost there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokenizer.distill import standardised
from tokenizer.fitted import Fitted
from tokenizer.frozen import Frozen

if TYPE_CHECKING:
    import torch

BATCH = 512  # positions in a step
EPOCHS = 2
MAP_RATE, OWN_RATE = 3.0, 0.0  # root-mean-square change of the rows in a step, in hundredths of the head's spread
COMPONENTS = 384
CONTEXTS = 1000  # contexts of pairs, beyond as many as there are new ids
PENALTY = 0.1  # nats of loss for all the mass at an English position


@dataclass(frozen=True)
class Positions:
    """States (positions, hidden), the id that follows each and the old ids' mass."""

    states: torch.Tensor
    targets: torch.Tensor
    mass: torch.Tensor

    @classmethod
    def of(cls, frozen: Frozen, rows: torch.Tensor, streams: Sequence[Sequence[int]]) -> Positions:
        """Run the student with input `rows` over streams (each begins with the prefix, which is context alone)."""
        import torch

        states, targets = [], []
        with torch.no_grad():
            for stream in streams:
                ids = torch.tensor([stream])
                states.append(frozen.last(frozen.embed(ids, rows))[0, :-1])
                targets.append(ids[0, 1:])
        joined = torch.cat(states)
        return cls(joined, torch.cat(targets), frozen.old_mass(joined))

    @classmethod
    def paired(cls, frozen: Frozen, rows: torch.Tensor, pairs: Counter[tuple[int, int]], count: int) -> Positions:
        """`count` pairs of ids drawn by how often one follows the other; the first stands behind the prefix alone.

        A state costs one token however many ids follow it, so that a piece seen in no stream has its counts too.
        """
        import torch

        often: Counter[int] = Counter()
        for (before, _), times in pairs.items():
            often[before] += times
        listed = sorted(often, key=lambda number: (-often[number], number))
        contexts = {number: at for at, number in enumerate(sorted(listed[: CONTEXTS + len(frozen.parts)]))}
        known = sorted(pair for pair in pairs if pair[0] in contexts)
        if not known:
            return cls(frozen.table[:0], torch.zeros(0, dtype=torch.long), torch.zeros(0))
        weight = torch.tensor([float(pairs[pair]) for pair in known]).cumsum(0, dtype=torch.float64)
        drawn = torch.rand(count, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * weight[-1]
        taken = torch.searchsorted(weight, drawn).clamp(max=len(known) - 1).tolist()
        embedded = frozen.embed(torch.tensor(list(contexts)), rows)
        states = frozen.model.base_model.norm(
            frozen.tree(embedded, [-1] * len(contexts), [frozen.model.config.num_hidden_layers])[0]
        )
        places = torch.tensor([contexts[known[at][0]] for at in taken])
        return cls(states[places], torch.tensor([known[at][1] for at in taken]), frozen.old_mass(states)[places])

    def __add__(self, other: Positions) -> Positions:
        import torch

        mine, theirs = (self.states, self.targets, self.mass), (other.states, other.targets, other.mass)
        return Positions(*(torch.cat(both) for both in zip(mine, theirs, strict=True)))


def features(frozen: Frozen, alone: Sequence[torch.Tensor], counts: Mapping[int, int]) -> torch.Tensor:
    """(new ids, features): what the base makes of the piece, its first sub-token's row, how often it occurs, and 1."""
    import torch

    first = frozen.table[torch.tensor([part[0] for part in frozen.parts])]
    often = torch.tensor([[math.log(counts.get(frozen.old + at, 0) + 0.5)] for at in range(len(frozen.parts))])
    return torch.cat(
        [principal(torch.cat([*alone, standardised(first), standardised(often)], 1)), torch.ones(len(often), 1)], 1
    )


def principal(values: torch.Tensor) -> torch.Tensor:
    """The `COMPONENTS` directions of most spread, over their mean spread: a map of fewer numbers overfits less."""
    import torch

    centred = values - values.mean(0)
    spread, directions = torch.linalg.eigh(centred.T @ centred / len(values))
    count = min(COMPONENTS, len(values) - 1, values.shape[1])
    found: torch.Tensor = centred @ directions[:, -count:] / spread[-count:].mean().clamp(min=1e-12).sqrt()
    return found


def fit(
    frozen: Frozen,
    start: torch.Tensor,
    features: torch.Tensor,
    positions: Positions,
    away: Positions | None,
    told: Callable[[int, float], None] = lambda step, loss: None,
    rates: tuple[float, float] = (MAP_RATE, OWN_RATE),
) -> torch.Tensor:
    """(new ids, hidden) output rows. `away` are English positions, whose targets are not read."""
    import torch

    unit = 0.01 * float(frozen.head.std())
    fitted = Fitted(start, features, unit, rates)
    steps = EPOCHS * -(-len(positions.states) // BATCH)
    step = 0
    for epoch in range(EPOCHS):
        generator = torch.Generator().manual_seed(epoch)
        for batch in torch.split(torch.randperm(len(positions.states), generator=generator), BATCH):
            out = fitted.rows()
            loss = frozen.nll(positions.states[batch], positions.targets[batch], out, positions.mass[batch]).mean()
            if away is not None:
                some = torch.randint(len(away.states), (BATCH // 4,), generator=generator)
                new = (away.states[some] @ out.T).logsumexp(-1)
                loss = loss + PENALTY * torch.sigmoid(new - away.mass[some]).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            fitted.step(min(1.0, (step + 1) / 5) * (1 - step / steps))
            step += 1
            told(step, float(loss.detach()))
    with torch.no_grad():
        return fitted.rows()
