"""The vocabulary sections are written in: closed pydantic models, inputs, content paths, and the `run:` section.

A section is a node's identity: every field enters its fingerprint. `run:` is circumstance and never does. The
loader that turns a YAML file into sections is `pipeline.load`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Closed(BaseModel):
    """A mapping with no unknown keys, no coercion of types, and no change after it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


class Section(Closed):
    """One node's identity. Subclasses live in `<package>/config.py`."""

    def check(self, run: Run) -> None:
        """Raise ConfigError where the section and the circumstances cannot go together."""


@dataclass(frozen=True)
class Input:
    """Marks a field that names another node, of one of `kinds`.

    `default` lists stages in order of preference, used when the field is absent; "*" takes every other node.
    `many` inputs arrive as a mapping of node name to artifact. `each` makes one node per named input. `fits` names
    the model field whose tokenizer a default of tokens must share; where no such node is, one is derived.
    """

    kinds: tuple[str, ...]
    default: tuple[str, ...] = ()
    required: bool = True
    many: bool = False
    each: bool = False
    fits: str | None = None


@dataclass(frozen=True)
class Content:
    """Marks a path (file, folder or glob) whose content, not whose name, enters the fingerprint."""


@dataclass(frozen=True)
class Reference:
    """Marks a local path, or a Hub id `org/name[@revision]` that is resolved to a commit of a `repo` of that type."""

    repo: Literal["model", "dataset"] = "model"


ContentPath = Annotated[str, Content()]
ModelReference = Annotated[str, Reference()]
DatasetReference = Annotated[str, Reference("dataset")]


class Leaf(Section):
    """`{use: PATH}` or `{use: org/name@commit}`: the user's own thing in the place of a node.

    `lang`, `license` and `source` describe documents that do not say it themselves.
    """

    use: ModelReference
    lang: str | None = Field(None, pattern=r"^[a-z][a-z0-9-]*$")
    license: str = "unknown"
    source: str = Field("own", pattern=r"^[a-z0-9][a-z0-9_-]*$")


class Wandb(Closed):
    """Weights & Biases: offline unless told otherwise; credentials come from the environment."""

    mode: Literal["offline", "online", "disabled"] = "offline"
    project: str = "malmoi"
    entity: str | None = None


class Run(Closed):
    """Circumstance: how and where, never what. No field here can change a fingerprint."""

    root: str = Field("runs", description="folder of artifacts, logs and caches")
    name: str = Field("default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="name of the by-name links")
    launcher: Literal["local", "slurm"] = "local"
    workers: int = Field(default_factory=lambda: max(1, len(os.sched_getaffinity(0))), ge=1)
    world: int = Field(1, ge=1, description="training processes (ranks)")
    threads: int | None = Field(None, ge=1, description="threads per process for torch; default: cores / world")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    zero: Literal[0, 1, 2, 3] = 0
    offload: Literal["none", "cpu"] = "none"
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    micro_batch: int = Field(1, ge=1, description="sequences per rank per forward pass")
    host_rate: float = Field(5.0, gt=0, description="requests a second to one host of Common Crawl and of path lists")
    grace: float = Field(60.0, gt=0, description="seconds a stage may take to stop after SIGTERM")
    wandb: Wandb = Wandb()

    @property
    def folder(self) -> Path:
        """`root` as an absolute path; RuntimeError where `~name` names no user."""
        return Path(self.root).expanduser().absolute()


def field_mark(info: Any, kind: type) -> Any:
    """The annotation of class `kind` on a pydantic field, or None."""
    return next((mark for mark in info.metadata if isinstance(mark, kind)), None)
