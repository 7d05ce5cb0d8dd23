"""Documents that lie deep in JSON files, found by path expressions; zip archives of such files are read in place.

The list of documents is streamed, so that memory is one document; inside a document JMESPath finds the text, whose
pieces are joined by newlines, and the id, title, URL and date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from corpus.config import Layout
from corpus.sources.containers import BROKEN, streams
from corpus.sources.json_stream import LIMIT, Broken, Lexer, Shape, items
from corpus.sources.layouts import PRESETS
from corpus.sources.readers import BadRow, Row
from pipeline.errors import ConfigError, nearest

SUFFIXES = (".json", ".json.gz", ".json.bz2", ".json.xz", ".json.zst", ".zip")
PREFIX = re.compile(r"^((?:[\w가-힣-]+|\"[^\"]+\")(?:\.(?:[\w가-힣-]+|\"[^\"]+\"))*)?\[\](.*)$")
STEP = re.compile(r"\"([^\"]+)\"|([\w가-힣-]+)")
EXTRAS = ("id", "title", "url", "date")


@dataclass(frozen=True)
class Plan:
    """A layout made ready: keys of the list (None: the file is one document), and compiled expressions."""

    keys: list[str] | None
    within: Any
    text: Any
    extras: dict[str, Any]


def plan(given: str | Layout, key: str) -> Plan:
    """A preset's name or expressions, made ready. Raises ConfigError where it is neither."""
    if isinstance(given, str) and given not in PRESETS:
        raise ConfigError(f"{key}: there is no layout '{given}'{nearest(given, list(PRESETS))}")
    layout = PRESETS[given] if isinstance(given, str) else given.model_dump()
    documents = layout["documents"]
    keys: list[str] | None = None
    rest = ""
    if documents:
        found = PREFIX.match(documents)
        if found is None:
            raise ConfigError(f"{key}.documents: '{documents}' is not keys joined by dots that end in []")
        keys = [quoted or bare for quoted, bare in STEP.findall(found[1] or "")]
        rest = found[2].lstrip(".")
    return Plan(
        keys,
        _compiled(rest, f"{key}.documents") if rest else None,
        _compiled(layout["text"], f"{key}.text"),
        {name: _compiled(layout[name], f"{key}.{name}") for name in EXTRAS if layout.get(name)},
    )


def _compiled(expression: str, key: str) -> Any:
    import jmespath

    try:
        return jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        reason = " ".join(str(error).split())[:120]
        raise ConfigError(f"{key}: '{expression}' is no JMESPath expression: {reason}") from None


def nested_rows(paths: list[Path], ready: Plan) -> Iterator[Row]:
    """Documents of JSON files, numbered from 1 in each; a file that is no JSON, or of another shape, is one bad row."""
    for name, stream in streams(paths, (".json",)):
        if isinstance(stream, BadRow):
            yield name, 1, stream
            continue
        number = 0
        try:
            for item in _items(stream, ready):
                for row in _rows(item, ready):
                    number += 1
                    yield name, number, row
        except Shape as error:
            yield name, number + 1, BadRow(f"another layout: {error}")
        except (Broken, *BROKEN) as error:
            yield name, number + 1, BadRow(_kind(error))


def _kind(error: Exception) -> str:
    return "broken JSON" if isinstance(error, Broken) else "broken archive"


def _items(stream: IO[bytes], ready: Plan) -> Iterator[bytes | None]:
    if ready.keys is not None:
        yield from items(stream, ready.keys)
        return
    lexer = Lexer(stream)
    yield lexer.value(LIMIT)
    if lexer.peek():
        raise Broken("something stands behind the end")


def _rows(item: bytes | None, ready: Plan) -> Iterator[Any]:
    import orjson

    if item is None:
        yield BadRow("document too large")
        return
    try:
        outer = orjson.loads(item)
    except ValueError:
        yield BadRow("broken JSON")
        return
    found = [outer] if ready.within is None else _found(ready.within, outer)
    for document in found if isinstance(found, list) else [found]:
        yield _row(document, ready)


def _row(document: Any, ready: Plan) -> Any:
    if not isinstance(document, dict):
        return BadRow("a document is no object")
    pieces = _pieces(_found(ready.text, document))
    if pieces is None:
        return BadRow("no text where the layout looks for it")
    extras = {name: _found(expression, document) for name, expression in ready.extras.items()}
    text = "\n".join(piece.strip() for piece in pieces if piece.strip())
    return {**{name: value for name, value in extras.items() if value not in (None, "")}, "text": text}


def _found(expression: Any, document: Any) -> Any:
    import jmespath

    try:
        return expression.search(document)
    except jmespath.exceptions.JMESPathError:  # a function met a type it does not take
        return None


def _pieces(value: Any) -> list[str] | None:
    """The texts of a value, lists within lists in order; None where there is nothing, or something else than text."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        return None
    found: list[str] = []
    for one in value:
        inner = _pieces(one)
        if inner is None:
            return None
        found += inner
    return found
