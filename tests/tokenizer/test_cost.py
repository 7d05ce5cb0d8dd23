"""Parameters and FLOPs, against what torch counts."""

import pytest

from tests.tokenizer.conftest import model_with
from tokenizer.cost import SERVE, TRAIN, Shape


@pytest.mark.parametrize("tied", [True, False])
def test_parameters_are_torchs(tmp_path, tied):
    from transformers import AutoModelForCausalLM

    folder = model_with(tmp_path / "toy", 100, tied)
    shape = Shape.of(folder)
    model = AutoModelForCausalLM.from_pretrained(str(folder))
    total = sum(one.numel() for one in model.parameters())
    name = "tied" if tied else "untied"
    found = shape.parameters(100)[name]
    assert (shape.rows, shape.hidden, shape.tied, shape.positions) == (100, 16, tied, 256)
    assert (found["total"], found["added"]) == (total, 0)
    model.resize_token_embeddings(164)
    grown = shape.parameters(164)[name]
    assert grown["total"] == sum(one.numel() for one in model.parameters())
    assert grown["added"] == 64 * 16 * (1 if tied else 2)
    assert grown["share"] == pytest.approx(grown["embeddings"] / grown["total"], abs=1e-6)


def test_untying_a_tied_base_costs_a_second_matrix(tmp_path):
    shape = Shape.of(model_with(tmp_path / "toy", 100, tied=True))
    assert shape.parameters(100)["untied"]["added"] == 100 * 16
    assert "tied" not in Shape.of(model_with(tmp_path / "other", 100, tied=False)).parameters(100)


def test_a_token_costs_two_operations_per_weight_that_multiplies_it(tmp_path):
    shape = Shape.of(model_with(tmp_path / "toy", 100, tied=True))
    assert shape.flops(100, SERVE) == 2 * (shape.body + 1600)
    assert shape.flops(100, TRAIN) == 3 * shape.flops(100, SERVE)
