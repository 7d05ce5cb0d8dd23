from __future__ import annotations

import torch

from tests.tokenizer.frozen_toy import PARTS
from tokenizer import alone, heads, joint
from tokenizer.frozen import Frozen
from tokenizer.starts import mean


def streams(frozen: Frozen, count: int, seed: int = 0) -> list[list[int]]:
    """Each new id is followed by the next."""
    begins = torch.randint(24, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
    return [[0, *(frozen.old + (at + far) % 24 for far in range(10 + at % 4))] for at in begins]


def nll(frozen: Frozen, rows: tuple[torch.Tensor, torch.Tensor], given: list[list[int]]) -> float:
    found = heads.Positions.of(frozen, rows[0], given)
    with torch.no_grad():
        return float(frozen.nll(found.states, found.targets, rows[1], found.mass).mean())


def test_both_kinds_of_rows_learn_and_nothing_else_does(frozen: Frozen) -> None:
    into, out = mean(frozen.table, PARTS), mean(frozen.head, PARTS)
    features = torch.cat(alone.isolated(frozen), 1)
    before = {name: value.clone() for name, value in frozen.model.state_dict().items()}
    losses: list[float] = []
    given = streams(frozen, 150)
    rows = joint.fit(frozen, (into, features), (out, features), given, None, lambda _step, loss: losses.append(loss))
    other = streams(frozen, 20, 9)
    assert sum(losses[-4:]) < sum(losses[:4]) and nll(frozen, rows, other) < 0.95 * nll(frozen, (into, out), other)
    assert nll(frozen, rows, other) < nll(frozen, (into, rows[1]), other), "the input rows have a part in it"
    assert all(torch.equal(value, before[name]) for name, value in frozen.model.state_dict().items())
    again = joint.fit(frozen, (into, features), (out, features), given, None)
    assert torch.equal(rows[0], again[0]) and torch.equal(rows[1], again[1])
