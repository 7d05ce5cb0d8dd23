from __future__ import annotations

import pytest
import torch

from tests.tokenizer.frozen_toy import PARTS, streams
from tokenizer import distill
from tokenizer.frozen import Frozen
from tokenizer.starts import mean


def distance(frozen: Frozen, rows: torch.Tensor, given: list[list[int]]) -> float:
    teacher = distill.taught(frozen, given)
    with torch.no_grad():
        return float(
            sum(
                (frozen.last(frozen.embed(torch.tensor([ids]), rows))[0] - aim).square().mean()
                for ids, aim in zip(given, teacher, strict=True)
            )
        )


def test_states_come_nearer_to_the_bases(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distill, "EPOCHS", 6)
    start = mean(frozen.table, PARTS)
    alone = torch.cat(distill.isolated(frozen), 1)
    assert alone.shape[0] == len(PARTS) and alone.abs().max() <= 4
    given, other = streams(frozen, 48), streams(frozen, 12, 9)
    losses: list[float] = []
    rows = distill.distill(
        frozen, start, alone, given, distill.taught(frozen, given), lambda _step, loss: losses.append(loss)
    )
    assert sum(losses[-4:]) < sum(losses[:4])
    assert distance(frozen, rows, other) < 0.98 * distance(frozen, start, other)
    again = distill.distill(frozen, start, alone, given, distill.taught(frozen, given))
    assert torch.equal(rows, again)


def test_the_base_is_its_own_teacher(frozen: Frozen) -> None:
    ids = [0, frozen.old + 2, 5]
    with torch.no_grad():
        whole = frozen.model.base_model(torch.tensor([[0, *PARTS[2], 5]])).last_hidden_state[0]
    torch.testing.assert_close(distill.taught(frozen, [ids])[0], whole[[0, len(PARTS[2]), -1]])


def test_principal_keeps_the_directions_of_most_spread() -> None:
    torch.manual_seed(0)
    wide = torch.randn(200, 2) * torch.tensor([5.0, 3.0])
    values = torch.cat([wide, 0.1 * torch.randn(200, 30)], 1)
    found = distill.principal(values, 2)
    assert found.shape == (200, 2) and float(found.square().mean()) == pytest.approx(1, abs=0.01)
    back = torch.linalg.lstsq(found, wide - wide.mean(0)).solution
    torch.testing.assert_close(found @ back, wide - wide.mean(0), rtol=0, atol=0.1)
    assert distill.principal(values[:5], 64).shape == (5, 4), "no more directions than pieces span"
