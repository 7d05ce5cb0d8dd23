from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.errors import InputError
from tokenizer.bpe import byte_characters, read_tokenizer, size, spelling


def test_the_byte_table_is_the_one_tokenizers_uses() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    assert sorted(byte_characters().values()) == sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    text = "".join(map(chr, range(1, 0x800))) + "한국🙂"
    shown = tokenizer.pre_tokenizer.pre_tokenize_str(text)[0][0]
    assert shown == "".join(byte_characters()[byte] for byte in text.encode())


@pytest.mark.parametrize(("name", "kind"), [("byte_level_model", "byte-level"), ("metaspace_model", "metaspace")])
def test_tells_the_two_alphabets_apart(request: pytest.FixtureRequest, name: str, kind: str) -> None:
    folder = request.getfixturevalue(name)
    found = read_tokenizer(folder / "tokenizer.json")
    how = spelling(found, folder)
    assert how.kind == kind
    assert how.raw(how.spell(" 한국어 x")).decode() == " 한국어 x"
    assert size(found) == json.loads((folder / "config.json").read_text())["vocab_size"]


def test_a_byte_token_is_its_byte(metaspace_model: Path) -> None:
    how = spelling(read_tokenizer(metaspace_model / "tokenizer.json"), metaspace_model)
    assert how.raw("<0xED>") == b"\xed"


def change(folder: Path, tmp_path: Path, **model: object) -> Path:
    found = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    found["model"].update(model)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def test_damage_is_one_sentence(byte_level_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    with pytest.raises(InputError, match="does not exist"):
        read_tokenizer(path)
    path.write_text((byte_level_model / "tokenizer.json").read_text(encoding="utf-8")[:500], encoding="utf-8")
    with pytest.raises(InputError, match="corrupt"):
        read_tokenizer(path)
    with pytest.raises(InputError, match="corrupt"):
        read_tokenizer(change(byte_level_model, tmp_path, merges=[["no", "such"]]))
    unigram = {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0]], "byte_fallback": False}
    path.write_text(json.dumps({"version": "1.0", "added_tokens": [], "model": unigram}), encoding="utf-8")
    with pytest.raises(InputError, match="Unigram"):
        read_tokenizer(path)


def test_a_bpe_of_neither_kind_is_refused(metaspace_model: Path, tmp_path: Path) -> None:
    path = change(metaspace_model, tmp_path, byte_fallback=False)
    with pytest.raises(InputError, match="neither"):
        spelling(read_tokenizer(path), path)


def test_what_would_cut_texts_or_is_left_out_is_mended(byte_level_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    whole = json.loads((byte_level_model / "tokenizer.json").read_text(encoding="utf-8"))
    cut = {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0}
    pad = {"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0}
    model = {key: value for key, value in whole["model"].items() if key != "type"}
    changed = {**whole, "model": model, "truncation": cut, "padding": {**pad, "pad_token": "x"}}
    path.write_text(json.dumps(changed), encoding="utf-8")
    assert read_tokenizer(path) == {**whole, "truncation": None, "padding": None}
