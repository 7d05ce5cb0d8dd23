from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from pipeline.errors import InputError
from tests.tokenizer.conftest import model_with
from tokenizer.embed import EMBEDDING, HEAD, check_index, copy_rest, resize, rows, write_extension

PARTS = [[5, 6], [7], [5, 6, 7, 8]]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("shards", [False, True])
def test_old_rows_stay_and_new_rows_are_means(tmp_path: Path, tied: bool, shards: bool) -> None:
    source, target = model_with(tmp_path / "source", 50, tied), tmp_path / "target"
    target.mkdir()
    if shards:
        model = AutoModelForCausalLM.from_pretrained(str(source))
        (source / "model.safetensors").unlink()
        model.save_pretrained(str(source), max_shard_size="4KB")
        assert len(list(source.glob("*.safetensors"))) > 2
    found = resize(source, target, PARTS, 64)
    copy_rest(source, target, list(range(53, 64)))
    assert found["tied"] is tied
    before = AutoModelForCausalLM.from_pretrained(str(source))
    after, report = AutoModelForCausalLM.from_pretrained(str(target), output_loading_info=True)
    assert not report["missing_keys"] and not report["mismatched_keys"]
    for get in ("get_input_embeddings", "get_output_embeddings"):
        old, new = getattr(before, get)().weight, getattr(after, get)().weight
        assert new.shape == (64, 16)
        assert torch.equal(new[:50], old)
        for number, parts in enumerate(PARTS, 50):
            assert torch.equal(new[number], old[parts].mean(0))
        assert not new[53:].any()
    assert (after.lm_head.weight.data_ptr() == after.get_input_embeddings().weight.data_ptr()) is tied
    ids = torch.tensor([[1, 5, 9]])
    with torch.inference_mode():
        torch.testing.assert_close(before(ids).logits, after(ids).logits[..., :50], rtol=0, atol=1e-6)  # wider product
    if shards:
        index = json.loads((target / "model.safetensors.index.json").read_text())
        sizes = [t.numel() * 4 for path in target.glob("*.safetensors") for t in load_file(path).values()]
        assert index["metadata"]["total_size"] == sum(sizes)


def test_padding_is_never_generated(tmp_path: Path) -> None:
    source, target = model_with(tmp_path / "source", 50), tmp_path / "target"
    target.mkdir()
    resize(source, target, PARTS, 64)
    copy_rest(source, target, list(range(53, 64)))
    model = AutoModelForCausalLM.from_pretrained(str(target))
    with torch.no_grad():
        model.get_input_embeddings().weight[53:] = 100 * model.get_input_embeddings().weight[3]
        model.get_input_embeddings().weight[54:] *= -1
    made = model.generate(torch.tensor([[1, 5]]), max_new_tokens=12, do_sample=False)
    assert made.max() < 53


def test_the_dtype_is_kept(tmp_path: Path) -> None:
    source, target = model_with(tmp_path / "source", 50), tmp_path / "target"
    AutoModelForCausalLM.from_pretrained(str(source), dtype=torch.bfloat16).save_pretrained(str(source))
    target.mkdir()
    resize(source, target, PARTS, 64)
    old, new = load_file(source / "model.safetensors")[EMBEDDING], load_file(target / "model.safetensors")
    assert new[EMBEDDING].dtype == torch.bfloat16 and HEAD not in new
    assert torch.equal(new[EMBEDDING][50], old[[5, 6]].float().mean(0).bfloat16())


def test_faults_are_one_sentence(tmp_path: Path) -> None:
    source = model_with(tmp_path / "source", 50)
    with pytest.raises(InputError, match="ids at or above the 50 rows"):
        resize(source, tmp_path, [[50]], 64)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "vocab_size": 49}))
    with pytest.raises(InputError, match="vocab_size 49"):
        rows(source)
    (source / "model.safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(InputError, match="not a safetensors file"):
        rows(source)
    (source / "model.safetensors").unlink()
    with pytest.raises(InputError, match="no safetensors"):
        rows(source)


def test_extension_json(tmp_path: Path) -> None:
    write_extension(tmp_path, 50, 3, 64)
    found = json.loads((tmp_path / "extension.json").read_text())
    assert found == {"old_vocabulary": 50, "added": 3, "vocabulary": 53, "padded_to": 64}


def test_a_head_that_a_tied_model_kept_beside_is_replaced(tmp_path: Path) -> None:
    """Its index may lack `metadata`, too."""
    source, target = model_with(tmp_path / "source", 50, tied=True), tmp_path / "target"
    target.mkdir()
    tensors = load_file(source / "model.safetensors")
    (source / "model.safetensors").unlink()
    save_file(tensors, source / "model-00001-of-00002.safetensors")
    save_file({HEAD: torch.ones(50, 16)}, source / "model-00002-of-00002.safetensors")
    places = dict.fromkeys(tensors, "model-00001-of-00002.safetensors") | {HEAD: "model-00002-of-00002.safetensors"}
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    given = {"inputs": torch.full((3, 16), 2.0), "outputs": torch.full((3, 16), 3.0)}
    assert resize(source, target, PARTS, 64, given)["tied"] is False
    copy_rest(source, target, [])
    check_index(target)
    held = [path.name for path in sorted(target.glob("*.safetensors")) if HEAD in load_file(path)]
    assert held == ["model-00001-of-00002.safetensors"]
    after, report = AutoModelForCausalLM.from_pretrained(str(target), output_loading_info=True)
    assert not report["missing_keys"] and after.lm_head.weight[51, 0] == 3
    assert after.get_input_embeddings().weight[51, 0] == 2
    assert torch.equal(after.lm_head.weight[:50], tensors[EMBEDDING])
