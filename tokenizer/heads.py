"""Output rows by cross entropy on cached states: no transformer runs while they are fitted.

A new id's row is the mean of its sub-tokens' rows, plus a linear map, shared by all new ids, of what the base makes of
the piece, plus a small row of its own. They are fitted by cross entropy, the old ids' log-sum being a constant of each
state. Its two parts have targets of their own. Whether a new id follows is told by what does follow: counts know no
context, and in code between Korean words they would promise words. Which new id it is, is mostly told by targets that
are drawn from what follows the position's id in text at large: on the fitted text alone the rows would learn its few
words by heart. At English positions the probability that the new ids take is a penalty, since all of it is lost there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokenizer.alone import principal, standardised
from tokenizer.fitted import Fitted
from tokenizer.followers import Followers
from tokenizer.frozen import Frozen

if TYPE_CHECKING:
    import torch

TOGETHER = 2  # streams that the body runs at once
BATCH = 512  # positions in a step
EPOCHS = 12
# Root-mean-square change of the rows in a step, in hundredths of the head's spread. At 1.0 for own rows, the row of a
# frequent piece ran away where steps are few, and took probability from English.
MAP_RATE, OWN_RATE = 6.0, 0.5
COMPONENTS = 384
DRAWN = 8  # further targets of a position, drawn anew in each epoch
SHARE = 0.85  # of the loss of which new id it is, for the drawn targets together
PENALTY = 0.1  # nats of loss for all the mass at an English position


@dataclass(frozen=True)
class Positions:
    """States (positions, hidden), the id that each stands behind, the id that follows, and the old ids' mass."""

    states: torch.Tensor
    before: torch.Tensor
    targets: torch.Tensor
    mass: torch.Tensor

    @classmethod
    def of(cls, frozen: Frozen, rows: torch.Tensor, streams: Sequence[Sequence[int]]) -> Positions:
        """Run the student with input `rows` over streams (each begins with the prefix, which is context alone)."""
        import torch

        states = []
        with torch.no_grad():
            for batch in batches(streams):
                found = frozen.last(frozen.embed(torch.tensor(batch), rows))
                states += [one[:-1] for one in found]
            joined = torch.cat(states)
            before = torch.tensor([number for stream in streams for number in stream[:-1]])
            targets = torch.tensor([number for stream in streams for number in stream[1:]])
            return cls(joined, before, targets, frozen.old_mass(joined))


def batches(streams: Sequence[Sequence[int]]) -> Iterator[Sequence[Sequence[int]]]:
    """Neighbours of equal length together, `TOGETHER` at most."""
    for _, group in itertools.groupby(streams, len):
        listed = list(group)
        for at in range(0, len(listed), TOGETHER):
            yield listed[at : at + TOGETHER]


def features(frozen: Frozen, alone: Sequence[torch.Tensor], counts: Mapping[int, int]) -> torch.Tensor:
    """(new ids, features): what the base makes of the piece, its first sub-token's row, how often it occurs, and 1."""
    import torch

    first = frozen.table[torch.tensor([part[0] for part in frozen.parts])]
    often = torch.tensor([[math.log(counts.get(frozen.old + at, 0) + 0.5)] for at in range(len(frozen.parts))])
    return torch.cat(
        [
            principal(torch.cat([*alone, standardised(first), standardised(often)], 1), COMPONENTS),
            torch.ones(len(often), 1),
        ],
        1,
    )


def fit(
    frozen: Frozen,
    start: torch.Tensor,
    features: torch.Tensor,
    positions: Positions,
    away: Positions | None,
    followers: Followers,
    told: Callable[[int, float], None] = lambda step, loss: None,
    rates: tuple[float, float] = (MAP_RATE, OWN_RATE),
) -> torch.Tensor:
    """(new ids, hidden) output rows. `away` are English positions, whose targets are not read."""
    import torch

    fitted = Fitted(start, features, 0.01 * float(frozen.head.std()), rates)
    steps = EPOCHS * -(-len(positions.states) // BATCH)
    step = 0
    for epoch in range(EPOCHS):
        generator = torch.Generator().manual_seed(epoch)
        drawn = followers.draw(positions.before, DRAWN, generator)
        targets = torch.cat([positions.targets[:, None], drawn], 1)
        for batch in torch.split(torch.randperm(len(positions.states), generator=generator), BATCH):
            out = fitted.rows()
            lost = cost(positions.states[batch] @ out.T, targets[batch] - frozen.old, positions.mass[batch]).mean()
            (lost + penalty(out, away, BATCH // 4, generator)).backward()  # type: ignore[no-untyped-call]
            fitted.step(min(1.0, (step + 1) / 5) * (1 - step / steps))
            step += 1
            told(step, float(lost.detach()))
    with torch.no_grad():
        return fitted.rows()


def cost(logits: torch.Tensor, places: torch.Tensor, mass: torch.Tensor) -> torch.Tensor:
    """(positions,) nats at `logits` (positions, new ids) beside the old ids' `mass`.

    `places` (positions, 1 + drawn) are the true target and the drawn ones as columns of logits, below 0 for old ids.
    """
    import torch

    every, new = logits.logsumexp(-1), (places >= 0).float()
    kind = torch.nn.functional.binary_cross_entropy_with_logits(every - mass, new[:, 0], reduction="none")
    which = (every[:, None] - logits.gather(1, places.clamp(min=0))) * new
    return kind + (1 - SHARE) * which[:, 0] + SHARE * which[:, 1:].mean(1)


def penalty(out: torch.Tensor, away: Positions | None, count: int, generator: torch.Generator) -> torch.Tensor:
    """What the new ids with output rows `out` take at `count` English positions costs; 0 where there are none."""
    import torch

    if away is None:
        return torch.zeros(())
    some = torch.randint(len(away.states), (count,), generator=generator)
    return PENALTY * torch.sigmoid((away.states[some] @ out.T).logsumexp(-1) - away.mass[some]).mean()
