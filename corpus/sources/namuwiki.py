"""Namuwiki dumps (a JSON list of `{namespace, title, text, contributors}`, or the same line by line) as rows.

Articles alone: other namespaces, redirects and disambiguation pages are left out and counted. The list is streamed;
memory is one page. Contributors are not carried along: they are names of people.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from corpus.sources.containers import BROKEN, streams
from corpus.sources.json_stream import BOM, Broken, Shape, items
from corpus.sources.namumark import is_disambiguation, is_redirect, plain
from corpus.sources.readers import LINE_LIMIT, BadRow, LeftOut, Row
from pipeline.errors import InputError

SUFFIXES = (".json", ".jsonl", ".json.gz", ".json.bz2", ".json.xz", ".json.zst", ".jsonl.gz", ".zip")
LICENSE = "CC-BY-NC-SA-2.0-KR"
ARTICLE = (0, "0", "", None, "문서")


def namuwiki_rows(paths: list[Path]) -> Iterator[Row]:
    """Pages of dumps, numbered from 1. Raises InputError for a dump that is cut off, corrupt or no dump."""
    for name, stream in streams(paths, (".json", ".jsonl")):
        if isinstance(stream, BadRow):
            yield name, 1, stream
            continue
        number = 0
        try:
            for item in _records(stream):
                number += 1
                yield name, number, _row(item)
        except Shape as error:
            raise InputError(f"{name} is no dump of pages: {error}") from None
        except (Broken, *BROKEN) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"{name} is cut off or corrupt behind page {number}: {reason}") from None


def _records(stream: IO[bytes]) -> Iterator[bytes | None]:
    """The list's items, or lines where the first line is an object."""
    start = _Ahead(stream)
    if not start.first.lstrip().startswith(b"{"):
        yield from items(start)  # type: ignore[arg-type]
        return
    while line := start.readline():
        if len(line) >= LINE_LIMIT and not line.endswith(b"\n"):
            while (rest := start.readline()) and not rest.endswith(b"\n"):
                pass
            yield None
        elif line.strip():
            yield line


class _Ahead:
    """A stream whose first bytes were looked at."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.first = stream.read(4096).removeprefix(BOM)
        self.ahead = self.first

    def read(self, size: int) -> bytes:
        found, self.ahead = self.ahead, b""
        return found or self.stream.read(size)

    def readline(self) -> bytes:
        head, newline, self.ahead = self.ahead.partition(b"\n")
        return head + newline if newline else head + self.stream.readline(LINE_LIMIT)


def _row(item: bytes | None) -> Any:
    import orjson

    if item is None:
        return BadRow("page too large")
    try:
        page = orjson.loads(item)
    except ValueError:
        return BadRow("broken JSON")
    if not isinstance(page, dict) or not isinstance(page.get("title"), str) or not isinstance(page.get("text"), str):
        return BadRow("no title or no text")
    title, text = page["title"], page["text"]
    space = page.get("namespace")
    if (space.strip() if isinstance(space, str) else space) not in ARTICLE:
        return LeftOut("not an article")
    if is_redirect(text):
        return LeftOut("redirect")
    if is_disambiguation(title, text):
        return LeftOut("disambiguation")
    return {
        "id": f"namuwiki/{title}",
        "url": f"https://namu.wiki/w/{quote(title)}",
        "text": plain(text),
        "title": title,
    }
