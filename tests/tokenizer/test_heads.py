from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

from tokenizer import distill, heads
from tokenizer.frozen import Frozen
from tokenizer.starts import mean

PARTS = [[10 + n, 40 + 3 * n % 50, 100 + n][: 2 + n % 2] for n in range(24)]


@pytest.fixture(scope="module")
def frozen(byte_level_model: Path) -> Frozen:
    made = Frozen.load(byte_level_model, PARTS, 0)
    with torch.no_grad():
        made.table.mul_(20)  # a toy's rows are near zero and its states tell nothing apart
    return made


def streams(frozen: Frozen, count: int, seed: int = 0) -> list[list[int]]:
    """Ids in which a new one is followed by the next new one, old ones between."""
    choose = torch.Generator().manual_seed(seed)
    found = []
    for number in range(count):
        at = int(torch.randint(24, (1,), generator=choose))
        ids = [0]
        for _ in range(8 + number % 5):
            ids += [frozen.old + at, 60 + at]
            at = (at + 1) % 24
        found.append(ids)
    return found


def test_output_rows_learn_what_follows_and_leave_english_be(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "EPOCHS", 20)
    monkeypatch.setattr(heads, "BATCH", 64)
    inputs, start = mean(frozen.table, PARTS), mean(frozen.head, PARTS)
    fitted = heads.Positions.of(frozen, inputs, streams(frozen, 24))
    other = heads.Positions.of(frozen, inputs, streams(frozen, 12, 9))
    english = heads.Positions.of(frozen, inputs, [[0, *range(50, 90)]])
    features = heads.features(frozen, distill.isolated(frozen), {frozen.old: 3})
    assert features.shape[0] == len(PARTS) and bool((features[:, -1] == 1).all())

    def nll(out: torch.Tensor, where: heads.Positions) -> float:
        with torch.no_grad():
            return float(frozen.nll(where.states, where.targets, out, where.mass).mean())

    out = heads.fit(frozen, start, features, fitted, english)
    assert nll(out, other) < 0.9 * nll(start, other)
    assert torch.equal(out, heads.fit(frozen, start, features, fitted, english))
    monkeypatch.setattr(heads, "PENALTY", 0.0)
    careless = heads.fit(frozen, start, features, fitted, english)
    assert nll(out, english) <= nll(careless, english) + 1e-4


def test_pairs_are_drawn_as_often_as_they_occur(frozen: Frozen) -> None:
    inputs = mean(frozen.table, PARTS)
    pairs = Counter({(frozen.old, 5): 30, (frozen.old, frozen.old + 1): 10, (7, frozen.old): 60})
    found = heads.Positions.paired(frozen, inputs, pairs, 4000)
    shares = {number: float((found.targets == number).float().mean()) for number in (5, frozen.old + 1, frozen.old)}
    assert shares == pytest.approx({5: 0.3, frozen.old + 1: 0.1, frozen.old: 0.6}, abs=0.03)
    alone = heads.Positions.of(frozen, inputs, [[0, frozen.old, 5]])
    drawn = found.states[found.targets == 5][0]
    torch.testing.assert_close(drawn, alone.states[1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.mass[found.targets == 5][0], alone.mass[1], rtol=1e-4, atol=1e-4)
    assert len((found + alone).states) == len((found + alone).targets) == 4002
    assert not len(heads.Positions.paired(frozen, inputs, Counter(), 10).states)
