"""What a person sees on stderr: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any


def say(text: str) -> None:
    """One line for a person; stdout is kept for the answer."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def duration(seconds: float) -> str:
    """`7.3 s`, `4 min 10 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


class Display:
    """Progress of the nodes of one run. Turns itself off when stderr is no terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._live: Any = None
        self._task: Any = None
        self._began = time.monotonic()
        self._label = ""

    def __enter__(self) -> Display:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._live = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[unit]}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def node(self, name: str, number: int, text: str) -> None:
        """A node begins."""
        self._began, self._label = time.monotonic(), f"[{number}/{self._total}] {name}"
        if self._live is not None:
            if self._task is not None:
                self._live.remove_task(self._task)
            self._task = self._live.add_task(self._label, total=None, unit="")
        else:
            say(f"{self._label}: {text}")

    def progress(self, done: float, total: float | None, unit: str) -> None:
        if self._live is not None and self._task is not None:
            self._live.update(self._task, completed=done, total=total, unit=unit)

    def done(self, text: str) -> None:
        """The node has ended; `text` says how."""
        line = f"{self._label}: {text} ({duration(time.monotonic() - self._began)})"
        if self._live is not None:
            self._live.console.print(line, highlight=False, markup=False)
        else:
            say(line)

    def cached(self, name: str, number: int) -> None:
        line = f"[{number}/{self._total}] {name}: cached"
        if self._live is not None:
            self._live.console.print(line, highlight=False, markup=False)
        else:
            say(line)
