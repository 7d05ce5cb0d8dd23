"""A plan, and a plan executed: one line per event, one log per node, one rename per artifact."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.artifact import WORK, Artifact, lock, publish, write_json
from pipeline.config import Run
from pipeline.console import Display, say
from pipeline.errors import Cancelled, InputError, Interrupted, MalmoiError
from pipeline.graph import Node, is_leaf
from pipeline.launch import run_job
from pipeline.work import write_job

State = Literal["cached", "resume", "run"]


@dataclass(frozen=True)
class Step:
    """One node of a plan: what will happen to it and why."""

    node: Node
    state: State
    reason: str

    def as_json(self) -> dict[str, str]:
        return {
            "node": self.node.name,
            "fingerprint": self.node.fingerprint,
            "state": self.state,
            "reason": self.reason,
        }


class Records:
    """Where a named run keeps its links, event log and node logs."""

    def __init__(self, run: Run) -> None:
        root = run.folder
        self.links = root / "by-name" / run.name
        self.logs = root / "logs" / run.name
        self.events = self.logs / "events.jsonl"

    def log(self, node: str) -> Path:
        return self.logs / f"{node}.log"

    def write(self, event: dict[str, Any]) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"time": round(time.time(), 3), **event}, ensure_ascii=False) + "\n"
        with self.events.open("ab") as file:
            file.write(line.encode("utf-8", "replace"))

    def link(self, node: Node) -> None:
        """`by-name/<run>/<node>` points to the node's artifact."""
        self.links.mkdir(parents=True, exist_ok=True)
        target = Path("..") / ".." / node.stage.name / node.fingerprint
        path = self.links / node.name
        if path.is_symlink() and path.readlink() == target:
            return
        temporary = self.links / f".{node.name}.{os.getpid()}"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        temporary.replace(path)


def plan(nodes: Sequence[Node], run: Run) -> list[Step]:
    """State and reason of each node, parents before children; no artifact is touched."""
    records = Records(run)
    steps: list[Step] = []
    fresh: set[str] = set()
    for node in nodes:
        for one in (node, *node.parents.values()):
            if one.artifact.exists():
                one.artifact.check()
        step = _judge(node, records, fresh)
        if step.state != "cached":
            fresh.add(node.fingerprint)
        steps.append(step)
    return steps


def _judge(node: Node, records: Records, fresh: set[str]) -> Step:
    if node.artifact.exists():
        stale = _stale_input(node)
        if stale is None:
            return Step(node, "cached", f"built as {node.fingerprint[:12]}")
        return Step(node, "run", stale)
    if _resumable(node):
        return Step(node, "resume", "an earlier run stopped half-way")
    renewed = sorted(name for name, parent in node.parents.items() if parent.fingerprint in fresh)
    why = _why(node, records.links / node.name)
    if why == "not built yet" and renewed:
        why = f"not built yet; its input {' and '.join(renewed[:3])} is to be built"
    return Step(node, "run", why)


def _stale_input(node: Node) -> str | None:
    """Which input was rebuilt with other bytes since `node` was built, if one was."""
    recorded = node.artifact.manifest["inputs"]
    for name, parent in node.parents.items():
        if not parent.artifact.exists() or name not in recorded:
            continue
        if recorded[name]["manifest_sha256"] != parent.artifact.manifest_sha256:
            return f"its input {name} ({parent.name}) was rebuilt with other content"
    return None


def _inputs_now(node: Node) -> dict[str, str]:
    return {name: parent.artifact.manifest_sha256 for name, parent in node.parents.items()}


def _resumable(node: Node) -> bool:
    try:
        recorded = json.loads((node.part / WORK / "inputs.json").read_text(encoding="utf-8"))
        return bool(recorded == _inputs_now(node))
    except (OSError, ValueError, InputError):
        return False


def _why(node: Node, link: Path) -> str:
    """What differs from the artifact this name pointed to before: a key, an input, a version."""
    before = Artifact(link.resolve())
    if not before.exists():
        return "not built yet"
    manifest = before.manifest
    if manifest["fingerprint"] == node.fingerprint:
        return "not built yet"
    if manifest["version"] != node.stage.version:
        return f"{node.stage.name} is version {node.stage.version}, and was {manifest['version']}"
    changes = list(_differences(manifest["section"], node.identity, node.name))
    if changes:
        return "; ".join(changes[:3]) + (f" and {len(changes) - 3} more" if len(changes) > 3 else "")
    old = {name: entry["fingerprint"] for name, entry in manifest["inputs"].items()}
    new = {name: parent.fingerprint for name, parent in node.parents.items()}
    moved = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    shown = ", ".join(moved[:3]) + (f" and {len(moved) - 3} more" if len(moved) > 3 else "")
    return f"its input {shown} changed" if moved else "changed"


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        if set(old) == set(new) == {"sha256"}:
            if old != new:
                yield f"the content of {path} changed"
            return
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}")
    elif old != new:
        yield f"{path} changed from {json.dumps(old, ensure_ascii=False)} to {json.dumps(new, ensure_ascii=False)}"


