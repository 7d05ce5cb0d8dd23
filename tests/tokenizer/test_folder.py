"""A folder's tokenizer holds what a loader would add to it, at the same ids."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from pipeline.errors import InputError
from tests.tokenizer.conftest import model_with
from tokenizer.base import run
from tokenizer.bpe import size
from tokenizer.config import Base
from tokenizer.folder import folder_tokenizer, tokenizer_settings


@pytest.fixture
def folder(byte_level_model: Path, tmp_path: Path) -> Path:
    """A toy with room for sixteen more tokens."""
    made = Path(shutil.copytree(byte_level_model, tmp_path / "model"))
    model_with(made, size(json.loads((made / "tokenizer.json").read_text(encoding="utf-8"))) + 16)
    return made


def change(folder: Path, name: str, **given: object) -> None:
    path = folder / name
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**before, **given}), encoding="utf-8")


def ids(folder: Path, text: str) -> list[int]:
    return list(AutoTokenizer.from_pretrained(str(folder))(text, add_special_tokens=False)["input_ids"])


def test_a_special_token_that_only_the_settings_name(folder: Path, build) -> None:
    change(folder, "tokenizer_config.json", pad_token="[PAD]", extra_special_tokens=["<|tool|>"])
    loaded = AutoTokenizer.from_pretrained(str(folder))
    made = build("base", run, Base(source=str(folder))).path / "model"
    found = json.loads((made / "tokenizer.json").read_text(encoding="utf-8"))
    named = {token["content"]: (token["id"], token["special"]) for token in found["added_tokens"]}
    wanted = {token: loaded.convert_tokens_to_ids(token) for token in ("[PAD]", "<|tool|>")}
    assert {token: named[token] for token in wanted} == {token: (number, True) for token, number in wanted.items()}
    assert ids(made, "a<|tool|> b") == ids(folder, "a<|tool|> b")


def test_a_special_token_without_a_row_is_refused(byte_level_model: Path, build, tmp_path: Path) -> None:
    source = Path(shutil.copytree(byte_level_model, tmp_path / "model"))
    change(source, "tokenizer_config.json", pad_token="[PAD]")
    with pytest.raises(InputError, match="the tokenizer has ids up to"):
        build("base", run, Base(source=str(source)))


def test_ids_that_the_settings_say_are_kept_across_a_gap(folder: Path, build) -> None:
    first = size(folder_tokenizer(folder)[0])
    decoder = {
        str(first + 3): {"content": "<|stop|>", "special": True, "rstrip": True},
        str(first + 7): {"content": "<think>", "normalized": True},
    }
    change(folder, "tokenizer_config.json", added_tokens_decoder=decoder, eos_token="<|stop|>")
    made = build("base", run, Base(source=str(folder))).path / "model"
    loaded = AutoTokenizer.from_pretrained(str(made))
    assert (loaded.eos_token_id, loaded.convert_tokens_to_ids("<think>")) == (first + 3, first + 7)
    assert loaded.decode(ids(made, "가 <think> 나<|stop|>"), skip_special_tokens=True) == "가 <think> 나"
    change(folder, "tokenizer_config.json", added_tokens_decoder={"5": {"content": "<|other|>"}})
    with pytest.raises(InputError, match=r"gives '<\|other\|>' the id 5, which is that of"):
        folder_tokenizer(folder)


def test_a_sentencepiece_file_with_added_tokens_beside_it(spm_file: Path, build, tmp_path: Path) -> None:
    source = model_with(tmp_path / "spm", 482)
    shutil.copyfile(spm_file, source / "tokenizer.model")
    (source / "added_tokens.json").write_text('{"<|im_end|>": 480, "<|im_start|>": 481}')
    change(source, "tokenizer_config.json", eos_token="<|im_end|>", tokenizer_class="LlamaTokenizer")
    made = build("base", run, Base(source=str(source))).path / "model"
    loaded = AutoTokenizer.from_pretrained(str(made))
    assert loaded.convert_tokens_to_ids(["<|im_end|>", "<|im_start|>"]) == [480, 481] and loaded.eos_token_id == 480
    assert ids(made, "<|im_start|>a")[0] == 481


def test_the_older_map_of_special_tokens_is_read_below_the_settings(folder: Path) -> None:
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    moved = {key: settings.pop(key) for key in ("bos_token", "eos_token") if key in settings}
    assert moved
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "pad_token": None}), encoding="utf-8")
    mapped = {key: {"content": token, "lstrip": False} for key, token in moved.items()}
    change(folder, "special_tokens_map.json", **mapped, model_max_length=7)
    assert {key: tokenizer_settings(folder)[key] for key in moved} == moved
    change(folder, "tokenizer_config.json", eos_token="<other>", model_max_length=9)
    assert tokenizer_settings(folder)["eos_token"] == "<other>" and tokenizer_settings(folder)["model_max_length"] == 9


def test_special_tokens_that_are_in_no_vocabulary_keep_their_ids(folder: Path, build) -> None:
    """Llama-3 and Qwen keep theirs among the added tokens alone."""
    path = folder / "tokenizer.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    first = size(found)
    extra = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]
    found["added_tokens"] += [{"id": first + at, "content": name, **extra} for at, name in enumerate(names)]
    path.write_text(json.dumps(found), encoding="utf-8")
    change(folder, "tokenizer_config.json", pad_token="<|pad|>")
    wanted = AutoTokenizer.from_pretrained(str(folder)).convert_tokens_to_ids([*names, "<|pad|>"])
    made = build("base", run, Base(source=str(folder))).path / "model"
    assert wanted == list(range(first, first + 4))
    assert AutoTokenizer.from_pretrained(str(made)).convert_tokens_to_ids([*names, "<|pad|>"]) == wanted


def test_flags_are_those_of_a_loader(spm_file: Path, build, tmp_path: Path) -> None:
    source = model_with(tmp_path / "spm", 484)
    shutil.copyfile(spm_file, source / "tokenizer.model")
    (source / "added_tokens.json").write_text('{"<|im_start|>": 482}')
    decoder = {"480": {"content": "<|user|>", "rstrip": True, "special": True}, "481": {"content": "<tool>"}}
    change(source, "tokenizer_config.json", added_tokens_decoder=decoder, tokenizer_class="LlamaTokenizer")
    found, _ = folder_tokenizer(source)
    flags = {token["content"]: (token["rstrip"], token["special"]) for token in found["added_tokens"]}
    assert [flags[name] for name in ("<|user|>", "<tool>", "<|im_start|>")] == [
        (True, True), (False, False), (False, False),
    ]  # fmt: skip
