"""Lists that a user gives: hosts and URLs, or words, one a line; `#` opens a comment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import InputError

Address = tuple[str, tuple[str, ...]]  # host, path segments


def read_list(path: Path) -> Iterator[str]:
    """Entries of a file, or of every file of a folder, stripped; blank lines and comments left out.

    Raises InputError for a file that cannot be read as UTF-8.
    """
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if not file.is_file():
            continue
        try:
            with file.open(encoding="utf-8-sig") as lines:
                for line in lines:
                    if (entry := line.partition(" #")[0].strip()) and not entry.startswith("#"):
                        yield entry
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file} is not a list of one entry a line: {error}") from None


def address(url: str) -> Address:
    """Host (lower case, IDNA) and path segments of a URL or of a list's `host/path`; ("", ()) where there is none."""
    try:
        parts = urlsplit(url if "://" in url or url.startswith("//") else f"//{url}")
        host = (parts.hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return "", ()
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return host.removeprefix("www."), tuple(part for part in path.split("/") if part)


class Addresses:
    """A set of hosts (subdomains included) and of `host/path` (everything below included), as sorted 64-bit hashes.

    Eight bytes an entry: lists of millions of hosts are usual. With 5 million entries one address in 10^12 is taken
    for another.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        import numpy as np

        self._deepest = 0  # path segments of the longest entry
        self._hashes = np.unique(np.fromiter(self._numbers(entries), np.uint64))

    def _numbers(self, entries: Iterable[str]) -> Iterator[int]:
        for entry in entries:
            host, path = address(entry.removeprefix("*."))
            if host:
                self._deepest = max(self._deepest, len(path))
                yield _hash(host, path)

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, place: Address) -> bool:
        host, path = place
        if not host or not len(self):
            return False
        labels = host.split(".")
        hosts = [".".join(labels[start:]) for start in range(len(labels) - 1)] or labels
        paths = [path[:end] for end in range(1, min(len(path), self._deepest) + 1)]
        return any(map(self._holds, [_hash(name, ()) for name in hosts] + [_hash(host, part) for part in paths]))

    def _holds(self, number: int) -> bool:
        import numpy as np

        at = int(np.searchsorted(self._hashes, np.uint64(number)))
        return at < len(self._hashes) and int(self._hashes[at]) == number


def _hash(host: str, path: tuple[str, ...]) -> int:
    key = "/".join((host, *path))
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
