from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipeline.errors import StageFailed
from tests.toys import paragraphs
from tokenizer import llamacpp
from tokenizer.base import save_tokenizer
from tokenizer.bpe import read_tokenizer, spelling
from tokenizer.convert import PRE_TOKENIZERS
from tokenizer.folder import tokenizer_settings
from tokenizer.merges import grow
from tokenizer.parity import chosen, compare
from tokenizer.scripts import Scripts
from tokenizer.spm import FILE, write_model
from tokenizer.train import learn

TEXTS = {"ko": paragraphs("ko", 5), "en": paragraphs("en", 5)}


@pytest.fixture(params=["byte_level_model", "metaspace_model", "qwen2"])
def folders(request: pytest.FixtureRequest, tmp_path: Path, spm_file: Path):
    """(extended folder, base folder, texts)."""
    from tokenizers import Tokenizer

    name = "byte_level_model" if request.param == "qwen2" else request.param
    base = Path(shutil.copytree(request.getfixturevalue(name), tmp_path / "base"))
    found = read_tokenizer(base / "tokenizer.json")
    if request.param == "qwen2":
        found["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": PRE_TOKENIZERS["qwen2"]}
        found["normalizer"] = {"type": "NFC"}
        save_tokenizer(found, tokenizer_settings(base), base)
    how = spelling(found, base)
    rows = json.loads((base / "config.json").read_text())["vocab_size"]
    words = {word: 2 for text in TEXTS["ko"] for word in Scripts().word.findall(text)}
    made, growth, _ = grow(found, how, learn(words, 150, 1), rows, 64)
    model = tmp_path / "model"
    model.mkdir()
    save_tokenizer(made, tokenizer_settings(base), model)
    if how.kind == "metaspace":
        write_model(spm_file, model / FILE, made, growth)
    return model, base, chosen(TEXTS, Tokenizer.from_str(json.dumps(made)))


def test_all_readers_agree(folders, tmp_path: Path) -> None:
    model, base, texts = folders
    found, machine = compare(model, base, texts, tmp_path)
    for reader in ("tokenizers", "AutoTokenizer", "PreTrainedTokenizerFast", "GGUF"):
        assert found[reader] == {"texts": len(texts), "different": 0}
    if (model / FILE).is_file():
        assert found["SentencePiece"]["different"] == 0 and found["SentencePiece"]["texts"] > len(texts) - 20
    else:
        assert found["SentencePiece"] == "the base has no SentencePiece file"
    assert ("texts" in machine["llama.cpp"]) == (llamacpp.available() is not None)


def test_symbols_in_text_are_tried() -> None:
    from tokenizers import AddedToken, Tokenizer, models

    tokenizer = Tokenizer(models.BPE())
    tokenizer.add_tokens([AddedToken("<sep>", special=False)])
    tokenizer.add_special_tokens(["<s>"])
    tried = chosen({}, tokenizer)
    assert {"한국<sep>어", "<sep><sep>", "한국<s>어"} <= {*tried}


def test_a_reader_that_differs_is_named(folders, tmp_path: Path, monkeypatch) -> None:
    from tokenizer import parity
    from tokenizer.gguf import Gguf

    model, base, texts = folders
    honest = Gguf.tokenizer

    def spoiled(self) -> dict:
        made = honest(self)
        made["model"]["merges"] = made["model"]["merges"][:-5]
        return made

    monkeypatch.setattr(parity.Gguf, "tokenizer", spoiled)
    with pytest.raises(StageFailed, match="GGUF"):
        compare(model, base, texts, tmp_path)


def test_what_the_bases_own_files_split_otherwise_is_counted(folders, spm_file: Path, tmp_path: Path) -> None:
    model, base, texts = folders
    if not (model / FILE).is_file():
        pytest.skip("a byte-level BPE has no SentencePiece file")
    shutil.copyfile(spm_file, base / FILE)
    for path in (model / "tokenizer.json", base / "tokenizer.json"):
        made = json.loads(path.read_text(encoding="utf-8"))
        made["normalizer"] = None
        made["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
        path.write_text(json.dumps(made), encoding="utf-8")
    found, _ = compare(model, base, texts, tmp_path)
    leading = sum(text.startswith((" ", "▁")) for text in texts)
    for reader in ("SentencePiece", "GGUF"):
        assert found[reader]["different"] == 0 and 0 < found[reader]["different_with_the_base_too"] <= leading
    shutil.copyfile(spm_file, model / FILE)  # lacks the pieces: Korean differs where the base's own files agree
    with pytest.raises(StageFailed, match="SentencePiece splits"):
        compare(model, base, texts, tmp_path)
    (model / FILE).unlink()
    assert "none was written" in compare(model, base, texts, tmp_path)[0]["SentencePiece"]


def test_a_pre_tokenizer_without_a_name_is_said(folders, tmp_path: Path) -> None:
    model, base, texts = folders
    path = model / "tokenizer.json"
    made = json.loads(path.read_text(encoding="utf-8"))
    if made["pre_tokenizer"] is None:
        pytest.skip("a metaspace BPE has none")
    made["pre_tokenizer"]["pretokenizers"].insert(0, {"type": "Punctuation", "behavior": "Isolated"})
    path.write_text(json.dumps(made), encoding="utf-8")
    found, machine = compare(model, base, texts, tmp_path)
    assert found["GGUF"] == "the model: llama.cpp's name of its pre-tokenizer is not known" and machine == {}
