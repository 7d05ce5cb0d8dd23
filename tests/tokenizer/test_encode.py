"""The fast encoder gives the ids of `tokenizers` or steps aside."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tests.toys import paragraphs
from tokenizer import encode
from tokenizer.encode import Encoder, Unequal
from tokenizer.measure import encode as plain
from tokenizer.probes import round_trip, unchanged

HARD = ["", " ", "2026년 11월 21일, 3.14 ½ ² Ⅳ ①", "한글\x04제어\x00문자", "<|endoftext|> 글", "  두 칸  3\n\n\n"]


def ids_of(tokenizer: dict, texts: list[str]) -> list[list[int]]:
    return list(plain(Tokenizer.from_str(json.dumps(tokenizer)), texts))


def parts(encoder: Encoder, texts: list[str]) -> list[list[int]]:
    ids, counts = encoder.encode(texts)
    assert ids.dtype == np.uint32 and len(ids) == counts.sum()
    return [part.tolist() for part in np.split(ids, np.cumsum(counts)[:-1])] if texts else []


def smollm(toy: dict) -> dict:
    """The toy with SmolLM2's pre-tokenizer, and without a token for three bytes."""
    digits = {"type": "Digits", "individual_digits": True}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    vocabulary = {token: number for token, number in toy["model"]["vocab"].items() if token not in ("Ħ", "Ą", "ħ")}
    merges = [merge for merge in toy["model"]["merges"] if not {"Ħ", "Ą", "ħ"} & set("".join(merge))]
    return {
        **toy,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, byte_level]},
        "model": {**toy["model"], "vocab": vocabulary, "merges": merges},
    }


@pytest.fixture(scope="module")
def toys(byte_level_model: Path, metaspace_model: Path) -> dict[str, dict]:
    read = {
        name: json.loads((path / "tokenizer.json").read_text(encoding="utf-8"))
        for name, path in (("byte-level", byte_level_model), ("metaspace", metaspace_model))
    }
    return {**read, "digits": smollm(read["byte-level"])}


@pytest.mark.parametrize("name", ["byte-level", "metaspace", "digits"])
def test_the_ids_are_those_of_tokenizers(toys, name: str):
    encoder = Encoder(toys[name])
    assert encoder.name == "gigatoken"
    texts = [*paragraphs("ko", 40), *paragraphs("en", 20), *unchanged(seed=3), *round_trip(seed=3), *HARD]
    assert parts(encoder, texts) == ids_of(toys[name], texts)
    assert parts(encoder, []) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=4))
def test_any_text_at_all(digits_encoder, texts: list[str]):
    encoder, tokenizer = digits_encoder
    assert parts(encoder, texts) == list(plain(tokenizer, texts))


@pytest.fixture(scope="module")
def digits_encoder(toys):
    return Encoder(toys["digits"]), Tokenizer.from_str(json.dumps(toys["digits"]))


def test_what_cannot_be_expressed_is_left_to_tokenizers(toys):
    toy = toys["byte-level"]
    words = {**toy, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "[a-z]+|[^a-z]"}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
    ]}}  # fmt: skip
    named = {**toy, "added_tokens": [*toy["added_tokens"], {
        "id": 500, "content": "|||MAIL|||", "single_word": False, "lstrip": False, "rstrip": False,
        "normalized": False, "special": False,
    }]}  # fmt: skip
    for odd in (words, named):
        encoder = Encoder(odd)
        assert encoder.name == "tokenizers"
        assert parts(encoder, [*HARD, "a |||MAIL||| b"]) == ids_of(odd, [*HARD, "a |||MAIL||| b"])


def test_a_text_that_comes_out_otherwise_is_noticed(toys, monkeypatch):
    encoder = Encoder(toys["byte-level"])
    fast = encoder._fast

    def wrong(texts):
        ids, counts = fast(texts)
        return np.where(ids == ids.max(initial=0), 0, ids), counts

    encoder._fast = wrong
    monkeypatch.setattr(encode, "EVERY", 4)
    with pytest.raises(Unequal):
        encoder.encode(paragraphs("ko", 3))
    monkeypatch.setattr(encode, "CONTROL", ("가나다",))
    monkeypatch.setattr(encode, "_fast", lambda tokenizer, slow: wrong)
    assert Encoder(toys["byte-level"]).name == "tokenizers"