def execute(steps: Sequence[Step], run: Run, shard: tuple[int, int] | None = None) -> list[dict[str, str]]:
    """Do every step that is not cached, in order; returns a row per node. Raises the first failure."""
    records = Records(run)
    rows = []
    with _stop_signals() as stopping, Display(len(steps)) as display:
        records.write({"event": "run_started", "pid": os.getpid(), "nodes": [step.node.name for step in steps]})
        try:
            for number, step in enumerate(steps, start=1):
                built = _do(step, number, run, records, display, shard, stopping)
                rows.append({**built, "path": str(step.node.artifact.path)})
        except MalmoiError as error:
            if stopping.number == signal.SIGINT and isinstance(error, Interrupted):
                error = Cancelled("cancelled; the same command resumes")
            records.write({"event": "run_failed", "code": error.code, "message": str(error)})
            raise error from None
        records.write({"event": "run_done"})
    return rows


def _do(
    step: Step, number: int, run: Run, records: Records, display: Display, shard: tuple[int, int] | None, stopping: Any
) -> dict[str, str]:
    node = step.node
    if node.artifact.exists() and _stale_input(node) is None:
        records.link(node)
        records.write({"event": "cached", "node": node.name, "fingerprint": node.fingerprint})
        display.cached(node.name, number)
        return {"node": node.name, "fingerprint": node.fingerprint, "state": "cached"}
    missing = [parent.name for parent in node.parents.values() if not parent.artifact.exists()]
    if missing:
        raise InputError(
            f"{node.name} needs {', '.join(dict.fromkeys(missing))}, which is not built yet; run it, or `all`"
        )
    with lock(node.lock, shared=shard is not None) as held:
        if node.artifact.exists() and _stale_input(node) is None:  # another runner was first
            records.link(node)
            return {"node": node.name, "fingerprint": node.fingerprint, "state": "cached"}
        display.node(node.name, number, step.reason)
        records.write(
            {"event": "node_started", "node": node.name, "fingerprint": node.fingerprint, "reason": step.reason}
        )
        try:
            _build(node, run, records, display, shard, held, stopping)
        except MalmoiError as error:
            display.done(f"failed: {error}" if not isinstance(error, Interrupted) else "stopped")
            records.write({"event": "node_failed", "node": node.name, "code": error.code, "message": str(error)})
            raise type(error)(f"{node.name}: {error}") from None
        display.done("shard done" if shard else "built")
        records.write({"event": "node_done", "node": node.name, "fingerprint": node.fingerprint})
    return {"node": node.name, "fingerprint": node.fingerprint, "state": "shard" if shard else "built"}


def _build(
    node: Node, run: Run, records: Records, display: Display, shard: tuple[int, int] | None, held: int, stopping: Any
) -> None:
    """Prepare the part, run the stage's processes, publish."""
    inputs = {
        name: {key: str(one.artifact.path) for key, one in value.items()}
        if isinstance(value, dict)
        else str(value.artifact.path)
        for name, value in node.inputs.items()
    }
    with lock(node.lock.with_suffix(".prepare")):  # two shards may start at once
        if not _resumable(node):
            shutil.rmtree(node.part, ignore_errors=True)
            (node.part / WORK).mkdir(parents=True)
            write_json(node.part / WORK / "inputs.json", _inputs_now(node))
    job = {
        "node": node.name,
        "stage": node.stage.name,
        "section": node.section.model_dump(mode="json", exclude_unset=is_leaf(node)),
        "inputs": inputs,
        "run": {**run.model_dump(mode="json"), "root": str(node.root)},
        "shard": list(shard) if shard else None,
    }
    job_file = write_job(node.part, job)

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            display.progress(event["done"], event["total"], event["unit"])
        elif event["event"] == "warning":
            say(f"malmoi: {node.name}: {event['message']}")
        records.write({**event, "node": node.name})

    ranks = run.world if node.stage.ranks else 1
    result = run_job(job_file, run, ranks, records.log(node.name), held, report, lambda: stopping.number is not None)
    if shard is None:
        publish(node.part, node.artifact.path, _manifest(node, result))
        records.link(node)


def _manifest(node: Node, result: dict[str, Any]) -> dict[str, Any]:
    import platform

    return {
        "stage": node.stage.name,
        "version": node.stage.version,
        "fingerprint": node.fingerprint,
        "section": node.identity,
        "inputs": {
            name: {"fingerprint": parent.fingerprint, "manifest_sha256": parent.artifact.manifest_sha256}
            for name, parent in node.parents.items()
        },
        "counts": result["counts"],
        "metrics": result["metrics"],
        "provenance": {
            "built_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "host": platform.node(),
            "python": platform.python_version(),
            "packages": _versions(),
            **result["provenance"],
        },
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in (
        "malmoi",
        "torch",
        "transformers",
        "tokenizers",
        "datasets",
        "deepspeed",
        "peft",
        "datatrove",
        "kiwipiepy",
    ):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


class _Stop:
    number: int | None = None


@contextmanager
def _stop_signals() -> Iterator[_Stop]:
    """Note SIGTERM, SIGUSR1 and Ctrl-C instead of dying of them; a second Ctrl-C is the ordinary one."""
    stop = _Stop()

    def note(number: int, frame: Any) -> None:
        if stop.number == signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.number = number

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
