from __future__ import annotations

import pytest
import torch

from tests.tokenizer.frozen_toy import PARTS
from tokenizer import alone
from tokenizer.frozen import Frozen


def test_pieces_are_told_apart_by_what_the_base_makes_of_them(frozen: Frozen) -> None:
    found = alone.isolated(frozen)
    assert all(states.shape == (len(PARTS), frozen.table.shape[1]) and states.abs().max() <= 4 for states in found)
    with torch.no_grad():
        body = frozen.model.base_model(torch.tensor([[0, *PARTS[2]]]), output_hidden_states=True)
    layer = max(1, round(alone.DEPTHS[0] * frozen.model.config.num_hidden_layers))
    every = frozen.tree(frozen.table[torch.tensor(PARTS[2])], [-1, *range(len(PARTS[2]) - 1)], [layer])[0]
    torch.testing.assert_close(every[-1], body.hidden_states[layer][0, -1], rtol=1e-3, atol=1e-4)
    assert alone.features(found).shape == (len(PARTS), len(PARTS) - 1)


def test_principal_keeps_the_directions_of_most_spread() -> None:
    torch.manual_seed(0)
    wide = torch.randn(200, 2) * torch.tensor([5.0, 3.0])
    values = torch.cat([wide, 0.1 * torch.randn(200, 30)], 1)
    found = alone.principal(values, 2)
    assert found.shape == (200, 2) and float(found.square().mean()) == pytest.approx(1, abs=0.01)
    back = torch.linalg.lstsq(found, wide - wide.mean(0)).solution
    torch.testing.assert_close(found @ back, wide - wide.mean(0), rtol=0, atol=0.1)
    assert alone.principal(values[:5], 64).shape == (5, 4), "no more directions than pieces span"
