from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from pipeline.errors import InputError
from tests.toys import paragraphs
from tokenizer.convert import byte_level, from_sentencepiece
from tokenizer.probes import HANGUL


def test_ids_equal_sentencepiece(spm_file: Path) -> None:
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_file=str(spm_file))
    made = from_sentencepiece(spm_file)
    fast = Tokenizer.from_str(json.dumps(made))
    for text in [*paragraphs("en", 30, seed=5), *HANGUL, " a", "a  b "]:
        assert fast.encode(text, add_special_tokens=False).ids == processor.encode(text)
        assert fast.encode(text).ids == [processor.bos_id(), *processor.encode(text)]
        assert fast.decode(fast.encode(text).ids, skip_special_tokens=True) == text
    assert len(made["model"]["merges"]) > 100


def test_a_unigram_model_is_refused(tmp_path: Path) -> None:
    from sentencepiece import SentencePieceTrainer

    SentencePieceTrainer.train(
        sentence_iterator=iter(paragraphs("en", 100)), model_prefix=str(tmp_path / "u"), model_type="unigram",
        vocab_size=400, byte_fallback=True, minloglevel=2, hard_vocab_limit=False,
    )  # fmt: skip
    with pytest.raises(InputError, match="not a SentencePiece BPE"):
        from_sentencepiece(tmp_path / "u.model")
    (tmp_path / "broken.model").write_bytes(b"not a model")
    with pytest.raises(InputError, match="not a SentencePiece model"):
        from_sentencepiece(tmp_path / "broken.model")


@pytest.mark.parametrize(
    ("pre", "text", "words"),
    [
        ("smollm", "in 2026 it's", ["in", "Ġ", "2", "0", "2", "6", "Ġit", "'s"]),
        ("gpt-2", "in 2026 it's", ["in", "Ġ2026", "Ġit", "'s"]),
        ("llama-bpe", "in 2026 it's", ["in", "Ġ", "202", "6", "Ġit", "'s"]),
        ("qwen2", "in 2026 it's", ["in", "Ġ", "2", "0", "2", "6", "Ġit", "'s"]),
    ],
)
def test_the_pre_tokenizers(pre: str, text: str, words: list[str]) -> None:
    made = byte_level(["a"], [], [1], pre)
    splitter = Tokenizer.from_str(json.dumps(made)).pre_tokenizer
    assert [word for word, _ in splitter.pre_tokenize_str(text)] == words


def test_an_unknown_pre_tokenizer_is_named() -> None:
    with pytest.raises(InputError, match="'mystery'"):
        byte_level(["a"], [], [1], "mystery")


@pytest.mark.data
def test_real_models(data: Path) -> None:
    mistral = from_sentencepiece(data / "tokenizer/mistral_v1_spm/tokenizer.model.v1")
    assert len(mistral["model"]["vocab"]) == 32000
    llama = from_sentencepiece(data / "tokenizer/llama2_spm/tokenizer.model")
    published = json.loads((data / "tokenizer/dolma_llama_json/llama-test-tokenizer.json").read_text(encoding="utf-8"))
    assert [" ".join(merge) for merge in llama["model"]["merges"]] == published["model"]["merges"]
    assert llama["model"]["vocab"] == published["model"]["vocab"]
