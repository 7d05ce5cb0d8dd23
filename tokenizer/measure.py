"""Fertility: how many tokens a tokenizer spends on a text, and how sure that is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypedDict

from tokenizer.intervals import Sums, estimate, resampled

BATCH = 256
PER = ("characters", "eojeols", "bytes")


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


@dataclass
class Texts:
    """Documents of one source with what they are divided by; `tokens[k]` are those of the k-th size."""

    source: str
    lang: str
    texts: list[str] = field(default_factory=list)
    characters: list[int] = field(default_factory=list)
    eojeols: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    tokens: list[list[int]] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.characters.append(len(unicodedata.normalize("NFC", text)))
        self.eojeols.append(len(text.split()))
        self.bytes.append(len(text.encode()))


@dataclass
class Parallel:
    """The same content twice; `tokens[k]` are (first, second) of the k-th size, one entry per pair."""

    names: tuple[str, str]
    texts: list[tuple[str, str]]
    tokens: list[tuple[list[int], list[int]]] = field(default_factory=list)


def joined(parts: list[Texts]) -> Texts:
    whole = Texts("", parts[0].lang)
    for one in parts:
        for name in ("texts", *PER):
            getattr(whole, name).extend(getattr(one, name))
    whole.tokens = [[n for one in parts for n in one.tokens[k]] for k in range(len(parts[0].tokens))]
    return whole


def sums_of(one: Texts) -> Sums:
    """Columns: characters, eojeols, bytes, then the tokens of each size."""
    return resampled([*(getattr(one, name) for name in PER), *one.tokens])


def rates(one: Texts, sums: Sums, sizes: int) -> list[dict[str, Any]]:
    """Per size: tokens per character, eojeol and byte, each with its interval."""
    found = []
    for number in range(sizes):
        at = len(PER) + number
        found.append({
            "tokens": int(sums.whole[at]),
            **{
                f"tokens_per_{name[:-1]}": estimate(
                    sums.whole[at] / max(1, sums.whole[place]), over(sums.drawn[:, at], sums.drawn[:, place]),
                    len(one.texts),
                )
                for place, name in enumerate(PER)
            },
        })  # fmt: skip
    return found


def over(top: Any, bottom: Any) -> Any:
    import numpy as np

    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def premium(two: Parallel) -> list[dict[str, Any]]:
    """Per size: tokens of the first language for one token of the second, on the same content."""
    sizes = len(two.tokens)
    sums = resampled([*(one for one, _ in two.tokens), *(other for _, other in two.tokens)])
    return [
        estimate(
            sums.whole[k] / max(1, sums.whole[sizes + k]), over(sums.drawn[:, k], sums.drawn[:, sizes + k]),
            len(two.texts),
        )
        for k in range(sizes)
    ]  # fmt: skip
