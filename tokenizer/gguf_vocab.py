"""A GGUF file with the vocabulary of a model folder and no tensors, as llama.cpp loads it with `vocab_only`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from tokenizer.bpe import METASPACE, read_tokenizer, spelling
from tokenizer.convert import BYTE, CONTROL, NORMAL, PRE_TOKENIZERS, UNKNOWN, UNUSED, USER_DEFINED
from tokenizer.embed import read_json
from tokenizer.merges import RESERVED, merges_of, sentencepiece_scores

MISSING = "[PAD{}]"  # llama.cpp's converter names ids without a token so


def write_vocabulary(folder: Path, shape: Path, target: Path) -> None:
    """Write the vocabulary of the tokenizer in `folder`, with the model's shape from the config.json of `shape`.

    Raises InputError for a pre-tokenizer that llama.cpp has no name for here, or a metaspace BPE whose merges do not
    follow from scores: its format could not say what they are.
    """
    from gguf import GGUFWriter

    tokenizer = read_tokenizer(folder / "tokenizer.json")
    config = read_json(shape / "config.json")
    kind = spelling(tokenizer, folder / "tokenizer.json").kind
    names = {number: token for token, number in tokenizer["model"]["vocab"].items()}
    names.update({token["id"]: token["content"] for token in tokenizer.get("added_tokens", [])})
    count = max(int(config["vocab_size"]), max(names) + 1)
    tokens = [names.get(number, MISSING.format(number)) for number in range(count)]
    writer = GGUFWriter(str(target), "llama")
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(int(config["num_attention_heads"]))
    writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
    writer.add_vocab_size(count)
    writer.add_token_list(tokens)
    writer.add_token_types(_types(tokenizer, tokens, names, kind == "metaspace"))
    if kind == "metaspace":
        ranks = {merge: rank for rank, merge in enumerate(merges_of(tokenizer))}
        scores = sentencepiece_scores(ranks, tokenizer["model"]["vocab"], tokenizer)
        if scores is None:
            raise InputError(f"{folder}: its merges do not follow from scores, and GGUF holds only those")
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_scores([-float(scores.get(token, 0)) for token in tokens])
        writer.add_add_space_prefix(_prefix(tokenizer))
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre_name(tokenizer, folder))
        writer.add_token_merges([" ".join(merge) for merge in merges_of(tokenizer)])
    writer.add_add_bos_token(False)
    settings = read_json(folder / "tokenizer_config.json")
    ids = {token: number for number, token in enumerate(tokens)}
    for key, add in (("bos_token", writer.add_bos_token_id), ("eos_token", writer.add_eos_token_id)):
        name = settings.get(key)
        name = name["content"] if isinstance(name, dict) else name
        add(ids.get(name or "", 0))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def pre_name(tokenizer: dict[str, Any], folder: Path) -> str:
    """llama.cpp's name of a byte-level BPE's pre-tokenizer."""
    given = tokenizer["pre_tokenizer"]
    steps = given["pretokenizers"] if given["type"] == "Sequence" else [given]
    for name, known in PRE_TOKENIZERS.items():
        if [_essence(step) for step in steps] == [_essence(step) for step in known]:
            return name
    raise InputError(f"{folder}: llama.cpp's name of its pre-tokenizer is not known")


def _essence(step: dict[str, Any]) -> dict[str, Any]:
    """A pre-tokenizer's step less what only moves offsets."""
    return {key: value for key, value in step.items() if key != "trim_offsets"}


def _types(tokenizer: dict[str, Any], tokens: list[str], names: dict[int, str], fallback: bool) -> list[int]:
    types = [NORMAL if number in names else UNUSED for number in range(len(tokens))]
    reserved = RESERVED.partition("{}")[0]
    for number, token in enumerate(tokens):
        if token.startswith(reserved):
            types[number] = UNUSED
        elif fallback and len(token) == 6 and token.startswith("<0x"):
            types[number] = BYTE
    for token in tokenizer.get("added_tokens", []):
        types[token["id"]] = CONTROL if token["special"] else USER_DEFINED
        if token["content"] == tokenizer["model"].get("unk_token"):
            types[token["id"]] = UNKNOWN
    return types


def _prefix(tokenizer: dict[str, Any]) -> bool:
    """Whether a metaspace BPE puts a space before the text, by whatever step it does so."""
    from tokenizers import Tokenizer

    found = Tokenizer.from_str(json.dumps(tokenizer)).encode("a", add_special_tokens=False)
    return bool(found.tokens[0].startswith(METASPACE))
