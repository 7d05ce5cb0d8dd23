"""What a path holds, as a hash: the part of a user's input that enters a fingerprint.

Hashes are memoised by path, size and mtime in `<root>/cache/content.json`, so that planning over a large corpus
reads it once.
"""

from __future__ import annotations

import glob
import json
import re
from pathlib import Path
from stat import S_ISREG
from typing import Any, get_args

from pydantic import BaseModel

from pipeline.artifact import digest, file_sha256, files_below, write_json
from pipeline.config import Content, Input, Reference
from pipeline.errors import ConfigError, InputError

HUB = re.compile(r"^[\w.-]+/[\w.-]+(@[\w./-]+)?$")
COMMIT = re.compile(r"^[0-9a-f]{40}$")


class ContentIndex:
    """Hashes of files, folders and globs, remembered across runs."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._changed = False
        try:
            known = json.loads(cache.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        self._known: dict[str, Any] = known if isinstance(known, dict) else {}

    def save(self) -> None:
        if self._changed:
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._cache, self._known)
            self._changed = False

    def of(self, text: str, key: str) -> str:
        """sha256 of a file's bytes; for a folder or glob, of the sorted (relative path, sha256) pairs."""
        try:
            path = Path(text).expanduser()
            path.exists()
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"{key}: {text[:200]} is no path: {error}") from None
        if path.is_file():
            return self._file(path)
        if path.is_dir():
            return digest([[str(file.relative_to(path)), self._file(file)] for file in files_below(path)])
        matches = sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute globs)
        found = [match for match in matches if match.is_file()]
        if not found:
            raise InputError(f"{key}: {text} does not exist")
        return digest([[match.name, self._file(match)] for match in found])

    def _file(self, path: Path) -> str:
        try:
            status = path.stat()
            if not S_ISREG(status.st_mode):
                raise InputError(f"{path} is neither a file nor a folder")
            str(path).encode()
            key, stamp = str(path.absolute()), [status.st_size, status.st_mtime_ns]
            known = self._known.get(key)
            if isinstance(known, list) and known[:2] == stamp and len(known) == 3:
                return str(known[2])
            found = file_sha256(path)
        except UnicodeEncodeError:
            raise InputError(f"{str(path)!r}: the name is not UTF-8; rename the file") from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        self._known[key] = [*stamp, found]
        self._changed = True
        return found

    def pin(self, section: BaseModel, key: str) -> tuple[Any, dict[str, Any]]:
        """The section with Hub references pinned to commits, and its identity as JSON.

        In the identity, inputs are left out (their fingerprints stand beside it) and paths become content hashes.
        """
        identity: dict[str, Any] = {}
        pinned: dict[str, Any] = {}
        for name, info in type(section).model_fields.items():
            value, here = getattr(section, name), f"{key}.{name}"
            marks = _marks(info)
            if any(isinstance(mark, Input) for mark in marks):
                continue
            reference = next((mark for mark in marks if isinstance(mark, Reference)), None)
            if isinstance(value, str) and reference is not None:
                pinned[name], identity[name] = self._reference(value, reference, here)
            elif isinstance(value, str) and any(isinstance(mark, Content) for mark in marks):
                identity[name] = {"sha256": self.of(value, here)}
            else:
                pinned[name], identity[name] = self._value(value, here)
        changes = {name: value for name, value in pinned.items() if value is not getattr(section, name)}
        return (section.model_copy(update=changes) if changes else section), identity

    def _value(self, value: Any, key: str) -> tuple[Any, Any]:
        if isinstance(value, BaseModel):
            return self.pin(value, key)
        if isinstance(value, dict):
            pairs = {name: self._value(item, f"{key}.{name}") for name, item in value.items()}
            same = all(pairs[name][0] is item for name, item in value.items())
            pinned = value if same else {name: pair[0] for name, pair in pairs.items()}
            return pinned, {name: pair[1] for name, pair in pairs.items()}
        if isinstance(value, (list, tuple)):
            items = [self._value(item, key) for item in value]
            same = all(pair[0] is item for pair, item in zip(items, value, strict=True))
            return (value if same else [pair[0] for pair in items]), [pair[1] for pair in items]
        return value, value

    def _reference(self, text: str, reference: Reference, key: str) -> tuple[str, dict[str, str]]:
        if not HUB.match(text) or Path(text).exists():
            return text, {"sha256": self.of(text, key)}
        name, _, revision = text.partition("@")
        commit = revision if COMMIT.match(revision) else _commit(name, revision or None, reference.repo, key)
        return f"{name}@{commit}", {"hub": name, "commit": commit}


def _marks(info: Any) -> list[Any]:
    """The annotations of a field, those of an optional's members included."""
    found = list(info.metadata)
    for part in get_args(info.annotation):
        found.extend(getattr(part, "__metadata__", ()))
    return found


def _commit(name: str, revision: str | None, repo: str, key: str) -> str:
    """Ask the Hub which commit a branch or tag is now."""
    from huggingface_hub import HfApi

    try:
        info = HfApi().repo_info(name, revision=revision, repo_type=repo)
    except Exception as error:  # the client raises many kinds, all of them mean the same here
        raise InputError(
            f"{key}: {name} is no local path, and the Hub could not be asked for its commit ({type(error).__name__}); "
            f"name a commit ({name}@<40 hex digits>) or a local folder"
        ) from None
    if info.sha is None:
        raise ConfigError(f"{key}: the Hub names no commit for {name}")
    return str(info.sha)
