"""The trained weights as a plain model folder, and the proof of what did not move."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tokenizer.base import SHARD
from tokenizer.embed import EMBEDDING, HEAD, read_json, shapes, weights

if TYPE_CHECKING:
    import torch

    from training.freeze import RowAdam
    from training.split import Split

DTYPES = {"fp32": "float32", "bf16": "bfloat16"}
REWRITTEN = ("config.json", "model.safetensors.index.json", "pytorch_model.bin.index.json")


def whole_state(module: Split, zero: int, rank: int) -> dict[str, torch.Tensor]:
    """Every tensor under its transformers name, rows joined, on CPU: on rank 0, elsewhere an empty mapping.

    All ranks call it: ZeRO-3 gathers one parameter at a time.
    """
    import torch

    found: dict[str, torch.Tensor] = {}
    for name, parameter in module.named_parameters(remove_duplicate=True):
        with _gathered(parameter, zero):
            if rank == 0:
                found[name] = parameter.detach().cpu().clone()
    for name, buffer in module.body.named_buffers():
        if rank == 0 and name in module.body.state_dict():
            found[f"body.{name}"] = buffer.detach().cpu().clone()
    if rank:
        return {}
    state = {f"model.{name.removeprefix('body.')}": tensor for name, tensor in found.items() if name != "head.weight"}
    if not module.tied:
        state[HEAD] = found["head.weight"]
    for number, name in enumerate([EMBEDDING] if module.tied else [EMBEDDING, HEAD]):
        old = state[name]
        parts = [old, module.padding[number].to(old)]
        if module.rows is not None:
            parts.insert(1, module.rows.matrices()[number].detach().to(old))
        state[name] = torch.cat(parts)
    return state


def _gathered(parameter: Any, zero: int) -> Any:
    import contextlib

    if zero < 3:
        return contextlib.nullcontext()
    import deepspeed

    return deepspeed.zero.GatheredParameters([parameter])


def write_model(state: dict[str, torch.Tensor], source: Path, target: Path, precision: Literal["fp32", "bf16"]) -> None:
    """Write weights into the empty folder `target`, and every other file of `source` as it is."""
    from huggingface_hub import save_torch_state_dict

    save_torch_state_dict(state, target, max_shard_size=SHARD)
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix not in (".safetensors", ".bin") and path.name not in REWRITTEN:
            shutil.copyfile(path, target / path.name)
    config = read_json(source / "config.json")
    if config.get("dtype", config.get("torch_dtype")) == DTYPES[precision]:
        shutil.copyfile(source / "config.json", target / "config.json")
    else:
        config.pop("torch_dtype", None)
        text = json.dumps({**config, "dtype": DTYPES[precision]}, ensure_ascii=False, indent=2, sort_keys=True)
        (target / "config.json").write_text(text + "\n", encoding="utf-8")
    for path in target.glob("*.safetensors"):
        shutil.copymode(target / "config.json", path)  # safetensors writes for the owner alone


def proof(state: dict[str, torch.Tensor], source: Path, first: int, rows: RowAdam | None) -> dict[str, int]:
    """How many rows of the saved matrices differ in any bit from the model that training began with.

    A row counts once where it changed in the input or the output matrix. `unseen` rows were in no batch.
    """
    import torch

    from training.freeze import changed_rows

    changed = torch.zeros(len(state[EMBEDDING]), dtype=torch.bool)
    for name in (EMBEDDING, HEAD):
        if name in state:
            changed |= changed_rows(_read(source, name).to(state[name].dtype), state[name])
    seen = torch.zeros(len(changed) - first, dtype=torch.bool)
    if rows is not None:
        seen[: len(rows.clock)] = rows.clock.cpu() > 0
    new = changed[first:]
    return {
        "old_rows": first,
        "old_rows_changed": int(changed[:first].sum()),
        "new_rows": 0 if rows is None else len(rows.clock),
        "new_rows_changed": int(new.sum()),
        "new_rows_unseen": 0 if rows is None else int((rows.clock == 0).sum()),
        "unseen_rows_changed": int((new & ~seen).sum()),
    }


def _read(source: Path, name: str) -> torch.Tensor:
    from safetensors import safe_open

    path = next((path for path in weights(source) if name in shapes(path)), None)
    assert path is not None, f"{source} has no {name}"
    with safe_open(path, "pt") as file:
        return file.get_tensor(name)  # type: ignore[no-any-return]
