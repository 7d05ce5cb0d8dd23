"""A page as archives hold it, and the account of reading one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXAMPLES = 20  # failures described one by one; the rest are counted


@dataclass(frozen=True)
class Page:
    """One page: its URL, the HTTP headers (lower-cased names, repeats joined) and the decoded body.

    `record` counts the records of the file from 0; `offset` is where the record's gzip member (or record, in a plain
    file) starts. `status` is 200 for records that hold no HTTP.
    """

    url: str
    http_headers: Mapping[str, str]
    body: bytes
    record: int = 0
    offset: int = 0
    status: int = 200
    mime: str = ""
    date: str = ""
    kind: str = "response"


def joint(name: str) -> str:
    """What joins a header's repeats: each x-robots-tag may speak to a robot of its own."""
    return "\n" if name == "x-robots-tag" else ", "


def apart(name: str, value: str) -> list[str]:
    """The values that were joined, where they can be told."""
    return value.split("\n") if joint(name) == "\n" else [value]


@dataclass
class Reading:
    """What was met while reading: `records` of all kinds, `pages` yielded, and the `failed` by reason."""

    records: int = 0
    pages: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, path: Path, record: int, offset: int, reason: str) -> None:
        self.failed[reason] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append({"file": path.name, "record": record, "offset": offset, "reason": reason})
