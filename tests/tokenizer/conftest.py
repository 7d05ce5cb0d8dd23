"""What the tokenizer's tests share: models as artifacts, and a small SentencePiece BPE with byte fallback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.artifact import Artifact, digest, publish
from tests.tokenizer.frozen_toy import PARTS
from tests.toys import paragraphs, toy_llama
from tokenizer.frozen import Frozen


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., Artifact]:
    """`published(folder)`: a model folder as the artifact of a `base` node."""

    def published(folder: Path, **metrics: object) -> Artifact:
        part = tmp_path / "artifacts" / "base" / f"{digest(str(folder))}.part"
        shutil.copytree(folder, part / "model")
        manifest = {"stage": "base", "version": 1, "fingerprint": part.stem, "section": {}, "inputs": {}, "counts": {}}
        return publish(part, part.with_suffix(""), {**manifest, "metrics": metrics, "provenance": {}})

    return published


@pytest.fixture(scope="session")
def spm_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real SentencePiece BPE model of 480 pieces, with Llama-2's settings, trained on English."""
    from sentencepiece import SentencePieceTrainer

    prefix = tmp_path_factory.mktemp("spm") / "tokenizer"
    SentencePieceTrainer.train(
        sentence_iterator=iter(paragraphs("en", 400)), model_prefix=str(prefix), model_type="bpe", vocab_size=480,
        byte_fallback=True, character_coverage=1.0, normalization_rule_name="identity", add_dummy_prefix=True,
        remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, split_digits=True, minloglevel=2,
        num_threads=1, hard_vocab_limit=False,
    )  # fmt: skip
    return prefix.with_suffix(".model")


@pytest.fixture(scope="session")
def byte_level_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tied toy Llama with a byte-level BPE, as SmolLM2."""
    return toy_llama(tmp_path_factory.mktemp("byte-level") / "toy")


@pytest.fixture(scope="module")
def frozen(byte_level_model: Path) -> Frozen:
    """That toy at rest, with new ids of `PARTS`."""
    import torch

    made = Frozen.load(byte_level_model, PARTS, 0)
    with torch.no_grad():
        made.table.mul_(20)  # a toy's rows are near zero and its states tell nothing apart
    return made


@pytest.fixture(scope="session")
def metaspace_model(tmp_path_factory: pytest.TempPathFactory, spm_file: Path) -> Path:
    """An untied toy Llama with a metaspace BPE, as Llama-2."""
    from tokenizer.base import save_tokenizer
    from tokenizer.convert import from_sentencepiece

    folder = tmp_path_factory.mktemp("metaspace") / "toy"
    tokenizer = from_sentencepiece(spm_file)
    model_with(folder, len(tokenizer["model"]["vocab"]), tied=False)
    save_tokenizer(tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, folder)
    return folder


def model_with(folder: Path, vocabulary: int, tied: bool = True) -> Path:
    """A toy Llama of so many rows, without a tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=256, tie_word_embeddings=tied, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(str(folder))
    return folder
