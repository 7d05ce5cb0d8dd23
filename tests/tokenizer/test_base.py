from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.errors import InputError, StageFailed
from tests.tokenizer.conftest import model_with
from tests.toys import KOREAN
from tokenizer.base import document_ids, run
from tokenizer.config import Base
from tokenizer.probes import unchanged


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_a_folder_comes_out_the_same_model(request, build, name: str) -> None:
    folder: Path = request.getfixturevalue(name)
    made = build("base", run, Base(source=str(folder), license="MIT"))
    assert made.metrics["parity"] == {"compared": "logits", "tokens": 48, "largest_difference": 0.0}
    assert made.metrics["license"] == "MIT"
    assert made.metrics["tied"] is (name == "byte_level_model")
    old, new = (load_file(place / "model.safetensors") for place in (folder, made.path / "model"))
    assert old.keys() == new.keys() and all(torch.equal(old[key], new[key]) for key in old)
    assert made.metrics["parameters"] == sum(tensor.numel() for tensor in new.values())
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    loaded = AutoTokenizer.from_pretrained(str(made.path / "model"))
    assert loaded.chat_template == AutoTokenizer.from_pretrained(str(folder)).chat_template
    for text in [*unchanged()[:40], *KOREAN]:
        assert loaded(text, add_special_tokens=False)["input_ids"] == plain.encode(text, add_special_tokens=False).ids


def test_bf16_is_stored_and_compared_in_bf16(byte_level_model: Path, build) -> None:
    made = build("base", run, Base(source=str(byte_level_model), precision="bf16"))
    assert {tensor.dtype for tensor in load_file(made.path / "model/model.safetensors").values()} == {torch.bfloat16}
    assert made.metrics["parity"]["largest_difference"] == 0.0


def test_the_same_source_gives_the_same_bytes(byte_level_model: Path, build) -> None:
    made = build("base", run, Base(source=str(byte_level_model)))
    first = made.manifest["files"]
    (made.path / "manifest.json").unlink()
    assert build("base", run, Base(source=str(byte_level_model))).manifest["files"] == first


def test_a_sentencepiece_model_and_a_loader_that_would_rebuild(
    metaspace_model: Path, spm_file: Path, build, tmp_path: Path
) -> None:
    source = Path(shutil.copytree(metaspace_model, tmp_path / "spm"))
    (source / "tokenizer.json").unlink()
    shutil.copyfile(spm_file, source / "tokenizer.model")
    (source / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer", "legacy": True}))
    made = build("base", run, Base(source=str(source))).path / "model"
    settings = json.loads((made / "tokenizer_config.json").read_text())
    assert settings["tokenizer_class"] == "PreTrainedTokenizerFast" and "legacy" not in settings
    tokenizer = AutoTokenizer.from_pretrained(str(made))
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<s>", "</s>")
    assert tokenizer("the old town")["input_ids"][0] == tokenizer.bos_token_id


def broken(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "broken"))


def test_missing_sources(build, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        build("base", run, Base(source="/no/such/folder/at/all"))
    with pytest.raises(InputError, match="nobody/nothing@main is no local path"):
        build("base", run, Base(source="nobody/nothing@main"))
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(InputError, match=r"not a \.gguf"):
        build("base", run, Base(source=str(tmp_path / "note.txt")))
    with pytest.raises(InputError, match=r"no config\.json"):
        build("base", run, Base(source=str(tmp_path)))


def test_a_vocabulary_larger_than_the_checkpoint(byte_level_model: Path, build, tmp_path: Path) -> None:
    source = broken(byte_level_model, tmp_path)
    rows = model_with(source, 300).parent and 300
    with pytest.raises(InputError, match=f"only {rows} rows"):
        build("base", run, Base(source=str(source)))


def test_damage_is_one_sentence(byte_level_model: Path, build, tmp_path: Path) -> None:
    source = broken(byte_level_model, tmp_path)
    weights = load_file(source / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "norm" not in k}, source / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match="lacks 5 tensors"):
        build("base", run, Base(source=str(source)))
    (source / "model.safetensors").write_bytes(b"\x01" * 100)
    with pytest.raises(InputError, match="cannot be loaded as a model"):
        build("base", run, Base(source=str(source)))
    (source / "tokenizer.json").write_text("{")
    with pytest.raises(InputError, match=r"tokenizer\.json is corrupt"):
        build("base", run, Base(source=str(source)))
    (source / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"neither tokenizer\.json nor"):
        build("base", run, Base(source=str(source)))


def test_a_saved_model_that_differs_is_caught(byte_level_model: Path, build, monkeypatch) -> None:
    import tokenizer.base as base

    asked = []

    def load(folder: Path, precision: str):
        asked.append(folder)
        model = AutoModelForCausalLM.from_pretrained(str(folder))
        if len(asked) == 2:
            model.model.norm.weight.data[0] += 1e-3
        return model.eval()

    monkeypatch.setattr(base, "load_model", load)
    with pytest.raises(StageFailed, match="logits differ"):
        build("base", run, Base(source=str(byte_level_model)))


@pytest.mark.parametrize(
    ("added", "bos", "eos", "ids"),
    [
        ({"<|endoftext|>": 0, "<|im_start|>": 1, "<|im_end|>": 2}, 1, 2, (0, 0)),
        ({"<unk>": 0, "<s>": 1, "</s>": 2}, 1, 2, (1, 2)),
        ({"<|begin_of_text|>": 8, "<|end_of_text|>": 9, "<|eot_id|>": 11}, 8, 11, (8, 9)),
        ({"<eos>": 3}, None, 3, (3, 3)),
    ],
)
def test_document_ids(added: dict[str, int], bos: int | None, eos: int, ids: tuple[int, int]) -> None:
    tokenizer = SimpleNamespace(get_added_vocab=lambda: added, bos_token_id=bos, eos_token_id=eos)
    assert document_ids(tokenizer) == ids


def test_document_ids_of_the_real_thing(byte_level_model: Path, metaspace_model: Path) -> None:
    assert document_ids(AutoTokenizer.from_pretrained(str(byte_level_model))) == (0, 0)
    assert document_ids(AutoTokenizer.from_pretrained(str(metaspace_model))) == (1, 2)
    with pytest.raises(InputError, match="eos_token"):
        document_ids(SimpleNamespace(get_added_vocab=dict, bos_token_id=1, eos_token_id=None))
