"""What a node leaves behind: a folder named by its fingerprint, with a manifest written last.

Built in `<fingerprint>.part`, published by one rename, so a folder without `.part` is whole or was damaged later.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, Locked

MANIFEST = "manifest.json"
CONTRACT: dict[str, type] = {
    "stage": str, "version": int, "fingerprint": str, "section": dict, "inputs": dict, "files": list, "counts": dict,
    "metrics": dict, "provenance": dict,
}  # fmt: skip
WORK = ".work"  # a part's private folder: job, checkpoints, units; removed before publishing


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(stage: str, version: int, section: Any, inputs: Mapping[str, Any]) -> str:
    """sha256 over what a node is; `section` holds content hashes in the place of paths, never the paths."""
    return digest({"stage": stage, "version": version, "section": section, "inputs": dict(inputs)})


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON so that a reader sees the old file or the new one, never a half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@dataclass(frozen=True)
class Artifact:
    """A published artifact: its folder and what its manifest says."""

    path: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        try:
            found = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{self.path / MANIFEST} does not exist") from None
        except (ValueError, OSError) as error:
            raise InputError(f"{self.path / MANIFEST} cannot be read: {error}") from None
        if not isinstance(found, dict) or "fingerprint" not in found:
            raise InputError(f"{self.path / MANIFEST} is not a manifest")
        return found

    @property
    def fingerprint(self) -> str:
        return str(self.manifest["fingerprint"])

    @property
    def metrics(self) -> dict[str, Any]:
        return dict(self.manifest["metrics"])

    @property
    def counts(self) -> dict[str, Any]:
        return dict(self.manifest["counts"])

    @property
    def section(self) -> dict[str, Any]:
        return dict(self.manifest["section"])

    @cached_property
    def manifest_sha256(self) -> str:
        """Hash of the manifest less its provenance: equal for equal content, whoever built it and when."""
        return digest({key: value for key, value in self.manifest.items() if key != "provenance"})

    def check(self) -> None:
        """Raise InputError where the manifest is not one that `publish` wrote for this folder."""
        for key, kind in CONTRACT.items():
            if not isinstance(self.manifest.get(key), kind):
                raise InputError(f"{self.path / MANIFEST} is damaged: '{key}' is not as it was written")
        if self.fingerprint != self.path.name:
            raise InputError(f"{self.path / MANIFEST} is damaged: its fingerprint is not the folder's name")

    def exists(self) -> bool:
        return (self.path / MANIFEST).is_file()

    def problems(self) -> list[str]:
        """One sentence for each file that is missing, extra, or differs from the manifest."""
        listed = {entry["path"]: entry for entry in self.manifest["files"]}
        found = []
        for name, entry in sorted(listed.items()):
            path = self.path / name
            if not path.is_file():
                found.append(f"{path} is missing")
            elif path.stat().st_size != entry["bytes"]:
                found.append(f"{path} has {path.stat().st_size} bytes, the manifest says {entry['bytes']}")
            elif file_sha256(path) != entry["sha256"]:
                found.append(f"{path} differs from the manifest's sha256")
        present = {str(path.relative_to(self.path)) for path in files_below(self.path)} - {MANIFEST}
        found.extend(f"{self.path / name} is not in the manifest" for name in sorted(present - set(listed)))
        return found


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below `folder`, sorted by path; links to folders are followed."""
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(names):
            yield Path(parent) / name


def publish(part: Path, final: Path, manifest: dict[str, Any]) -> Artifact:
    """Hash the files of `part`, write the manifest, and rename the folder to `final` in one step.

    An artifact already at `final` (its inputs were rebuilt with other bytes) is moved aside first and removed after.
    """
    shutil.rmtree(part / WORK, ignore_errors=True)
    (part / MANIFEST).unlink(missing_ok=True)
    for folder, _, names in os.walk(part, topdown=False):
        if not names and not any(Path(folder).iterdir()) and Path(folder) != part:
            Path(folder).rmdir()
    files = []
    for path in files_below(part):
        if not path.is_symlink():
            path.chmod(0o644)  # some writers leave 0600, which a group on a cluster could not read
        with path.open("rb") as file:
            os.fsync(file.fileno())
        files.append({"path": str(path.relative_to(part)), "bytes": path.stat().st_size, "sha256": file_sha256(path)})
    write_json(part / MANIFEST, {**manifest, "files": files})
    stale = final.with_name(f"{final.name}.stale.{os.getpid()}")
    if final.exists():
        final.rename(stale)
    part.rename(final)
    sync_folder(final.parent)
    shutil.rmtree(stale, ignore_errors=True)
    return Artifact(final)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def lock(path: Path, shared: bool = False, patience: float = 3.0) -> Iterator[int]:
    """Hold an flock on `path`, giving its file descriptor; the kernel drops it when the last holder dies.

    `patience` seconds are waited, for the children of a killed runner take a moment to go. Raises Locked.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Locked(f"another runner holds {path}") from None
                time.sleep(0.1)
        yield file.fileno()
