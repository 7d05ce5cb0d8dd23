"""Weights & Biases: offline unless told otherwise, its files below the run's root, and never a reason to fail."""

from __future__ import annotations

import os
from typing import Any

from pipeline.artifact import digest
from pipeline.context import Context


class Tracker:
    """A run on W&B, or silence: on other ranks, when disabled, and after the first error.

    `run.wandb.mode` decides; WANDB_MODE=disabled in the environment switches it off whatever the configuration says.
    """

    def __init__(self, context: Context, settings: dict[str, Any]) -> None:
        self._context = context
        self._run: Any = None
        chosen = context.run.wandb
        mode = "disabled" if os.environ.get("WANDB_MODE", "").lower() == "disabled" else chosen.mode
        if context.rank or mode == "disabled":
            return
        folder = context.cache / "wandb"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            import wandb

            self._run = wandb.init(
                project=chosen.project,
                entity=chosen.entity,
                name=context.node,
                id=digest(str(context.path.absolute()))[:16],  # a resumed run goes on under its own name
                resume="allow" if mode == "online" else None,
                mode=mode,
                dir=str(folder),
                config=settings,
                settings=wandb.Settings(silent=True, console="off", disable_git=True, x_disable_stats=True),
            )
        except Exception as error:  # no network, no key, a full disk: training goes on
            self._silence(error)

    def log(self, step: int, **figures: Any) -> None:
        """Figures of a step; nested mappings become `loss/ko` and the like."""
        if self._run is None:
            return
        flat: dict[str, float] = {}
        for name, value in figures.items():
            if isinstance(value, dict):
                flat |= {f"{name}/{key}": float(one) for key, one in value.items()}
            elif isinstance(value, (int, float)):
                flat[name] = float(value)
        try:
            self._run.log(flat, step=step)
        except Exception as error:
            self._silence(error)

    def finish(self) -> None:
        if self._run is None:
            return
        try:
            self._run.finish()
        except Exception as error:
            self._silence(error)
        self._run = None

    def _silence(self, error: Exception) -> None:
        self._run = None
        reason = str(error).strip().splitlines()
        self._context.event("wandb_off", reason=reason[0] if reason else type(error).__name__)
