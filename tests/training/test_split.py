"""The split model: the same numbers as the plain one, and documents that do not see each other."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from pipeline.errors import InputError
from tests.training import making
from tokenizer.base import load_model
from training.lines import IGNORED
from training.save import whole_state
from training.split import split


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def folder(request, tmp_path_factory):
    return making.extended(tmp_path_factory.mktemp("split"), tied=request.param)


def opened(folder, attention="sdpa"):
    model = load_model(folder, "fp32")
    model.set_attn_implementation(attention)
    return split(model, json.loads((folder / "extension.json").read_text()))


def row(*lengths, seed=0):
    """Documents of those lengths, as one row; ids over old and new rows."""
    draw = np.random.default_rng(seed)
    ids = [draw.integers(0, 415, length) for length in lengths]
    return ids, making.one_row(ids)


def losses(module, rows):
    """Loss of every position of one row, one at a time, through the real forward."""
    tensors = rows.tensors(torch.device("cpu"))
    found = []
    for position in range(rows.targets.shape[1]):
        only = torch.full_like(tensors["targets"], IGNORED)
        only[0, position] = tensors["targets"][0, position]
        if only[0, position] == IGNORED:
            found.append(None)
            continue
        with torch.no_grad():
            found.append(module(tensors["ids"], only, tensors["positions"], torch.arange(10), 1.0)[1].item())
    return found


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_documents_losses_do_not_change_with_its_neighbours(folder, attention):
    module = opened(folder, attention).eval()
    (first, second, third), _ = row(9, 14, 12, seed=1)

    def placed(*documents):
        return losses(module, making.one_row(documents))

    among = placed(first, second, third)[9:22]
    assert among == pytest.approx(placed(second, third)[:13], abs=1e-5)
    assert among == pytest.approx(placed(third, third, second, first)[24:37], abs=1e-5)
    assert among == pytest.approx(placed(second)[:13], abs=1e-5)
    assert all(loss is not None for loss in among)


def test_the_losses_are_those_of_the_plain_model(folder):
    module = opened(folder)
    (first, second), rows = row(20, 31)
    plain = load_model(folder, "fp32")
    words = json.loads((folder / "extension.json").read_text())["vocabulary"]
    wanted = 0.0
    for document in (first, second):
        ids = torch.tensor(document)[None]
        with torch.no_grad():
            logits = plain(input_ids=ids).logits[0, :-1, :words]
        wanted += torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum").item()
    loss, per_row = module(**rows.tensors(torch.device("cpu")), present=torch.arange(words), scale=1.0)
    assert loss.item() == pytest.approx(wanted, rel=1e-5)
    assert per_row.tolist() == pytest.approx([wanted], rel=1e-5)


def test_the_gradients_are_those_of_the_plain_model(folder):
    """One document, every row called present: the two models must agree everywhere."""
    module = opened(folder)
    (document,), rows = row(40)
    facts = json.loads((folder / "extension.json").read_text())
    module(**rows.tensors(torch.device("cpu")), present=torch.arange(facts["vocabulary"]), scale=1.0)[0].backward()
    plain = load_model(folder, "fp32").train()
    ids = torch.tensor(document)[None]
    logits = plain(input_ids=ids).logits[0, :-1, : facts["vocabulary"]]
    torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum").backward()
    cut, end = facts["old_vocabulary"], facts["vocabulary"]
    table = plain.get_input_embeddings().weight.grad
    pad = plain.config.pad_token_id  # transformers gives the padding id's input row no gradient
    kept = [number for number in range(cut) if number != pad]
    torch.testing.assert_close(
        module.body.get_input_embeddings().weight.grad[kept], table[:cut][kept], rtol=1e-3, atol=1e-5
    )
    torch.testing.assert_close(module.rows.input.grad, table[cut:end], rtol=1e-3, atol=1e-5)
    if not module.tied:
        head = plain.get_output_embeddings().weight.grad
        torch.testing.assert_close(module.head.weight.grad, head[:cut], rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(module.rows.output.grad, head[cut:end], rtol=1e-3, atol=1e-5)
    for (name, mine), theirs in zip(
        module.body.layers.named_parameters(), plain.base_model.layers.parameters(), strict=True
    ):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-3, atol=1e-5, msg=name)


def test_new_rows_are_no_parameters(folder):
    module = opened(folder)
    known = {id(parameter) for parameter in module.parameters()}
    assert len(module.rows.matrices()) == (1 if module.tied else 2)
    assert not any(id(matrix) in known for matrix in module.rows.matrices())
    assert not [name for name, _ in module.named_buffers() if "rows" in name]


def test_an_untrained_split_gives_the_model_back_to_the_bit(folder):
    from safetensors.torch import load_file

    state = whole_state(opened(folder), 0, 0)
    source = load_file(next(folder.glob("*.safetensors")))
    assert set(state) == set(source)
    assert all(torch.equal(state[name], source[name]) for name in source)


def test_scoring_blocks_are_the_plain_logits(folder):
    module = opened(folder).eval()
    ids = torch.randint(0, 415, (2, 16))
    rows = torch.tensor([0, 5, 17, 31])
    with torch.inference_mode():
        found = torch.cat(list(module.blocks(ids, rows)))
        wanted = load_model(folder, "fp32")(input_ids=ids).logits.flatten(0, 1)[rows, : module.words]
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_plain_model_has_only_old_rows(folder):
    base = folder.parent / "base"
    module = split(load_model(base, "fp32"), None)
    assert module.rows is None and module.words == module.first == 400


@pytest.mark.parametrize("change", [{"old_vocabulary": 0}, {"added": 1000}, {"padded_to": 999}])
def test_an_extension_that_does_not_fit_is_refused(folder, change):
    facts = json.loads((folder / "extension.json").read_text()) | change
    with pytest.raises(InputError, match=r"extension\.json"):
        split(load_model(folder, "fp32"), facts)


def test_an_architecture_that_computes_logits_otherwise_is_refused():
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=8, n_layer=1, n_head=1, n_positions=16))
    with pytest.raises(InputError, match="gpt2"):
        split(model, None)
