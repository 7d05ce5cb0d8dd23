"""What moves: rows present in the batch, and nothing else."""

from __future__ import annotations

import json
import math

import pytest
import torch

from pipeline.config import Run
from pipeline.context import Context
from tests.training import making
from tokenizer.base import load_model
from training.config import Dapt
from training.engine import prepare
from training.freeze import RowAdam, changed_rows, parameter_groups, resting
from training.split import split


@pytest.fixture(autouse=True)
def group(tmp_path):
    prepare(Context(node="x", path=tmp_path, inputs={}, run=Run(root=str(tmp_path), device="cpu", threads=1)))


def module(folder, tied):
    made = making.extended(folder, tied=tied)
    return split(load_model(made, "fp32"), json.loads((made / "extension.json").read_text()))


def test_with_every_row_present_it_is_adam():
    torch.manual_seed(0)
    mine, theirs = (torch.randn(6, 4).requires_grad_() for _ in range(2))
    theirs.data.copy_(mine.data)
    adam = RowAdam([mine], beta2=0.98, clip=1e9)
    reference = torch.optim.Adam([theirs], lr=1e-2, betas=(0.9, 0.98), eps=1e-8)
    for step in range(5):
        gradient = torch.randn(6, 4, generator=torch.Generator().manual_seed(step))
        mine.grad, theirs.grad = gradient.clone(), gradient.clone()
        adam.step(torch.arange(6), 1e-2, 1)
        reference.step()
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)


def test_an_absent_row_stands_still_with_its_moments_and_its_clock():
    matrix = torch.randn(6, 4).requires_grad_()
    adam = RowAdam([matrix], beta2=0.98, clip=1.0)
    matrix.grad = torch.ones(6, 4)
    adam.step(torch.arange(6), 1e-2, 1)
    before = {name: tensor.clone() for name, tensor in adam.state().items()}
    matrix.grad = torch.ones(6, 4)
    adam.step(torch.tensor([1, 4]), 1e-2, 1)
    for name, tensor in adam.state().items():
        same = (tensor == before[name]).view(6, -1).all(1)
        assert same.tolist() == [True, False, True, True, False, True], name


def test_a_step_is_as_long_as_the_rate_however_late_a_row_comes():
    matrix = torch.zeros(2, 4).requires_grad_()
    adam = RowAdam([matrix], beta2=0.98, clip=1e9)
    for _ in range(50):
        matrix.grad = torch.ones(2, 4)
        adam.step(torch.tensor([0]), 1e-3, 1)
    matrix.grad = torch.ones(2, 4)
    adam.step(torch.tensor([1]), 1e-3, 1)
    assert matrix[1].tolist() == pytest.approx([-1e-3] * 4, rel=1e-3)


def test_the_norm_is_clipped_over_both_matrices_and_ranks_are_averaged():
    pair = [torch.zeros(3, 4).requires_grad_() for _ in range(2)]
    adam = RowAdam(pair, beta2=0.9, clip=0.5)
    for matrix in pair:
        matrix.grad = torch.full((3, 4), 2.0)
    norm = adam.step(torch.tensor([0, 2]), 1e-3, 2)
    assert norm == pytest.approx((16 * 1.0) ** 0.5)  # 2 matrices x 2 rows x 4 elements of 2 / 2 ranks
    assert adam.first[0][0].tolist() == pytest.approx([0.1 * 0.5 / norm] * 4, rel=1e-4)
    assert adam.first[1][1].tolist() == [0.0] * 4


def test_a_broken_gradient_moves_nothing():
    matrix = torch.zeros(2, 4).requires_grad_()
    adam = RowAdam([matrix], beta2=0.9, clip=1.0)
    matrix.grad = torch.full((2, 4), float("nan"))
    assert not math.isfinite(adam.step(torch.arange(2), 1e-3, 1))
    assert matrix.abs().sum() == 0
    assert adam.clock.tolist() == [0, 0]


def test_state_goes_round():
    matrix = torch.randn(3, 2).requires_grad_()
    adam = RowAdam([matrix], 0.9, 1.0)
    matrix.grad = torch.ones(3, 2)
    adam.step(torch.arange(3), 1e-2, 1)
    other = torch.zeros(3, 2).requires_grad_()
    again = RowAdam([other], 0.9, 1.0)
    again.load({name: tensor.clone() for name, tensor in adam.state().items()})
    assert torch.equal(other, matrix)
    assert all(torch.equal(adam.state()[name], tensor) for name, tensor in again.state().items())


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("rate", [0.0, 1e-4])
def test_groups_cover_every_parameter_once_or_freeze_it(tmp_path, tied, rate):
    made = module(tmp_path, tied)
    groups = parameter_groups(made, Dapt(rate_old_rows=rate, weight_decay=0.1))
    names = {group["name"]: group for group in groups}
    listed = [id(parameter) for group in groups for parameter in group["params"]]
    assert len(listed) == len(set(listed))
    moving = {id(parameter) for parameter in made.parameters() if parameter.requires_grad}
    assert set(listed) == moving
    assert ("old_rows" in names) == (rate > 0)
    assert names["body"]["weight_decay"] == 0.1 and names["norms"]["weight_decay"] == 0
    if rate:
        assert names["old_rows"]["peak"] == rate and names["old_rows"]["weight_decay"] == 0
        assert len(names["old_rows"]["params"]) == (1 if tied else 2)
    else:
        assert not made.head.weight.requires_grad and not made.body.get_input_embeddings().weight.requires_grad


def test_resting_gives_back_what_it_took(tmp_path):
    made = module(tmp_path, True)
    parameter_groups(made, Dapt(rate_old_rows=0))
    before = [parameter.requires_grad for parameter in made.parameters()]
    with pytest.raises(KeyError), resting(made):
        assert not any(parameter.requires_grad for parameter in made.parameters())
        raise KeyError
    assert [parameter.requires_grad for parameter in made.parameters()] == before


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_changed_bit_is_seen(dtype):
    before = torch.zeros(3, 4, dtype=dtype)
    after = before.clone()
    after[1, 2] = -0.0
    assert changed_rows(before, after).tolist() == [False, True, False]
    assert changed_rows(torch.full_like(before, float("nan")), torch.full_like(before, float("nan"))).sum() == 0
