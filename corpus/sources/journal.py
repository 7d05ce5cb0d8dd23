"""A file that grows by whole steps: after a kill it is cut back to the last step noted, and goes on from there.

The note is written by rename after the bytes are on disk, so whatever moment the kill comes at, the file that is
finished in the end is the one an undisturbed run writes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.artifact import write_json


class Journal:
    """`file` stands behind the bytes noted so far; `state` is what was noted with them, {} at the start."""

    def __init__(self, file: BinaryIO, note: Path, state: dict[str, Any]) -> None:
        self.file, self.state, self._note = file, state, note

    def commit(self, state: dict[str, Any]) -> None:
        """Note what was written since the last commit, with the state (JSON) that belongs to it."""
        self.file.flush()
        os.fsync(self.file.fileno())
        write_json(self._note, {"bytes": self.file.tell(), "state": state})
        self.state = state


@contextmanager
def journal(path: Path, note: Path) -> Iterator[Journal]:
    """Open `path` where the last commit left it; both files are begun anew where they do not fit together."""
    size, state = 0, dict[str, Any]()
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        if known["bytes"] <= path.stat().st_size:
            size, state = int(known["bytes"]), dict(known["state"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(size)
        file.seek(size)
        yield Journal(file, note, state)
