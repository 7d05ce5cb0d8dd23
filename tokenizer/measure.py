"""Fertility: how many tokens a tokenizer spends on a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any, TypedDict

BATCH = 256


class Fertility(TypedDict):
    """Characters are code points of NFC text, spaces included; eojeols are what white space separates; bytes UTF-8."""

    documents: int
    characters: int
    eojeols: int
    bytes: int
    tokens: int
    tokens_per_character: float
    tokens_per_eojeol: float
    tokens_per_byte: float


def fertility(tokenizer: Any, texts: Iterable[str]) -> Fertility:
    """Tokens of `texts` under a `tokenizers.Tokenizer`, special tokens left out, control tokens in text as text."""
    listed = list(texts)
    characters = sum(len(unicodedata.normalize("NFC", text)) for text in listed)
    eojeols = sum(len(text.split()) for text in listed)
    size = sum(len(text.encode()) for text in listed)
    tokens = sum(len(ids) for ids in encode(tokenizer, listed))
    return {
        "documents": len(listed),
        "characters": characters,
        "eojeols": eojeols,
        "bytes": size,
        "tokens": tokens,
        "tokens_per_character": round(tokens / max(1, characters), 6),
        "tokens_per_eojeol": round(tokens / max(1, eojeols), 6),
        "tokens_per_byte": round(tokens / max(1, size), 6),
    }


def encode(tokenizer: Any, texts: list[str]) -> Iterable[list[int]]:
    """Ids of each text, none added, in batches; text that spells a control token is not read as one."""
    was = tokenizer.encode_special_tokens
    tokenizer.encode_special_tokens = True
    try:
        for start in range(0, len(texts), BATCH):
            for encoding in tokenizer.encode_batch_fast(texts[start : start + BATCH], add_special_tokens=False):
                yield encoding.ids
    finally:
        tokenizer.encode_special_tokens = was
