from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import pytest

from pipeline.errors import InputError
from tokenizer.bpe import read_tokenizer
from tokenizer.convert import CONTROL, NORMAL, PRE_TOKENIZERS, UNKNOWN, UNUSED, USER_DEFINED, byte_level
from tokenizer.gguf import Gguf
from tokenizer.gguf_vocab import pre_name, write_vocabulary


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_the_vocabulary_comes_back(request, tmp_path: Path, name: str) -> None:
    folder = request.getfixturevalue(name)
    found = read_tokenizer(folder / "tokenizer.json")
    write_vocabulary(folder, folder, tmp_path / "vocabulary.gguf")
    again = Gguf(tmp_path / "vocabulary.gguf").tokenizer()
    assert again["model"]["vocab"] == found["model"]["vocab"]
    assert [list(merge) for merge in again["model"]["merges"]] == [list(merge) for merge in found["model"]["merges"]]
    special = {token["content"] for token in found["added_tokens"]}
    assert {token["content"] for token in again["added_tokens"]} == special


def test_token_types(byte_level_model: Path, tmp_path: Path) -> None:
    found = read_tokenizer(byte_level_model / "tokenizer.json")
    last = len(found["model"]["vocab"])
    found["model"]["vocab"]["<|malmoi_reserved_0|>"] = last
    token = {**found["added_tokens"][0], "id": last + 1, "content": "|||EMAIL|||", "special": False}
    found["added_tokens"].append(token)
    for name in ("tokenizer_config.json", "config.json"):
        (tmp_path / name).write_text((byte_level_model / name).read_text())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "vocab_size": last + 4}))
    (tmp_path / "tokenizer.json").write_text(json.dumps(found))
    write_vocabulary(tmp_path, tmp_path, tmp_path / "vocabulary.gguf")
    types = [int(kind) for kind in Gguf(tmp_path / "vocabulary.gguf").value("tokenizer.ggml.token_type")]
    assert types[last:] == [UNUSED, USER_DEFINED, UNUSED, UNUSED]
    assert {types[token["id"]] for token in found["added_tokens"] if token["special"]} <= {CONTROL, UNKNOWN}
    assert types[100] == NORMAL


@pytest.mark.parametrize("scheme", ["first", "always", "never"])
def test_a_metaspace_pre_tokenizer_puts_a_space_before_too(metaspace_model: Path, tmp_path: Path, scheme: str) -> None:
    folder = Path(shutil.copytree(metaspace_model, tmp_path / "model"))
    found = read_tokenizer(folder / "tokenizer.json")
    pre = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": False}
    (folder / "tokenizer.json").write_text(json.dumps({**found, "normalizer": None, "pre_tokenizer": pre}))
    write_vocabulary(folder, folder, tmp_path / "vocabulary.gguf")
    assert Gguf(tmp_path / "vocabulary.gguf").value("tokenizer.ggml.add_space_prefix") is (scheme != "never")


@pytest.mark.parametrize("name", sorted(PRE_TOKENIZERS))
def test_names_of_pre_tokenizers(name: str, tmp_path: Path) -> None:
    made = byte_level(["a"], [], [1], name)
    assert pre_name(made, tmp_path) == name
    other = copy.deepcopy(made)
    other["pre_tokenizer"]["pretokenizers"][-1]["add_prefix_space"] = True
    with pytest.raises(InputError, match="not known"):
        pre_name(other, tmp_path)
