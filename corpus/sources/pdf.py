"""PDF as text, by the extra `pdf` (pypdf): one document per file, lines joined again where the page broke a sentence.

The rule of joining: a line goes on in the next one where it has no final mark, is at least 24 columns wide (a Hangul
syllable is two) and 70 % of its page's widest line, and the next line begins with Hangul and with no number of a list.
Korean type is also broken inside words: where a file marks breaks between words with a space at the end of lines, a
line without one is joined to the next without a space; where it never does, a space is put.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from corpus.pages.guard import Guard, Lost
from corpus.sources.readers import BadRow, Row
from pipeline.errors import ConfigError

SUFFIXES = (".pdf",)
FILE_LIMIT = 256 << 20  # bytes
PAGES = 5000
TEXT_LIMIT = 32 << 20  # characters
SECONDS = 120.0  # for one file
MEMORY = 4 << 30  # bytes of address space of the process that reads
FINAL = re.compile(r"[.!?。…:;\"'”’」』)\]>]\s*$")
GOES_ON = re.compile(r"[가-힣]")
PAGE_NUMBER = re.compile(r"^\s*[-–—\[(]?\s*\d{1,4}\s*(?:/\s*\d{1,4}\s*)?[-–—\])]?\s*$")
ITEM = re.compile(r"^(?:[가-하][.)]|제\s?\d+\s?[조장절항관편])\s")
REACH = 0.7
NARROW = 24  # columns


def check() -> None:
    """Raise ConfigError where the extra is missing."""
    from importlib.util import find_spec

    if find_spec("pypdf") is None:
        raise ConfigError("a pdf source needs pypdf, which is not installed: pip install 'malmoi[pdf]'")


def pdf_rows(paths: list[Path], seconds: float = SECONDS) -> Iterator[Row]:
    """One document per file, read in a process of its own; what is encrypted, broken or endless is a bad row."""
    check()
    guard = Guard(reader, seconds)
    try:
        for path in paths:
            try:
                row: Any = guard.ask(str(path)) if path.stat().st_size <= FILE_LIMIT else "file too large"
            except Lost as loss:
                row = {"timeout": "takes too long", "crash": "broken PDF", "MemoryError": "needs too much memory"}.get(
                    str(loss), "broken PDF"
                )
            yield path.name, 1, BadRow(row) if isinstance(row, str) else row
    finally:
        guard.close()


def reader(_alive: Callable[[], None]) -> Callable[[str], dict[str, Any] | str]:
    """Made in the reading process: what turns a path into a row, or into the reason why it cannot be read."""
    import logging
    import resource

    import pypdf

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)

    def read(path: str) -> dict[str, Any] | str:
        with Path(path).open("rb") as file:
            document = pypdf.PdfReader(file, strict=False)
            if document.is_encrypted:
                return "encrypted"
            if len(document.pages) > PAGES:
                return "too many pages"
            pages, size = [], 0
            for page in document.pages:
                pages.append(page.extract_text())
                size += len(pages[-1])
                if size > TEXT_LIMIT:
                    return "text too large"
            about = document.metadata
            title = str(about.title).strip() if about is not None and about.title else ""
        row: dict[str, Any] = {"id": Path(path).name, "text": joined(pages), "pages": len(pages)}
        return {**row, "title": title} if title else row

    return read


def joined(pages: list[str]) -> str:
    """The text of pages with sentences put together again, also across pages; page numbers are left out."""
    lines: list[tuple[str, int]] = []  # a line, and the width of its page's widest
    for page in pages:
        own = page.split("\n")
        while own and not own[-1].strip():
            own.pop()
        own = own[1:] if own and PAGE_NUMBER.match(own[0]) else own
        own = own[:-1] if own and PAGE_NUMBER.match(own[-1]) else own
        widest = max((_width(line.strip()) for line in own), default=0)
        lines += [(line, widest) for line in own]
    going = [_goes_on(lines[at], lines[at + 1][0]) for at in range(len(lines) - 1)]
    marked = any(on and line.endswith(" ") for (line, _), on in zip(lines, going, strict=False))
    parts: list[str] = []
    for at, (line, _) in enumerate(lines):
        parts.append(line.strip())
        if at < len(going):
            parts.append(("" if marked and not line.endswith(" ") else " ") if going[at] else "\n")
    return re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()


def _goes_on(line: tuple[str, int], after: str) -> bool:
    text, widest = line
    bare = text.strip()
    return bool(
        bare
        and not FINAL.search(bare)
        and _width(bare) >= max(NARROW, REACH * widest)
        and GOES_ON.match(after.lstrip())
        and not ITEM.match(after.lstrip())
    )


def _width(text: str) -> int:
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)
