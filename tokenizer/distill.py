"""Input rows by distillation: the state after a new token is made to match the base's after its sub-tokens.

A row is a start (the mean of the sub-tokens' rows), plus one linear map, shared by all new ids, of what the base's
lower layers make of the sub-tokens alone, plus a small row of its own. Map and rows are fitted with the body frozen,
so that the student's final normalised state at each position is near the one the base has there: squared distance in
units of each dimension's spread, linear beyond one (Huber), over running text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tokenizer.fitted import Fitted
from tokenizer.frozen import Frozen, trie

if TYPE_CHECKING:
    import torch

DEPTHS = (0.13, 0.33, 0.5)  # of the layers: where the states of pieces are taken
COMPONENTS = 64
BATCH = 2  # streams in one step
EPOCHS = 1
MAP_RATE, OWN_RATE = 12.0, 0.3  # root-mean-square change of the rows in a step, in hundredths of the table's spread


def isolated(frozen: Frozen) -> list[torch.Tensor]:
    """States of each piece's last sub-token behind the prefix alone, standardised; one (new ids, hidden) per depth."""
    import torch

    count = frozen.model.config.num_hidden_layers
    layers = sorted({max(1, round(depth * count)) for depth in DEPTHS})
    ids, parents, ends = trie(frozen.parts)
    found = frozen.tree(frozen.table[torch.tensor(ids)], parents, layers)
    return [standardised(states[ends]) for states in found]


def standardised(values: torch.Tensor) -> torch.Tensor:
    """Every column with mean 0 and spread 1, cut at 4."""
    return ((values - values.mean(0)) / (values.std(0) + 1e-6)).clamp(-4, 4)


def features(alone: Sequence[torch.Tensor]) -> torch.Tensor:
    """(new ids, features) for input rows: `COMPONENTS` numbers of what the lower layers make of the pieces."""
    import torch

    return principal(torch.cat(list(alone[:2]), 1), COMPONENTS)


def principal(values: torch.Tensor, count: int) -> torch.Tensor:
    """The `count` directions of most spread, over their mean spread: a map of fewer numbers overfits less."""
    import torch

    centred = values - values.mean(0)
    spread, directions = torch.linalg.eigh(centred.T @ centred / len(values))
    count = min(count, len(values) - 1, values.shape[1])
    found: torch.Tensor = centred @ directions[:, -count:] / spread[-count:].mean().clamp(min=1e-12).sqrt()
    return found


def taught(frozen: Frozen, streams: Sequence[Sequence[int]]) -> list[torch.Tensor]:
    """The base's final states where each id of the streams ends, (length, hidden) per stream."""
    import torch

    found = []
    with torch.no_grad():
        for stream in streams:
            ids, ends = frozen.expand(stream)
            found.append(frozen.last(frozen.table[torch.tensor([ids])])[0, ends])
    return found


def distill(
    frozen: Frozen,
    start: torch.Tensor,
    features: torch.Tensor,
    streams: Sequence[Sequence[int]],
    teacher: Sequence[torch.Tensor],
    told: Callable[[int, float], None] = lambda step, loss: None,
    rates: tuple[float, float] = (MAP_RATE, OWN_RATE),
) -> torch.Tensor:
    """(new ids, hidden) input rows; `streams` begin with the prefix, `teacher` is what `taught` made of them."""
    import torch

    wide = torch.cat(list(teacher)).std(0)
    fitted = Fitted(start, features, 0.01 * float(frozen.table.std()), rates)
    listed = [at for epoch in range(EPOCHS) for at in order(len(streams), epoch)]
    steps = [listed[at : at + BATCH] for at in range(0, len(listed), BATCH)]
    for number, batch in enumerate(steps):
        ids = padded([streams[at] for at in batch], frozen.prefix)
        states = frozen.last(frozen.embed(ids, fitted.rows()))
        kept = inside([streams[at] for at in batch])
        aim = torch.cat([teacher[at] for at in batch])
        moved = (ids >= frozen.old).cumsum(1)[kept] > 0  # before the first new id nothing differs
        loss = torch.nn.functional.huber_loss(states[kept][moved] / wide, aim[moved] / wide)
        loss.backward()  # type: ignore[no-untyped-call]
        fitted.step(min(1.0, (number + 1) / 3) * (1 - number / len(steps)))
        told(number + 1, float(loss.detach()))
    with torch.no_grad():
        return fitted.rows()


def padded(streams: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
    """(streams, longest) ids; what is filled in stands behind a stream, where no position of it looks."""
    import torch

    longest = max(len(stream) for stream in streams)
    return torch.tensor([[*stream, *[filler] * (longest - len(stream))] for stream in streams])


def inside(streams: Sequence[Sequence[int]]) -> torch.Tensor:
    """(streams, longest) true where `padded` holds the stream's own ids."""
    import torch

    lengths = torch.tensor([len(stream) for stream in streams])
    return torch.arange(int(lengths.max()))[None] < lengths[:, None]


def order(count: int, epoch: int) -> list[int]:
    import torch

    return torch.randperm(count, generator=torch.Generator().manual_seed(epoch)).tolist()
