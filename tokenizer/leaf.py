"""A user's own model in the place of a stage: `{use: FOLDER}` or `{use: org/name@commit}`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.artifact import files_below
from pipeline.config import Leaf
from pipeline.context import Context
from pipeline.errors import InputError

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


def adopt(section: Leaf, context: Context) -> dict[str, Any]:
    """Link a Hub-shaped folder's files below `model/`; nothing is copied. Raises InputError for what is missing."""
    path = Path(section.use).expanduser()
    if not path.exists():
        from huggingface_hub import snapshot_download

        name, _, commit = section.use.partition("@")
        path = Path(snapshot_download(name, revision=commit))
    if (path / "model").is_dir() and not (path / "config.json").exists():
        path = path / "model"
    for needed in ("config.json", "tokenizer.json"):
        if not (path / needed).is_file():
            raise InputError(f"{path} has no {needed}; a model folder has config.json, tokenizer.json and safetensors")
    if not any((path / weights).is_file() for weights in WEIGHTS):
        raise InputError(f"{path} has no {' or '.join(WEIGHTS)}; use base: {{source: ...}} to convert other formats")
    folder = context.fresh("model")
    for file in files_below(path):
        target = folder / file.relative_to(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(file.absolute())
    return {"license": section.license}
