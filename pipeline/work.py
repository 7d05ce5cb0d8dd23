"""The inside of a child process: read the job, call the stage's function, report.

Started by `pipeline.launch` as `python -P -m pipeline.stage work JOB_FILE`.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.artifact import WORK, Artifact, write_json
from pipeline.config import Leaf, Run
from pipeline.context import Context
from pipeline.errors import MalmoiError, StageFailed
from pipeline.load import build
from pipeline.stages import STAGES
from pipeline.units import ShardDone


def write_job(part: Path, job: dict[str, Any]) -> Path:
    """Each launch has a job file of its own: two shards may start at once."""
    (part / WORK).mkdir(parents=True, exist_ok=True)
    path = part / WORK / f"job-{os.getpid()}.json"
    write_json(path, job)
    return path


def work(job_file: Path) -> int:
    """Run a job, whose file stands in the `.part` folder's work folder, in this process; returns the exit code."""
    channel = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints belongs in the log
    threading.Thread(target=_die_with_parent, daemon=True).start()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name, given in (("RANK", "SLURM_PROCID"), ("LOCAL_RANK", "SLURM_LOCALID")):
        os.environ.setdefault(name, os.environ.get(given, "0"))
    rank = int(os.environ["RANK"])

    def emit(kind: str, **fields: Any) -> None:
        if rank == 0 or kind in ("error", "result"):
            line = json.dumps({"event": kind, **fields}, ensure_ascii=False, default=str) + "\n"
            os.write(channel, line.encode("utf-8", "replace"))

    began = time.monotonic()
    try:
        context, function, section = _open(job_file, rank, emit, stop)
        try:
            metrics = function(section, context)
        except ShardDone:
            metrics = {}
        if rank == 0:
            used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
            measured = {
                "wall_seconds": round(time.monotonic() - began, 3),
                "cpu_seconds": round(sum(one.ru_utime + one.ru_stime for one in used), 3),
                "peak_memory_bytes": max(one.ru_maxrss for one in used) * 1024,
            }
            result = {"metrics": metrics, "counts": context.counts, "provenance": {**measured, **context.provenance}}
            emit("result", **json.loads(json.dumps(result, allow_nan=False)))
        return 0
    except MalmoiError as error:
        emit("error", code=error.code, message=str(error))
        traceback.print_exc()
        return error.code
    except OSError as error:
        traceback.print_exc()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            emit("error", code=StageFailed.code, message=f"the disk is full: {error}")
            return StageFailed.code
        emit("error", code=1, message=f"{type(error).__name__}: {error}")
        return 1
    except BaseException as error:
        traceback.print_exc()
        emit("error", code=1, message=f"{type(error).__name__}: {error}")
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _die_with_parent() -> None:
    """Stdin is a pipe nobody writes to: its end means that the parent is gone."""
    while os.read(0, 4096):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _open(job_file: Path, rank: int, emit: Any, stop: threading.Event) -> tuple[Context, Any, Any]:
    job = json.loads(job_file.read_text(encoding="utf-8"))
    stage = STAGES[job["stage"]]
    leaf = "use" in job["section"]
    section = build(Leaf if leaf else stage.section, job["section"], "job", (job["node"],))
    target = stage.adopt if leaf else stage.function
    assert target is not None
    module, _, name = target.partition(":")
    inputs: dict[str, Any] = {
        key: {node: Artifact(Path(path)) for node, path in value.items()}
        if isinstance(value, dict)
        else Artifact(Path(value))
        for key, value in job["inputs"].items()
    }
    context = Context(
        node=job["node"],
        path=job_file.parent.parent,
        inputs=inputs,
        run=build(Run, job["run"], "job", ("run",)),
        shard=tuple(job["shard"]) if job["shard"] else None,
        rank=rank,
        world=int(os.environ.get("WORLD_SIZE", "1")),
        emit=emit,
        stop_requested=stop.is_set,
    )
    return context, getattr(import_module(module), name), section
