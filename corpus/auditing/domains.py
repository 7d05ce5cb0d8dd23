"""The registered host of a URL, and which few of any number of hosts have the most documents."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

NONE = "(no url)"


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    import tldextract

    return tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())  # the copy in the package: no network


@lru_cache(maxsize=10_000)
def registered(host: str) -> str:
    """`news.example.co.kr` -> `example.co.kr`, by the public suffix list; an address or a bare name stays."""
    return str(_suffixes()(host).top_domain_under_public_suffix) or host


def domain(url: str) -> str:
    """The registered host of a URL, `NONE` where it has no host."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        host = ""
    return registered(host) if host else NONE


def largest(counted: Iterable[tuple[str, int]], few: int, scratch: Path) -> list[str]:
    """The `few` names with the largest sums, largest first, ties by name; sums are kept on disk in `scratch`."""
    scratch.unlink(missing_ok=True)
    with sqlite3.connect(scratch) as table:
        table.execute("PRAGMA synchronous = OFF")
        table.execute("CREATE TABLE sums (name TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID")
        table.executemany(
            "INSERT INTO sums VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET number = number + excluded.number", counted
        )
        found = table.execute("SELECT name FROM sums ORDER BY number DESC, name LIMIT ?", (few,)).fetchall()
    table.close()
    scratch.unlink(missing_ok=True)
    return [name for (name,) in found]
