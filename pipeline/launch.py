"""Start a stage's processes (ranks), relay what they report, and never let them outlive us.

A child gets only the path of a job file in the `.part` folder: it neither plans, locks nor publishes. Its stdout
carries events as JSON lines, its stderr goes to the node's log, and the end of its stdin means that the parent is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.config import Run
from pipeline.errors import BY_CODE, ConfigError, Interrupted, MalmoiError

Report = Callable[[dict[str, Any]], None]


def run_job(
    job: Path, run: Run, ranks: int, log: Path, held: int, report: Report, stopping: Callable[[], bool]
) -> dict[str, Any]:
    """Run the stage described by the file `job` on `ranks` processes; returns rank 0's result.

    `held` is the lock's file descriptor: a child keeps it, so the lock outlives a killed parent just as long as the
    child does. Raises the error the child reported, MalmoiError for a crash, Interrupted after a stop.
    """
    children: list[subprocess.Popen[bytes]] = []
    lines: queue.Queue[tuple[int, bytes | None]] = queue.Queue()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stderr:
        try:
            for command, environment in _commands(job, run, ranks):
                child = subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    start_new_session=True,
                    pass_fds=(held,),
                )
                children.append(child)
                assert child.stdout is not None
                threading.Thread(target=_read, args=(len(children) - 1, child.stdout, lines), daemon=True).start()
            return _relay(children, lines, run, log, report, stopping)
        finally:
            for child in children:
                _kill(child)


def _read(number: int, stream: BinaryIO, lines: queue.Queue[tuple[int, bytes | None]]) -> None:
    for line in stream:
        lines.put((number, line))
    lines.put((number, None))


def _relay(
    children: list[subprocess.Popen[bytes]],
    lines: queue.Queue[tuple[int, bytes | None]],
    run: Run,
    log: Path,
    report: Report,
    stopping: Callable[[], bool],
) -> dict[str, Any]:
    result: dict[str, Any] | None = None
    failure: MalmoiError | None = None
    open_streams = len(children)
    deadline: float | None = None
    while open_streams:
        if deadline is None and (stopping() or failure is not None):
            deadline = time.monotonic() + (run.grace if failure is None else 10.0)
            for child in children:
                _signal(child, signal.SIGUSR1)  # srun turns SIGTERM into SIGKILL of its tasks
        if deadline is not None and time.monotonic() > deadline:
            break
        try:
            number, line = lines.get(timeout=0.2)
        except queue.Empty:
            continue
        if line is None:
            open_streams -= 1
            code = children[number].wait()
            if code != 0 and failure is None and not stopping():
                failure = _crash(code, log)
            continue
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, KeyError, TypeError):
            continue
        if kind == "result":
            result = event if result is None else result
        elif kind == "error" and failure is None:
            failure = BY_CODE.get(event["code"], MalmoiError)(event["message"])
        elif kind != "error":
            report(event)
    if (failure is not None and not isinstance(failure, Interrupted)) or (failure is not None and not stopping()):
        raise failure
    if result is None:
        raise Interrupted("stopped; the same command resumes")
    return result


def _crash(code: int, log: Path) -> MalmoiError:
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return MalmoiError(f"the stage's process ended with {name}; see {log}")


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    if child.poll() is None:
        child.send_signal(number)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child and every process it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()


def _commands(job: Path, run: Run, ranks: int) -> list[tuple[list[str], dict[str, str]]]:
    """The command and environment of each process to start: one per rank here, one `srun` for all on Slurm."""
    work = [sys.executable, "-P", "-m", "pipeline.stage", "work", str(job)]
    environment = _environment(run, ranks)
    if ranks == 1:
        return [(work, {**environment, "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"})]
    if run.launcher == "slurm":
        if "SLURM_JOB_ID" not in os.environ:
            raise ConfigError("run.launcher is slurm, and this is no Slurm job (SLURM_JOB_ID is not set)")
        nodes = os.environ.get("SLURM_JOB_NODELIST", "")
        shared = {"WORLD_SIZE": str(ranks), "MASTER_ADDR": _first_host(nodes), "MASTER_PORT": str(_slurm_port())}
        return [
            (["srun", f"--ntasks={ranks}", "--kill-on-bad-exit=1", "--input=all", *work], {**environment, **shared})
        ]
    shared = {"WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    return [(work, {**environment, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)}) for rank in range(ranks)]


def _environment(run: Run, ranks: int) -> dict[str, str]:
    root = run.folder
    cores = int(os.environ.get("SLURM_CPUS_PER_TASK", 0)) if run.launcher == "slurm" else 0
    threads = str(run.threads or cores or max(1, len(os.sched_getaffinity(0)) // ranks))
    environment = {
        "HF_HOME": str(root / "cache" / "hub"),
        "WANDB_DIR": str(root / "cache" / "wandb"),
        "TORCH_EXTENSIONS_DIR": str(root / "cache" / "torch-extensions"),
        "TOKENIZERS_PARALLELISM": "true",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        **os.environ,
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "PYTHONHASHSEED": "0",
    }
    if run.device == "cpu":
        environment |= {"DS_ACCELERATOR": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return environment


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _slurm_port() -> int:
    """The same on every node of a job, and another for each job."""
    return 20000 + int(os.environ["SLURM_JOB_ID"]) % 20000


def _first_host(nodes: str) -> str:
    """The first host of a Slurm node list: `gpu[03-05,09],x1` gives `gpu03`."""
    head, bracket, rest = nodes.partition("[")
    if not bracket or "," in head:
        return head.partition(",")[0]
    return head + rest.replace("]", ",").replace("-", ",").partition(",")[0]
