"""The fused loss against torch's own cross-entropy."""

from __future__ import annotations

import pytest
import torch

import training.loss
from training.loss import FusedLoss


def setting(new: int, dtype=torch.float64):
    torch.manual_seed(0)
    hidden = torch.randn(37, 8, dtype=dtype, requires_grad=True)
    old = torch.randn(50, 8, dtype=dtype, requires_grad=True)
    rows = torch.randn(new, 8, dtype=dtype, requires_grad=True) if new else None
    return hidden, old, rows, torch.randint(0, 50 + new, (37,))


@pytest.mark.parametrize("new", [0, 12])
@pytest.mark.parametrize("block_bytes", [1, 4 * 62 * 10, 1 << 20])
def test_value_and_gradients_are_those_of_the_plain_loss(new, block_bytes, monkeypatch):
    monkeypatch.setattr(training.loss, "BLOCK_BYTES", block_bytes)
    hidden, old, rows, targets = setting(new, torch.float32)
    everything = torch.arange(50 + new)
    loss, nll = FusedLoss.apply(hidden, old, rows, targets, everything, 0.25)
    (3 * loss).backward()
    found = [one.grad.clone() for one in (hidden, old, rows) if one is not None]

    hidden, old, rows, targets = setting(new, torch.float32)
    logits = hidden @ torch.cat([old, rows] if new else [old]).T
    plain = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    (3 * 0.25 * plain.sum()).backward()
    torch.testing.assert_close(nll, plain.detach())
    torch.testing.assert_close(loss.detach(), 0.25 * plain.detach().sum())
    for mine, theirs in zip(found, [one.grad for one in (hidden, old, rows) if one is not None], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


def test_an_absent_row_gets_no_gradient_and_a_present_one_its_whole():
    hidden, old, rows, targets = setting(12, torch.float32)
    present = torch.tensor([3, 7, 49, 50, 55])
    FusedLoss.apply(hidden, old, rows, targets, present, 1.0)[0].backward()
    mine = torch.cat([old.grad, rows.grad])
    hidden, old, rows, targets = setting(12, torch.float32)
    everything = torch.arange(62)
    FusedLoss.apply(hidden, old, rows, targets, everything, 1.0)[0].backward()
    whole = torch.cat([old.grad, rows.grad])
    absent = torch.ones(62, dtype=torch.bool)
    absent[present] = False
    assert mine[absent].abs().max() == 0
    torch.testing.assert_close(mine[present], whole[present])
    assert whole[absent].abs().max() > 0


def test_a_frozen_matrix_costs_no_gradient():
    hidden, old, rows, targets = setting(12, torch.float32)
    old.requires_grad_(False)
    FusedLoss.apply(hidden, old, rows, targets, torch.arange(62), 1.0)[0].backward()
    assert old.grad is None and rows.grad is not None and hidden.grad is not None


def test_without_gradients_nothing_is_made():
    hidden, old, rows, targets = setting(12, torch.float32)
    with torch.no_grad():
        loss, _ = FusedLoss.apply(hidden, old, rows, targets, torch.arange(62), 1.0)
    assert not loss.requires_grad


def test_half_precision_stays_near():
    hidden, old, rows, targets = setting(12, torch.bfloat16)
    loss, nll = FusedLoss.apply(hidden, old, rows, targets, torch.arange(62), 1.0)
    loss.backward()
    exact = torch.nn.functional.cross_entropy(
        hidden.float() @ torch.cat([old, rows]).float().T, targets, reduction="sum"
    )
    assert nll.dtype == torch.float32
    assert loss.item() == pytest.approx(exact.item(), rel=0.02)
    assert old.grad.dtype == torch.bfloat16
