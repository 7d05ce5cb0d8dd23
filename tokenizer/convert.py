"""tokenizer.json from what other formats hold: SentencePiece pieces and scores, or byte-level tokens and merges."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from tokenizer.bpe import METASPACE
from tokenizer.probes import round_trip, unchanged

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6  # SentencePiece's and GGUF's token types

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
PRE_TOKENIZERS: dict[str, list[dict[str, Any]]] = {
    "gpt-2": [{"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}],
    "smollm": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
    "llama-bpe": [
        {"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
    ],
    "qwen2": [
        {"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
    ],
}


def byte_level(tokens: list[str], merges: list[str], types: list[int], pre: str) -> dict[str, Any]:
    """A byte-level BPE with the pre-tokenizer called `pre` in GGUF; raises InputError for one not known."""
    if pre not in PRE_TOKENIZERS:
        raise InputError(f"the pre-tokenizer '{pre}' is not known; known are {', '.join(sorted(PRE_TOKENIZERS))}")
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": pre == "llama-bpe",
        "vocab": {token: number for number, token in enumerate(tokens)},
        "merges": [merge.split(" ") for merge in merges],
    }
    return {
        **_frame(tokens, types),
        "normalizer": {"type": "NFC"} if pre == "qwen2" else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": PRE_TOKENIZERS[pre]},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": model,
    }


def metaspace(tokens: list[str], scores: list[float], types: list[int], prefix: bool = True) -> dict[str, Any]:
    """A SentencePiece BPE with byte fallback; its merges are every split of a piece into two, by the piece's score."""
    vocabulary = {token: number for number, token in enumerate(tokens)}
    usable = {token for token, kind in zip(tokens, types, strict=True) if kind == NORMAL}
    ranked = []
    for token in usable:
        for at in range(1, len(token)):
            left, right = token[:at], token[at:]
            if left in usable and right in usable:
                ranked.append((-scores[vocabulary[token]], vocabulary[token], vocabulary[left], vocabulary[right]))
    unknown = next((token for token, kind in zip(tokens, types, strict=True) if kind == UNKNOWN), None)
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": unknown,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": True,
        "ignore_merges": False,
        "vocab": vocabulary,
        "merges": [[tokens[left], tokens[right]] for _, _, left, right in sorted(ranked)],
    }
    replace: dict[str, Any] = {"type": "Replace", "pattern": {"String": " "}, "content": METASPACE}
    back: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"String": METASPACE}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    if prefix:
        replace = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": METASPACE}, replace]}
        back.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return {
        **_frame(tokens, types),
        "normalizer": replace,
        "pre_tokenizer": None,
        "decoder": {"type": "Sequence", "decoders": back},
        "model": model,
    }


def begin_with(tokenizer: dict[str, Any], token: str) -> dict[str, Any]:
    """The tokenizer with `token` put before every text (where special tokens are asked for)."""
    number = tokenizer["model"]["vocab"][token]
    start = {"SpecialToken": {"id": token, "type_id": 0}}
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    template = {
        "type": "TemplateProcessing",
        "single": [start, first],
        "pair": [start, first, start, second],
        "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}},
    }
    return {**tokenizer, "post_processor": template}


def from_sentencepiece(path: Path) -> dict[str, Any]:
    """tokenizer.json of a SentencePiece BPE model file, its ids checked against SentencePiece's own.

    Raises InputError where the file is corrupt, not such a BPE, or the ids differ.
    """
    from tokenizers import Tokenizer

    processor = _processor(path)
    pieces = read_model(path).pieces
    tokens, types = [str(piece.piece) for piece in pieces], [int(piece.type) for piece in pieces]
    prefix = bool(processor.encode("a", out_type=str)[0].startswith(METASPACE))
    made = metaspace(tokens, [float(piece.score) for piece in pieces], types, prefix)
    symbols = [token for token, kind in zip(tokens, types, strict=True) if kind == USER_DEFINED]
    if symbols:  # looked for in normalised text, as they may hold a space
        made["added_tokens"] = [{**token, "normalized": not token["special"]} for token in made["added_tokens"]]
        if prefix:
            made["normalizer"] = _prefixed_once(made["normalizer"], symbols)
    if processor.bos_id() >= 0:
        made = begin_with(made, tokens[processor.bos_id()])
    fast = Tokenizer.from_str(json.dumps(made))
    fast.encode_special_tokens = True
    beside = [text for symbol in symbols for text in (f"a {symbol} b{symbol}", f"{symbol}a{symbol} ")]
    for text in [*unchanged(), *round_trip(), *beside]:
        if text and "\x00" not in text and fast.encode(text, add_special_tokens=False).ids != processor.encode(text):
            raise InputError(f"{path}: the converted tokenizer splits {text[:60]!r} in another way than SentencePiece")
    return made


def special_tokens(path: Path) -> dict[str, str]:
    """The special tokens that a SentencePiece file has, by their names in tokenizer_config.json."""
    found = _processor(path)
    ids = {"bos": found.bos_id(), "eos": found.eos_id(), "unk": found.unk_id(), "pad": found.pad_id()}
    return {f"{name}_token": str(found.id_to_piece(number)) for name, number in ids.items() if number >= 0}


def read_model(path: Path) -> Any:
    """The protobuf of a SentencePiece BPE with byte fallback; raises InputError where the file is none."""
    from google.protobuf.message import DecodeError
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise InputError(f"{path} is not a SentencePiece model: {error}") from None
    bpe = sentencepiece_model_pb2.TrainerSpec.ModelType.Value("BPE")
    if not model.pieces or model.trainer_spec.model_type != bpe or not model.trainer_spec.byte_fallback:
        raise InputError(f"{path} is not a SentencePiece BPE with byte fallback")
    return model


def _processor(path: Path) -> Any:
    from sentencepiece import SentencePieceProcessor

    try:
        return SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path} is not a SentencePiece model: {error}") from None


def _prefixed_once(normalizer: dict[str, Any], symbols: list[str]) -> dict[str, Any]:
    """The normalizer, with a space put before the text but not after each user-defined symbol, as SentencePiece does.

    A symbol that is all of a text gets no space: as its own spelling is normalised by the same rule, it would be found
    only behind a space.
    """
    alone = "|".join(map(re.escape, symbols))
    once = {"type": "Replace", "pattern": {"Regex": rf"\A(?!(?:{alone})\z)"}, "content": METASPACE}
    return {"type": "Sequence", "normalizers": [once, normalizer["normalizers"][1]]}


def _frame(tokens: list[str], types: list[int]) -> dict[str, Any]:
    """Everything around the model: control and user-defined tokens are the added ones."""
    added = [
        {
            "id": number,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": kind != USER_DEFINED,
        }
        for number, (token, kind) in enumerate(zip(tokens, types, strict=True))
        if kind in (CONTROL, USER_DEFINED, UNKNOWN)
    ]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "post_processor": None}
