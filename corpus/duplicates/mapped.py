"""Arrays on disk, mapped into memory: what is looked at is read, and the kernel may drop it again."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

MAPS = 4096  # files kept mapped


def mapped(path: Path, kind: Any) -> np.ndarray:
    """The file as a read-only array of one dimension; an empty one, which cannot be mapped, for an empty file."""
    found = path.stat()
    return _mapped(path, np.dtype(kind), found.st_size, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=MAPS)
def _mapped(path: Path, kind: np.dtype, size: int, *_: int) -> np.ndarray:
    return np.memmap(path, kind, "r").view(np.ndarray) if size else np.empty(0, kind)
