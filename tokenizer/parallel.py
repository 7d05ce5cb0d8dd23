"""Documents of two sources that say the same in two languages, found again by path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from corpus.documents import read_file

_REGION = r"(?:[-_][a-z]{2,4})?"
_CHARSETS = r"(?:\.(?:utf-?8|euc-?kr|cp949|iso-?8859-1))?"


def key(document: dict[str, Any], lang: str) -> str:
    """What a document and its translation have in common: the path, less host, source name and marks of language.

    The path is that of the URL, else `meta.path`, else the document's id. `docs/ko/a.md`, `pages.ko/a.md`, `a.ko.html`
    and `a.html.ko.euc-kr` lose their `ko`; so they do for `ko-KR`.
    """
    given = str(document["url"] or document["meta"].get("path") or document["id"])
    path = re.sub(r"^[a-z][a-z0-9+.-]*:(?://[^/]*)?", "", given, flags=re.IGNORECASE)
    source = re.escape(str(document["source"]))
    path = re.sub(rf"^(?:{source}[/:])+", "", path)
    path = unquote(path.partition("?")[0].partition("#")[0]).casefold().strip("/")
    mark = re.escape(lang.casefold()) + _REGION
    path = re.sub(rf"(?<![^/]){mark}/", "", path)
    path = re.sub(rf"[._-]{mark}{_CHARSETS}(?=/|$|\.[a-z0-9]+$)", "", path)
    return path


def pairs(first: Iterable[Path], second: Iterable[Path], most: int) -> Iterator[tuple[str, str]]:
    """Texts (first, second) with one key, in the first's order, until `most` UTF-8 bytes of the first are taken.

    A key that several documents of one side share names none of them. Memory is the keys of both sides and the texts
    taken.
    """
    known: dict[str, int] = {}
    where = list(second)
    for path in where:
        for document in read_file(path, ("id", "url", "source", "lang", "meta")):
            name = key(document, document["lang"])
            known[name] = known.get(name, 0) + 1
    taken: dict[str, str] = {}
    doubled: set[str] = set()
    held = 0
    for path in first:
        for document in read_file(path):
            name = key(document, document["lang"])
            if name in taken:
                doubled.add(name)
            elif known.get(name) == 1 and held < most and document["text"].strip():
                taken[name] = document["text"]
                held += len(document["text"].encode())
    found: dict[str, str] = {}
    for path in where:
        for document in read_file(path):
            name = key(document, document["lang"])
            if name in taken and document["text"].strip():
                found[name] = document["text"]
    for name, text in taken.items():
        if name in found and name not in doubled:
            yield text, found[name]
