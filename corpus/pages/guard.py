"""A child process that answers one question at a time: what crashes or hangs it costs that question alone.

HTML parsers are C and C++; on hostile pages they can take the process with them, which no `except` sees.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import util
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

CRASH = "crash"
START_SECONDS = 300.0  # for the imports of the child, on a machine that is busy
# a plain interpreter: multiprocessing's own start would import the parent's main module, and with it the whole program
OPENING = (
    "import gc, sys; gc.disable(); from multiprocessing.connection import Connection; "
    "line = Connection(int(sys.argv[1])); "
    "sys.path[:] = line.recv(); from corpus.pages.guard import serve; serve(line)"
)


class Lost(Exception):
    """The question had no answer; the message says why: `crash`, `timeout`, or the exception's class."""


class Guard:
    """Asks `make(alive)(question)` in a child, which is started when first needed and again after each loss.

    `make` and the questions must pickle. `seconds` is far above what an honest question takes, so that a slow
    machine gives the same answers as a fast one; a long one calls `alive()` as often as it likes. `memory` is how many
    bytes a question may take beyond what the child has when it is ready: what wants more ends in `MemoryError` or
    `crash`, not in a machine without memory. A question that crashed the child is asked `tries` times in all.
    """

    def __init__(
        self,
        make: Callable[[Callable[[], None]], Callable[[Any], Any]],
        seconds: float,
        memory: int = 2 << 30,
        tries: int = 2,
    ) -> None:
        self.make, self.seconds, self.memory, self.tries = make, seconds, memory, tries
        self._child: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None
        # before the interpreter begins to fall apart
        util.Finalize(None, self.close, exitpriority=10)

    def ask(self, question: Any) -> Any:
        """The answer; raises Lost. A crash may be no fault of the question: the child may be killed from outside."""
        for _ in range(self.tries - 1):
            try:
                return self._ask(question)
            except Lost as loss:
                if str(loss) != CRASH:
                    raise
        return self._ask(question)

    def _ask(self, question: Any) -> Any:
        line = self._line or self._start()
        try:
            line.send(question)
            said = None
            while said is None:  # None is a sign of life
                if not line.poll(self.seconds):
                    self.close()
                    raise Lost("timeout")
                said = line.recv()
            fine, answer = said
        except (EOFError, OSError):
            self.close()
            raise Lost(CRASH) from None
        if not fine:
            raise Lost(answer)
        return answer

    def _start(self) -> Connection:
        near, far = multiprocessing.Pipe()
        command = [sys.executable, "-P", "-c", OPENING, str(far.fileno())]
        # NumPy's threads would only wait, and that takes time too; Arrow's own allocator keeps what one row group took
        alone = os.environ | {"OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
        self._child = subprocess.Popen(command, pass_fds=[far.fileno()], stdin=subprocess.DEVNULL, env=alone)
        far.close()
        try:
            near.send(sys.path)
            near.send((self.make, self.memory, self.seconds / 4))
            if not near.poll(START_SECONDS):
                self.close()
                raise TimeoutError("the page process did not start")
            fine, trouble = near.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            fine, trouble = False, "it ended"
        if not fine:
            self.close()
            raise RuntimeError(f"the page process did not start: {trouble}")
        self._line = near
        return near

    def close(self) -> None:
        """End the child, whatever it is doing."""
        if self._line is not None:
            self._line.close()
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        self._line = self._child = None


def serve(line: Connection) -> None:
    """The child's life: make the work, then answer until the parent is gone."""
    import signal

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(sign, signal.SIG_IGN)  # they reach the whole group; a page must not count as failed for it
    _die_with_parent()
    try:
        make, memory, every = line.recv()
        work = make(_rationed(lambda: line.send(None), every))
    except Exception as error:
        line.send((False, f"{type(error).__name__}: {error}"))
        return
    _bound(memory)
    _collect_seldom()
    line.send((True, ""))
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        while True:
            question = line.recv()
            try:
                answer = (True, work(question))
            except (Exception, RecursionError, MemoryError) as error:
                answer = (False, type(error).__name__)
            line.send(answer)


def _rationed(call: Callable[[], None], every: float) -> Callable[[], None]:
    """The call, made once in so many seconds at most."""
    last = time.monotonic()

    def rationed() -> None:
        nonlocal last
        if time.monotonic() - last > every:
            last = time.monotonic()
            call()

    return rationed


def _collect_seldom() -> None:
    """Look for cycles seldom, and no more in what is there now: a page is thousands of objects and hardly a cycle."""
    import gc

    gc.collect()
    gc.freeze()
    gc.enable()  # it was off while the child made ready
    gc.set_threshold(50_000, 20, 100)


def _bound(memory: int) -> None:
    """Let the address space of this process grow by `memory` bytes and no more."""
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, also by kill -9 and also in the middle of a hang."""
    import ctypes
    import signal

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
