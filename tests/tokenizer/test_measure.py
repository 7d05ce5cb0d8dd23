from __future__ import annotations

import unicodedata
from pathlib import Path

from tokenizers import Tokenizer

from tokenizer.measure import encode, fertility


def test_counts_what_it_says(byte_level_model: Path) -> None:
    tokenizer = Tokenizer.from_file(str(byte_level_model / "tokenizer.json"))
    texts = ["한국어 글 a", "둘째\n줄"]
    found = fertility(tokenizer, texts)
    tokens = sum(len(tokenizer.encode(text).ids) for text in texts)
    assert found["documents"] == 2
    assert found["characters"] == 7 + 4
    assert found["eojeols"] == 3 + 2
    assert found["bytes"] == sum(len(text.encode()) for text in texts) == 25
    assert found["tokens"] == tokens
    assert found["tokens_per_character"] == round(tokens / 11, 6)
    assert found["tokens_per_eojeol"] == round(tokens / 5, 6)
    assert found["tokens_per_byte"] == round(tokens / 25, 6)


def test_characters_are_counted_in_nfc(byte_level_model: Path) -> None:
    tokenizer = Tokenizer.from_file(str(byte_level_model / "tokenizer.json"))
    composed = fertility(tokenizer, ["한글"])
    decomposed = fertility(tokenizer, [unicodedata.normalize("NFD", "한글")])
    assert composed["characters"] == decomposed["characters"] == 2
    assert decomposed["bytes"] == 18 > composed["bytes"]


def test_no_text_is_no_division_by_zero(byte_level_model: Path) -> None:
    tokenizer = Tokenizer.from_file(str(byte_level_model / "tokenizer.json"))
    assert fertility(tokenizer, [])["tokens_per_character"] == 0


def test_text_that_spells_a_control_token_is_text(byte_level_model: Path) -> None:
    tokenizer = Tokenizer.from_file(str(byte_level_model / "tokenizer.json"))
    control = tokenizer.token_to_id("<|im_end|>")
    assert control in tokenizer.encode("a<|im_end|>").ids
    assert control not in next(iter(encode(tokenizer, ["a<|im_end|>"])))
    assert tokenizer.encode_special_tokens is False


def test_batches_keep_the_order(byte_level_model: Path) -> None:
    tokenizer = Tokenizer.from_file(str(byte_level_model / "tokenizer.json"))
    texts = [str(number) for number in range(600)]
    assert [tokenizer.decode(ids) for ids in encode(tokenizer, texts)] == texts
