"""CPU seconds and peak memory of a command with all its children."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

EVERY = 0.05  # seconds between two looks at the memory


@dataclass(frozen=True)
class Used:
    """`peak` is the largest sum of the processes' proportional set sizes, in bytes."""

    cpu: float
    wall: float
    peak: int


def measure(command: Sequence[str]) -> Used:
    """Run a command to its end; raises CalledProcessError where it fails."""
    began = time.monotonic()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second run has the bytecode of all that it imports
    child = subprocess.Popen(list(command), env=environment)
    process, peak = psutil.Process(child.pid), 0
    while True:
        done, status, usage = os.wait4(child.pid, os.WNOHANG)
        if done:
            break
        peak = max(peak, _memory(process))
        time.sleep(EVERY)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Used(usage.ru_utime + usage.ru_stime, time.monotonic() - began, peak)


def _memory(process: psutil.Process) -> int:
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_full_info().pss
    except psutil.Error:
        return 0  # a process ended while it was looked at
    return total
