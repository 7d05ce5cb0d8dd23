"""Wikipedia and other MediaWiki dumps (`pages-articles.xml`, also `.bz2`, multistream or not) as rows of text.

Articles alone: pages of other namespaces, redirects and disambiguation pages are left out and counted. The dump is
read as a stream; memory is one page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.parsers import expat

from corpus.sources.containers import BROKEN, open_stream
from corpus.sources.guarded_xml import Unsafe, local, stream_parser
from corpus.sources.readers import BadRow, LeftOut, Row
from corpus.sources.wikitext import is_disambiguation, is_redirect, plain
from pipeline.errors import InputError

SUFFIXES = (".xml", ".xml.bz2", ".xml.gz", ".xml.xz", ".xml.zst")
LICENSE = "CC-BY-SA-4.0"  # of all Wikipedia text since June 2023
CHUNK = 1 << 18
PAGE_LIMIT = 16 << 20  # characters of one page; MediaWiki's own limit is 2 MiB
KEPT_FIELDS = ("title", "ns", "id", "timestamp", "text", "model", "base", "dbname")


class Reader:
    """Gathers what expat says into pages; `pages` holds those that are whole, and is emptied by the caller."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.parts: list[str] | None = None
        self.size = 0
        self.page: dict[str, str] = {}
        self.site: dict[str, str] = {}
        self.files: set[str] = set()
        self.pages: list[dict[str, str]] = []
        self.key = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = local(name)
        self.path.append(name)
        if name == "page":
            self.page = {}
        elif name == "redirect":
            self.page["redirect"] = attributes.get("title", "")
        elif name in KEPT_FIELDS:
            self.parts, self.size = [], 0
        elif name == "namespace":
            self.parts, self.size, self.key = [], 0, attributes.get("key", "")

    def data(self, text: str) -> None:
        if self.parts is not None:
            self.size += len(text)
            if self.size <= PAGE_LIMIT:
                self.parts.append(text)

    def end(self, name: str) -> None:
        name = local(name)
        self.path.pop()
        parent = self.path[-1] if self.path else ""
        if self.parts is not None and name in KEPT_FIELDS:
            self.field(name, parent, "".join(self.parts))
            self.parts = None
        elif self.parts is not None and name == "namespace":
            if self.key in ("6", "14", "-2"):
                self.files.add("".join(self.parts).lower())
            self.parts = None
        elif name == "page":
            self.pages.append(self.page)

    def field(self, name: str, parent: str, text: str) -> None:
        if parent == "siteinfo":
            self.site[name] = text
        elif parent == "page":
            self.page[name] = text
        elif parent == "revision":  # of several revisions the last one counts
            self.page["revision" if name == "id" else name] = text
            if name == "text":
                self.page["size"] = str(self.size)


def wikipedia_rows(paths: list[Path]) -> Iterator[Row]:
    """Pages of dumps, numbered from 1. Raises InputError for a dump that is cut off, corrupt or no dump."""
    for path in paths:
        number = 0
        try:
            with open_stream(path) as file:
                for page, reader in _pages(file):
                    number += 1
                    yield path.name, number, _row(page, reader)
        except Unsafe as error:
            raise InputError(f"{path} is not read: {error}, as no dump does") from None
        except (expat.ExpatError, *BROKEN) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"{path} is cut off or corrupt behind page {number}: {reason}") from None
        if not number:
            raise InputError(f"{path} holds no page: is it a MediaWiki dump of pages?")


def _pages(file: Any) -> Iterator[tuple[dict[str, str], Reader]]:
    parser, reader = stream_parser(), Reader()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    last = False
    while not last:
        chunk = file.read(CHUNK)
        last = not chunk
        parser.Parse(chunk, last)
        for page in reader.pages:
            yield page, reader
        reader.pages.clear()


def _row(page: dict[str, str], reader: Reader) -> Any:
    title, text = page.get("title", ""), page.get("text", "")
    if page.get("ns", "0") != "0":
        return LeftOut("not an article")
    if "redirect" in page or is_redirect(text):
        return LeftOut("redirect")
    if page.get("model", "wikitext") != "wikitext":
        return LeftOut("not wikitext")
    if int(page.get("size", 0)) > PAGE_LIMIT:
        return BadRow("page too large")
    if is_disambiguation(title, text):
        return LeftOut("disambiguation")
    base = reader.site.get("base", "").rpartition("/")[0]
    return {
        "id": f"{reader.site.get('dbname', 'wiki')}/{page.get('id', '')}",
        "url": f"{base}/{quote(title.replace(' ', '_'))}" if base else "",
        "text": plain(text, tuple(sorted(reader.files))),
        "title": title,
        "revision": page.get("revision", ""),
        "date": page.get("timestamp", ""),
    }
