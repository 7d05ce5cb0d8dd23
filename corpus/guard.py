"""A child process that answers one question at a time: what crashes or hangs it costs that question alone.

HTML parsers are C and C++; on hostile pages they can take the process with them, which no `except` sees.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable
from multiprocessing import util
from multiprocessing.connection import Connection
from typing import Any

CRASH = "crash"
START_SECONDS = 300.0  # for the imports of the child, on a machine that is busy


class Lost(Exception):
    """The question had no answer; the message says why: `crash`, `timeout`, or the exception's class."""


class Guard:
    """Asks `make()(question)` in a child, which is started when first needed and again after each loss.

    `make` and the questions must pickle. `seconds` is far above what an honest question takes, so that a slow
    machine gives the same answers as a fast one.
    """

    def __init__(self, make: Callable[[], Callable[[Any], Any]], seconds: float) -> None:
        self.make, self.seconds = make, seconds
        self._child: Any = None
        self._line: Connection | None = None
        # multiprocessing ends its daemons by SIGTERM and waits for ever where that is ignored: be done before it
        util.Finalize(None, self.close, exitpriority=10)

    def ask(self, question: Any) -> Any:
        """The answer; raises Lost. A crash is tried once more: the child may have been killed from outside."""
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
            if not line.poll(self.seconds):
                self.close()
                raise Lost("timeout")
            fine, answer = line.recv()
        except (EOFError, OSError):
            self.close()
            raise Lost(CRASH) from None
        if not fine:
            raise Lost(answer)
        return answer

    def _start(self) -> Connection:
        spawn = multiprocessing.get_context("spawn")  # a forked child would inherit locks and threads
        line, far = spawn.Pipe()
        self._child = spawn.Process(target=_serve, args=(far, self.make), daemon=True)
        self._child.start()
        far.close()
        if not line.poll(START_SECONDS):
            self.close()
            raise TimeoutError("the page process did not start")
        try:
            fine, trouble = line.recv()
        except (EOFError, OSError):
            fine, trouble = False, "it ended"
        if not fine:
            self.close()
            raise RuntimeError(f"the page process did not start: {trouble}")
        self._line = line
        return line

    def close(self) -> None:
        """End the child, whatever it is doing."""
        if self._line is not None:
            self._line.close()
        if self._child is not None:
            self._child.kill()
            self._child.join()
        self._line = self._child = None


def _serve(line: Connection, make: Callable[[], Callable[[Any], Any]]) -> None:
    import signal

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(sign, signal.SIG_IGN)  # they reach the whole group; a page must not count as failed for it
    _die_with_parent()
    try:
        work = make()
    except Exception as error:
        line.send((False, f"{type(error).__name__}: {error}"))
        return
    line.send((True, ""))
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        while True:
            question = line.recv()
            try:
                answer = (True, work(question))
            except (Exception, RecursionError, MemoryError) as error:
                answer = (False, type(error).__name__)
            line.send(answer)


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, also by kill -9 and also in the middle of a hang."""
    import ctypes
    import signal

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
