"""The model folder that comes out, and the proof."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

from tests.training import making
from tokenizer.base import load_model
from tokenizer.embed import EMBEDDING
from training.freeze import RowAdam
from training.save import proof, whole_state, write_model
from training.split import split


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def folder(request, tmp_path_factory):
    return making.extended(tmp_path_factory.mktemp("save"), tied=request.param)


def opened(folder):
    return split(load_model(folder, "fp32"), json.loads((folder / "extension.json").read_text()))


def test_every_other_file_is_the_same_to_the_byte(folder, tmp_path):
    write_model(whole_state(opened(folder), 0, 0), folder, tmp_path, "fp32")
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in folder.iterdir()}
    for path in folder.iterdir():
        if path.suffix != ".safetensors":
            assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    assert (tmp_path / "model.safetensors").stat().st_mode == (tmp_path / "config.json").stat().st_mode
    assert torch.equal(
        load_file(tmp_path / "model.safetensors")[EMBEDDING], load_file(folder / "model.safetensors")[EMBEDDING]
    )


def test_half_precision_is_said_in_the_config(folder, tmp_path):
    state = {name: tensor.bfloat16() for name, tensor in whole_state(opened(folder), 0, 0).items()}
    write_model(state, folder, tmp_path, "bf16")
    from transformers import AutoModelForCausalLM

    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == "bfloat16"
    assert AutoModelForCausalLM.from_pretrained(str(tmp_path)).dtype == torch.bfloat16


def test_the_proof_counts_rows_that_differ_in_a_bit(folder):
    module = opened(folder)
    rows = RowAdam(module.rows.matrices(), 0.9, 1.0)
    state = whole_state(module, 0, 0)
    clean = proof(state, folder, module.first, rows)
    assert clean["old_rows_changed"] == clean["new_rows_changed"] == clean["unseen_rows_changed"] == 0
    assert clean["new_rows_unseen"] == clean["new_rows"] == len(making.PIECES)
    state[EMBEDDING][3, 0] += 1e-3
    state[EMBEDDING][module.first + 2, 0] += 1e-3
    state[EMBEDDING][module.first + 4, 0] += 1e-3
    rows.clock[2] = 5
    found = proof(state, folder, module.first, rows)
    assert (found["old_rows_changed"], found["new_rows_changed"], found["unseen_rows_changed"]) == (1, 2, 1)
    if not module.tied:
        state["lm_head.weight"][7, 0] += 1e-3
        assert proof(state, folder, module.first, rows)["old_rows_changed"] == 2


def test_other_ranks_hold_nothing(folder):
    assert whole_state(opened(folder), 0, 1) == {}
