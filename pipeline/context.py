"""What a stage function is given: its folder, its inputs, the circumstances, and a way to report and to stop."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.artifact import WORK, Artifact
from pipeline.config import Run
from pipeline.errors import Interrupted, MalmoiError


def _silent(kind: str, **fields: Any) -> None:
    pass


@dataclass
class Context:
    """Handed to `run(section, context) -> metrics`.

    `path` is the `.part` folder: everything in it is published, but for `work` (units, checkpoints), which is
    removed. `counts` and the returned metrics must be the same for the same identity; times, memory and host
    names go to `provenance`.
    """

    node: str
    path: Path
    inputs: Mapping[str, Any]
    run: Run
    shard: tuple[int, int] | None = None
    rank: int = 0
    world: int = 1
    emit: Callable[..., None] = _silent
    stop_requested: Callable[[], bool] = lambda: False
    counts: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """Scratch that survives a kill and is gone from the published artifact."""
        folder = self.path / WORK
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def cache(self) -> Path:
        """Where libraries may keep what they download or compile; below the root, outside every artifact."""
        folder = self.run.folder / "cache"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def artifact(self, name: str) -> Artifact:
        """The single input called `name`."""
        found = self.inputs.get(name)
        if not isinstance(found, Artifact):
            raise MalmoiError(f"{self.node} has no single input '{name}'")
        return found

    def artifacts(self, name: str) -> dict[str, Artifact]:
        """The inputs of a `many` field, by node name."""
        return dict(self.inputs.get(name) or {})

    def event(self, kind: str, **fields: Any) -> None:
        """One line of `events.jsonl`; fields must be JSON. The `message` of a "warning" is shown to the user."""
        self.emit(kind, **fields)

    def progress(self, done: float, total: float | None, unit: str) -> None:
        """How far the stage is, for the display and for `status`."""
        self.emit("progress", done=done, total=total, unit=unit)

    def stop_if_asked(self) -> None:
        """Raise Interrupted after SIGTERM, SIGUSR1 or Ctrl-C; call between pieces of work."""
        if self.stop_requested():
            raise Interrupted(f"{self.node} was asked to stop; the same command resumes it")

    def each_unit(self, units: Sequence[Any], work: Callable[[Any, Path], None], name: str = "units") -> list[Path]:
        """Do `work(unit, folder)` for every unit that is not done, in `run.workers` processes.

        `units` are fixed by the input, in input order. `work` is picklable (a module-level function or a partial of
        one) and writes into `folder`, which is renamed when it returns. With a shard only the units u with
        u mod n = i are done and `ShardDone` is raised, so that nothing after the call runs: a second round, which
        needs the first one whole, has another `name` and is done in the run without a shard.
        Returns the units' folders, in order.
        """
        from pipeline.units import do_units

        return do_units(self, units, work, name)

    def fresh(self, name: str) -> Path:
        """An empty folder `name` in the artifact, whatever an earlier, killed try left there."""
        folder = self.path / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder
