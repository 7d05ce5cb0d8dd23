"""Reading a base's tokenizer.json: which of two alphabets its BPE is spelled in, and how bytes look in it.

Byte-level (GPT-2, SmolLM2, Llama-3, Qwen): every byte has a printable character. Metaspace (Llama-2, Mistral,
TinyLlama): text as it is, a space written U+2581, and `<0xED>` for bytes of characters that have no token.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import InputError

Kind = Literal["byte-level", "metaspace"]
METASPACE = "▁"
HANGUL_BYTES = [0x20, *range(0x80, 0xC0), *range(0xEA, 0xEE)]  # a space, and UTF-8 from U+AC00 to U+D7A3


@cache
def byte_characters() -> dict[int, str]:
    """The GPT-2 table: byte -> character; printable bytes stand for themselves, the others for U+0100 and up."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(0x100 + n) for n, byte in enumerate(others)}


@cache
def character_bytes() -> dict[str, int]:
    return {character: byte for byte, character in byte_characters().items()}


@dataclass(frozen=True)
class Spelling:
    """How text is written inside the tokens of one BPE."""

    kind: Kind

    def spell(self, text: str) -> str:
        """Text as the model's merges see it, before any splitting."""
        if self.kind == "byte-level":
            table = byte_characters()
            return "".join(table[byte] for byte in text.encode())
        return text.replace(" ", METASPACE)

    def raw(self, token: str) -> bytes:
        """The bytes a token of text stands for (not for special tokens)."""
        if self.kind == "byte-level":
            table = character_bytes()
            return bytes(table[character] for character in token)
        if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            return bytes([int(token[3:5], 16)])
        return token.replace(METASPACE, " ").encode()


def read_tokenizer(path: Path) -> dict[str, Any]:
    """A tokenizer.json that `tokenizers` loads and that holds a BPE; raises InputError in one sentence.

    Less `truncation` and `padding`, which its last user left there: they would cut documents short. Added tokens have
    the ids that they are loaded with, which an id out of turn is not.
    """
    from tokenizers import Tokenizer

    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text)
        loaded = Tokenizer.from_str(text)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except Exception as error:  # `tokenizers` raises the bare class
        raise InputError(f"{path} is corrupt: {error}") from None
    kind = type(loaded.model).__name__
    if kind != "BPE":
        raise InputError(f"{path} is a {kind} tokenizer; only BPE can be extended by merges")
    added = [{**token, "id": loaded.token_to_id(token["content"])} for token in found.get("added_tokens") or []]
    model = {"type": kind, **found["model"]}
    return {**found, "added_tokens": added, "model": model, "truncation": None, "padding": None}


def spelling(tokenizer: dict[str, Any], path: Path) -> Spelling:
    """Byte-level or metaspace; raises InputError for a BPE that is neither."""
    steps = list(_steps(tokenizer.get("pre_tokenizer"))) + list(_steps(tokenizer.get("normalizer")))
    vocabulary = tokenizer["model"]["vocab"]
    if any(step["type"] == "ByteLevel" for step in steps):
        # SmolLM2 lacks 21 bytes (some control characters, and bytes UTF-8 never uses); only Hangul's are needed here.
        missing = [byte for byte in HANGUL_BYTES if byte_characters()[byte] not in vocabulary]
        if missing:
            raise InputError(f"{path} is byte-level but has no token for {len(missing)} of the bytes of Hangul")
        return Spelling("byte-level")
    if tokenizer["model"].get("byte_fallback") and METASPACE in vocabulary:
        missing = [byte for byte in HANGUL_BYTES[1:] if f"<0x{byte:02X}>" not in vocabulary]
        if missing:
            raise InputError(f"{path} falls back to bytes but has no token for {len(missing)} of the bytes of Hangul")
        return Spelling("metaspace")
    raise InputError(f"{path} is neither byte-level BPE nor SentencePiece BPE with byte fallback")


def _steps(part: Any) -> Any:
    """The members of a normalizer or pre-tokenizer, a Sequence flattened."""
    if part is None:
        return
    if part.get("type") == "Sequence":
        for member in [*part.get("pretokenizers", []), *part.get("normalizers", [])]:
            yield from _steps(member)
    else:
        yield part


def size(tokenizer: dict[str, Any]) -> int:
    """One more than the highest id, added tokens included."""
    ids = [*tokenizer["model"]["vocab"].values(), *(token["id"] for token in tokenizer.get("added_tokens", []))]
    return int(max(ids)) + 1
