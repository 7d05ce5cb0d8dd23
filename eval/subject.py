"""The model under evaluation: loaded once, on the device the run has, with its padding rows known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.context import Context
from pipeline.errors import ConfigError, InputError
from tokenizer.base import document_ids, load_model

EXTENSION = "extension.json"


@dataclass(frozen=True)
class Subject:
    """The model under evaluation; `vocabulary` is how many of its rows are words, `window` what it looks back on."""

    model: Any
    tokenizer: Any
    prefix: int
    vocabulary: int
    window: int


WINDOW = 1024  # tokens, where neither the section nor the model says less


def load(folder: Path, context: Context, window: int | None) -> Subject:
    """The model in `folder`: fp32 on a CPU, bf16 on CUDA, with `run.threads` threads.

    Raises ConfigError where the device is not there or the window exceeds the model, InputError where the tokenizer
    has ids that the model has no rows for.
    """
    import torch
    from transformers import AutoTokenizer

    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} holds no model: config.json is missing")
    device = device_of(context)
    if context.run.threads is not None:
        torch.set_num_threads(context.run.threads)
    precision = "fp32" if device == "cpu" else "bf16"
    model = load_model(folder, precision).to(device)
    tokenizer = AutoTokenizer.from_pretrained(str(folder.absolute()))
    reach = getattr(model.config, "max_position_embeddings", None)
    if reach is not None and window is not None and window > reach:
        raise ConfigError(f"window: {window} exceeds the {reach} positions of {context.node}'s model")
    rows = int(model.get_output_embeddings().weight.shape[0])
    if len(tokenizer) > rows:
        raise InputError(f"{folder}: the tokenizer has {len(tokenizer)} ids, the model {rows} rows for them")
    vocabulary = words(folder, rows)
    context.provenance.update(device=device, precision=precision, threads=torch.get_num_threads())
    prefix, _ = document_ids(tokenizer)
    return Subject(model, tokenizer, prefix, vocabulary, window or min(WINDOW, reach or WINDOW))


def words(folder: Path, rows: int) -> int:
    """How many of the output matrix's `rows` are words: `extension.json` says where padding begins."""
    path = folder / EXTENSION
    if not path.is_file():
        return rows
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        count = int(found["old_vocabulary"]) + int(found["added"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not say which rows are new: {error!r}") from None
    if not 0 < count <= rows:
        raise InputError(f"{path} speaks of {count} words, the model has {rows} rows")
    return count


def device_of(context: Context) -> str:
    """What `run.device` asks for; ConfigError where it is not there."""
    import torch

    wanted = context.run.device
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise ConfigError("run.device is cuda, and this machine has none")
    return "cuda" if there and wanted != "cpu" else "cpu"
