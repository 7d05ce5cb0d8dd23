"""A user's own model in the place of a stage: `{use: FOLDER}` or `{use: org/name@commit}`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.artifact import files_below
from pipeline.config import Leaf
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer.base import located, save_tokenizer
from tokenizer.bpe import size
from tokenizer.embed import EMBEDDING, check_index, read_json, rows, shapes, weights
from tokenizer.folder import folder_tokenizer

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
REWRITTEN = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def adopt(section: Leaf, context: Context) -> dict[str, Any]:
    """Link a Hub-shaped folder's files below `model/`, weights uncopied; raises InputError for what is missing.

    The tokenizer's files are written anew with the same ids, as a class that does not rebuild the pipeline on loading.
    """
    path = located(section.use, context)
    if (path / "model" / "config.json").is_file():
        path = path / "model"
    if not (path / "config.json").is_file():
        raise InputError(f"{path} has no config.json; a model folder has config.json, tokenizer.json and safetensors")
    if not any((path / weights).is_file() for weights in WEIGHTS):
        raise InputError(f"{path} has no {' or '.join(WEIGHTS)}; use base: {{source: ...}} to convert other formats")
    tokenizer, settings = folder_tokenizer(path)
    _sound(path, size(tokenizer))
    folder = context.fresh("model")
    for file in files_below(path):
        target = folder / file.relative_to(path)
        if target.name not in REWRITTEN:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file.resolve())
    save_tokenizer(tokenizer, settings, folder)
    return {"license": section.license}


def _sound(path: Path, ids: int) -> None:
    """Raise InputError, naming the user's file, where config, weights and so many ids cannot be one model."""
    config = read_json(path / "config.json")
    check_index(path)
    count = rows(path)
    width = next(found[EMBEDDING][1] for found in map(shapes, weights(path)) if EMBEDDING in found)
    if config.get("hidden_size", width) != width:
        raise InputError(f"{path / 'config.json'} says hidden_size {config['hidden_size']}, {EMBEDDING} has {width}")
    if ids > count:
        raise InputError(f"{path}: the tokenizer has {ids} ids, {EMBEDDING} {count} rows")
