from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from pipeline.errors import InputError
from tests.toys import paragraphs
from tokenizer.convert import byte_level, from_sentencepiece, special_tokens
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


@pytest.fixture
def trained(tmp_path: Path) -> Callable[..., Path]:
    """`trained(**settings)`: a SentencePiece file with Llama-2's settings but these."""
    from sentencepiece import SentencePieceTrainer

    def trained(**settings: object) -> Path:
        SentencePieceTrainer.train(
            sentence_iterator=iter(paragraphs("en", 100)), model_prefix=str(tmp_path / "t"), model_type="bpe",
            vocab_size=420, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True, split_digits=True, minloglevel=2, hard_vocab_limit=False, **settings,
        )  # fmt: skip
        return tmp_path / "t.model"

    return trained


@pytest.mark.parametrize("prefix", [True, False])
def test_user_defined_symbols_cut_text_as_in_sentencepiece(trained, prefix: bool) -> None:
    from sentencepiece import SentencePieceProcessor

    symbols = ["<sep>", "<|tool|>", "a.b", "가"]
    path = trained(user_defined_symbols=symbols, add_dummy_prefix=prefix)
    processor, made = SentencePieceProcessor(model_file=str(path)), from_sentencepiece(path)
    assert [token["content"] for token in made["added_tokens"] if not token["special"]] == symbols
    assert not set(symbols) & {part for left, right in made["model"]["merges"] for part in (left, right, left + right)}
    fast = Tokenizer.from_str(json.dumps(made))
    for text in ["a <sep> b<|tool|>", "<sep>x", " <sep>", "나가다 a.b aab", "in<sep>\n<|tool|><sep> the", "  the"]:
        assert fast.encode(text, add_special_tokens=False).ids == processor.encode(text)
        assert fast.decode(fast.encode(text).ids, skip_special_tokens=True) == text


def test_a_file_without_bos_puts_nothing_before_text(trained, spm_file: Path) -> None:
    from sentencepiece import SentencePieceProcessor

    path = trained(bos_id=-1, eos_id=1, unk_id=0)
    fast = Tokenizer.from_str(json.dumps(from_sentencepiece(path)))
    assert fast.encode("the river").ids == SentencePieceProcessor(model_file=str(path)).encode("the river")
    assert special_tokens(path) == {"eos_token": "</s>", "unk_token": "<unk>"}
    assert special_tokens(spm_file) == {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    named = trained(bos_id=3, bos_piece="[B]", eos_piece="[E]", pad_id=0, unk_id=1, eos_id=2)
    assert special_tokens(named) == {
        "bos_token": "[B]", "eos_token": "[E]", "unk_token": "<unk>", "pad_token": "<pad>",
    }  # fmt: skip


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
