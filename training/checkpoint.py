"""Checkpoints that are whole or absent, in the artifact's work folder, where only this run writes.

A checkpoint is a folder: the engine's own files, the new rows with their moments, the log up to that step, and
`checkpoint.json`, written last, with the hash of every file. It is built under another name and renamed, so a kill at
any moment leaves the one before. DeepSpeed's files are pickles and would run code, therefore nothing is loaded whose
hash the marker does not hold, nor a checkpoint of another section or other inputs.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifact import file_sha256, files_below, sync_folder, write_json
from pipeline.context import Context
from pipeline.errors import ConfigError
from training.engine import barrier

if TYPE_CHECKING:
    import torch

    from training.freeze import RowAdam

MARKER = "checkpoint.json"
ENGINE = "engine"
ROWS = "rows.safetensors"
LOG = "log.jsonl"
KEPT = 2


class Checkpoints:
    """The checkpoints of one run. Every method is called by all ranks together.

    `identity` says what is trained on what; `layout` (ZeRO stage, and with ZeRO the world) how the state is cut.
    """

    def __init__(self, context: Context, identity: str, layout: dict[str, Any]) -> None:
        self._context = context
        self._identity = identity
        self._layout = layout
        self._folder = context.work / "checkpoints"

    def save(self, step: int, engine: Any, rows: RowAdam | None, log: str) -> None:
        """Write the state after `step` steps and remove all but the last two."""
        final = self._folder / f"step-{step:08d}"
        building = self._folder / f"{final.name}.tmp"
        if self._context.rank == 0:
            shutil.rmtree(building, ignore_errors=True)
            building.mkdir(parents=True)
        barrier()
        engine.save_checkpoint(str(building), tag=ENGINE, save_latest=False)
        barrier()
        if self._context.rank == 0:
            self._seal(building, step, rows, log)
            if final.exists():  # an older try whose files were refused
                shutil.rmtree(final)
            building.rename(final)
            sync_folder(self._folder)
            for old in self._found()[KEPT:]:
                shutil.rmtree(old)
        barrier()

    def _seal(self, building: Path, step: int, rows: RowAdam | None, log: str) -> None:
        from safetensors.torch import save_file

        if rows is not None:
            save_file({name: tensor.cpu().contiguous() for name, tensor in rows.state().items()}, building / ROWS)
        (building / LOG).write_text(log, encoding="utf-8")
        hashes = {}
        for path in files_below(building):
            with path.open("rb") as file:
                os.fsync(file.fileno())
            hashes[str(path.relative_to(building))] = file_sha256(path)
        write_json(
            building / MARKER,
            {"identity": self._identity, "layout": self._layout, "step": step, "files": hashes},
        )

    def resume(self, engine: Any, rows: RowAdam | None, device: torch.device) -> tuple[int, str]:
        """Load the newest whole checkpoint; returns the steps that it holds and their log, or (0, "").

        Raises ConfigError where that checkpoint was written with another ZeRO stage or world size.
        """
        import torch
        import torch.distributed as dist

        step = torch.tensor([self._newest() if self._context.rank == 0 else 0], device=device)
        if self._context.world > 1:
            dist.broadcast(step, 0)
        done = int(step.item())
        if not done:
            return 0, ""
        folder = self._folder / f"step-{done:08d}"
        layout = json.loads((folder / MARKER).read_text(encoding="utf-8"))["layout"]
        if layout != self._layout:
            raise ConfigError(
                f"the checkpoint after {done} steps was written with {layout}, this run has {self._layout}: "
                f"run it as before, or remove {self._folder} to start again"
            )
        engine.load_checkpoint(str(folder), tag=ENGINE, load_lr_scheduler_states=False)
        if rows is not None:
            from safetensors.torch import load_file

            rows.load(load_file(folder / ROWS, device=str(device)))
        return done, (folder / LOG).read_text(encoding="utf-8")

    def _found(self) -> list[Path]:
        """Finished checkpoints, the newest first."""
        return sorted(
            (path for path in self._folder.glob("step-*") if path.suffix != ".tmp" and (path / MARKER).is_file()),
            reverse=True,
        )

    def _newest(self) -> int:
        for left in self._folder.glob("*.tmp"):
            shutil.rmtree(left, ignore_errors=True)
        for folder in self._found():
            reason = self._refused(folder)
            if reason is None:
                return int(folder.name.removeprefix("step-"))
            self._context.event("checkpoint_refused", checkpoint=folder.name, reason=reason)
        return 0

    def _refused(self, folder: Path) -> str | None:
        """Why a checkpoint is not loaded, or None."""
        try:
            marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
            wanted = dict(marker["files"])
            if marker["identity"] != self._identity:
                return "it belongs to another section or other inputs"
            if f"step-{marker['step']:08d}" != folder.name:
                return f"it says step {marker['step']}"
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"its marker cannot be read: {error}"
        found = {str(path.relative_to(folder)) for path in files_below(folder)} - {MARKER}
        if found != set(wanted):
            return f"its files are not those that were written: {', '.join(sorted(found ^ set(wanted)))}"
        changed = [name for name, sha in wanted.items() if file_sha256(folder / name) != sha]
        return f"{changed[0]} was changed" if changed else None
