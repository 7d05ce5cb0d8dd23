"""What no link and no linked manifest reaches any more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.artifact import Artifact, files_below, lock
from pipeline.errors import Locked
from pipeline.stages import STAGES

ARTIFACT = re.compile(r"^([0-9a-f]{64})(\.part|\.stale\.\d+)?$")


@dataclass(frozen=True)
class Garbage:
    path: Path
    bytes: int
    reason: str


def find(root: Path) -> list[Garbage]:
    """Artifacts below `root` that no by-name link reaches through manifests, and unlocked `.part` folders."""
    kept = _reachable(root)
    found = []
    for folder in _folders(root):
        if folder.name in kept or _locked(root, folder.name.partition(".")[0]):
            continue
        half = folder.suffix == ".part" or ".stale." in folder.name
        size = sum(path.stat().st_size for path in files_below(folder) if path.is_file())
        found.append(Garbage(folder, size, "unfinished, and nobody works on it" if half else "no link reaches it"))
    return found


def _folders(root: Path) -> Iterator[Path]:
    """What a run made below a stage's name: nothing else below the root is ours to delete."""
    for stage in sorted(STAGES):
        for folder in sorted((root / stage).glob("*")):
            if ARTIFACT.match(folder.name) and folder.is_dir() and not folder.is_symlink():
                yield folder


def remove(root: Path, garbage: list[Garbage]) -> None:
    """Delete, holding each node's lock; what somebody took up meanwhile is left alone."""
    for one in garbage:
        try:
            with lock(root / "locks" / one.path.name.partition(".")[0], patience=0):
                shutil.rmtree(one.path)
        except Locked:
            continue


def _reachable(root: Path) -> set[str]:
    by_fingerprint = {folder.name: folder for folder in _folders(root)}
    todo = [link.readlink().name for link in root.glob("by-name/*/*") if link.is_symlink()]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name in found or name not in by_fingerprint:
            continue
        found.add(name)
        artifact = Artifact(by_fingerprint[name])
        artifact.check()  # a damaged manifest reaches nothing, and its parents would be deleted
        todo.extend(entry["fingerprint"] for entry in artifact.manifest["inputs"].values())
    return found


def _locked(root: Path, fingerprint: str) -> bool:
    path = root / "locks" / fingerprint
    if not path.exists():
        return False
    try:
        with lock(path, patience=0):
            return False
    except Locked:
        return True
