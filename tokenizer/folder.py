"""The tokenizer of a Hub-shaped folder: tokenizer.json, or a SentencePiece file, and what stands beside it.

Beside it are names of special tokens and, in older folders, tokens and ids that tokenizer.json does not hold. A loader
adds those when it loads; here they are written into the one file, so that no id depends on the loader.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import InputError, first_line
from tokenizer.bpe import read_tokenizer
from tokenizer.convert import from_sentencepiece, special_tokens
from tokenizer.embed import read_json

SPECIAL = (
    "bos_token", "eos_token", "unk_token", "pad_token", "additional_special_tokens", "extra_special_tokens",
)  # fmt: skip
KEPT_SETTINGS = (*SPECIAL, "model_max_length", "padding_side", "clean_up_tokenization_spaces", "chat_template")


def folder_tokenizer(source: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A folder's tokenizer.json (converted from SentencePiece where there is none) and the settings that go with it."""
    settings = tokenizer_settings(source)
    if (source / "tokenizer.json").is_file():
        return with_named(read_tokenizer(source / "tokenizer.json"), settings, source), settings
    if (source / "tokenizer.model").is_file():
        settings = {**special_tokens(source / "tokenizer.model"), **settings}
        return with_named(from_sentencepiece(source / "tokenizer.model"), settings, source), settings
    raise InputError(f"{source} has neither tokenizer.json nor a SentencePiece tokenizer.model")


def tokenizer_settings(source: Path) -> dict[str, Any]:
    """Of tokenizer_config.json, and of special_tokens_map.json below it, what neither names a class nor rebuilds."""
    named = {key: _content(value) for key, value in _given(source, "special_tokens_map.json").items()}
    given = named | {key: value for key, value in _given(source, "tokenizer_config.json").items() if value is not None}
    return {key: given[key] for key in KEPT_SETTINGS if given.get(key) is not None}


def with_named(tokenizer: dict[str, Any], settings: dict[str, Any], source: Path) -> dict[str, Any]:
    """The tokenizer with the tokens that only the files beside it name, at the ids that a loader gives them.

    Raises InputError where an id is another token's, or none is given.
    """
    vocabulary = dict(tokenizer["model"]["vocab"])
    ids = {token["content"]: token["id"] for token in tokenizer.get("added_tokens", [])} | vocabulary
    decoder = _given(source, "tokenizer_config.json").get("added_tokens_decoder") or {}
    special = {str(one) for key, value in settings.items() if key in SPECIAL for one in _listed(value) if one}
    given = {token["content"]: token for token in decoder.values()}
    holders = {number: token for token, number in ids.items()}
    added = []
    for token, number in sorted(_named_ids(source, decoder, special, {*ids}).items(), key=lambda pair: pair[1]):
        if holders.setdefault(number, token) != token:
            raise InputError(f"{source} gives {token!r} the id {number}, which is that of {holders[number]!r}")
        kind = {"special": token in special, **given.get(token, {})}
        flags = {name: bool(kind.get(name, False)) for name in ("single_word", "lstrip", "rstrip", "special")}
        flags["normalized"] = bool(kind.get("normalized", not flags["special"]))
        added.append({"id": number, "content": token, **flags})
    if not added:
        return tokenizer
    listed = sorted([*tokenizer.get("added_tokens", []), *added], key=lambda token: int(token["id"]))
    for token in listed:  # one that is in no vocabulary is renumbered behind it when loaded
        vocabulary.setdefault(token["content"], token["id"])
    return {**tokenizer, "model": {**tokenizer["model"], "vocab": vocabulary}, "added_tokens": listed}


def _named_ids(source: Path, decoder: dict[str, Any], special: set[str], known: set[str]) -> dict[str, int]:
    """Token -> id, of those not known: as the files say, and of special tokens without one as transformers does."""
    said = {**_given(source, "added_tokens.json"), **{token["content"]: number for number, token in decoder.items()}}
    found = {token: int(number) for token, number in said.items() if token not in known}
    if nameless := special - known - {*found}:
        loaded = _loaded_ids(source)
        if lacking := sorted(nameless - {*loaded}):
            raise InputError(f"{source} names {lacking[0]!r} as a special token, and no id for it")
        found |= {token: loaded[token] for token in nameless}
    return found


def _loaded_ids(source: Path) -> dict[str, int]:
    from transformers import AutoTokenizer

    try:
        return dict(AutoTokenizer.from_pretrained(str(source.absolute()), local_files_only=True).get_vocab())
    except Exception as error:  # whatever its many classes raise
        raise InputError(f"{source}: its tokenizer cannot be loaded: {first_line(error)}") from None


def _given(source: Path, name: str) -> dict[str, Any]:
    return read_json(source / name) if (source / name).is_file() else {}


def _listed(value: Any) -> list[Any]:
    """The tokens of a setting: one, a list, or a mapping of names to them."""
    content = _content(value)
    if isinstance(content, dict):
        return [_content(one) for one in content.values()]
    return content if isinstance(content, list) else [content]


def _content(value: Any) -> Any:
    """A token that is written as a mapping of its flags, as its text."""
    if isinstance(value, list):
        return [_content(one) for one in value]
    return value["content"] if isinstance(value, dict) and "content" in value else value
