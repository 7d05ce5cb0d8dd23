"""JSONL, Parquet and `datasets` sources as documents: only the text field is asked for, whatever else is there is kept.

A document's own `id`, `url`, `lang`, `license` and `charset` are kept where they are text; its own `source` and every
other field go to `meta`. What cannot be read is counted with its place; a file that is cut off or corrupt is an
InputError, since nothing says how much of it is missing.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.documents import Document
from pipeline.errors import ConfigError, InputError

LINE_LIMIT = 64 << 20  # bytes of one JSONL line
EXAMPLES = 20  # failures described one by one; the rest are counted
JSONL = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".ndjson.gz", ".json.gz")
PARQUET = (".parquet",)
OWN = ("url", "lang", "license", "charset")


@dataclass
class Records:
    """Counts of what was read: `read = kept + dropped + failed`; `left` says why records were dropped."""

    read: int = 0
    kept: int = 0
    dropped: int = 0
    left: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, file: str, line: int, reason: str) -> None:
        self.failed[reason] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append({"file": file, "line": line, "reason": reason})

    def drop(self, reason: str) -> None:
        self.dropped += 1
        self.left[reason] += 1


@dataclass(frozen=True)
class Defaults:
    """What a document gets where it does not say it itself; `text` names the text field."""

    source: str
    lang: str
    license: str
    text: str = "text"


Row = tuple[str, int, Any]  # file, line or row from 1, and the record (BadRow: cannot be read; LeftOut: no document)


@dataclass(frozen=True)
class BadRow:
    reason: str


@dataclass(frozen=True)
class LeftOut:
    """A record that is whole, but nothing to learn from: a redirect, a page about pages."""

    reason: str


class Unfit(ValueError):
    """Fields that no document can carry; the message is the reason counted."""


def as_documents(rows: Iterator[Row], defaults: Defaults, records: Records, taken: set[int]) -> Iterator[Document]:
    """Documents of rows, in order, with unique ids.

    `taken` holds hashes of the ids given so far and is added to: an id that comes again gets its place behind it.
    """
    for number, (file, line, row) in enumerate(rows):
        records.read += 1
        if isinstance(row, BadRow):
            records.fail(file, line, row.reason)
            continue
        if isinstance(row, LeftOut):
            records.drop(row.reason)
            continue
        text = row.get(defaults.text) if isinstance(row, dict) else None
        if not isinstance(text, str):
            records.fail(file, line, _no_text(row, defaults.text))
            continue
        if not text.strip():
            records.drop("empty")
            continue
        try:
            document = _document(row, text, defaults, number, taken)
        except Unfit as error:
            records.fail(file, line, str(error))
            continue
        records.kept += 1
        yield document


def _no_text(row: Any, name: str) -> str:
    if not isinstance(row, dict):
        return "not a JSON object"
    if name in row:
        return f"field '{name}' is not text"
    return f"no field '{name}'; its fields are {', '.join(sorted(map(str, row))[:8]) or 'none'}"


def _document(row: dict[str, Any], text: str, defaults: Defaults, number: int, taken: set[int]) -> Document:
    own = {name: row[name] for name in OWN if isinstance(row.get(name), str) and row[name]}
    given = row.get("id")
    name = str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) and given != "" else ""
    nested = row.get("meta")
    meta = dict(nested) if isinstance(nested, dict) else {}
    used = {defaults.text, *own, *(("id",) if name else ()), *(("meta",) if isinstance(nested, dict) else ())}
    meta.update({key: value for key, value in row.items() if key not in used})
    meta = plain(meta)  # before the id, which a record that fails does not take
    identity = name or f"{defaults.source}/{number}"
    while id_hash(identity) in taken:
        identity = f"{identity}#{defaults.source}/{number}"
    taken.add(id_hash(identity))
    return Document(
        id=identity, text=text, source=defaults.source, url=own.get("url", ""), lang=own.get("lang", defaults.lang),
        license=own.get("license", defaults.license), charset=own.get("charset", "utf-8"), meta=meta,
    )  # fmt: skip


def id_hash(identity: str) -> int:
    """64 bits of an id: a set of these is what uniqueness costs in memory; a chance collision only adds a suffix."""
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest(), "big")


def plain(meta: dict[str, Any]) -> dict[str, Any]:
    """The same as plain JSON: dates and other kinds become text, numbers that JSON lacks become null.

    Raises Unfit for what is no JSON even so: some 250 levels, which leaves room for those that `mix` puts around it.
    """
    import orjson

    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    try:
        data = orjson.dumps([[[meta]]], default=_as_text, option=options)
    except TypeError as error:
        raise Unfit("nested too deep" if "Recursion" in str(error) else f"no JSON: {error}") from None
    plain: dict[str, Any] = orjson.loads(data)[0][0][0]
    return plain


def _as_text(value: Any) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, (bytes, bytearray)) else str(value)


def jsonl_rows(paths: list[Path]) -> Iterator[Row]:
    """Lines of JSONL files (plain or compressed by their name), numbered from 1; blank lines are skipped."""
    import orjson
    import pyarrow as pa

    for path in paths:
        number = 0
        try:
            with io.BufferedReader(pa.input_stream(str(path), compression="detect")) as file:
                while line := file.readline(LINE_LIMIT):
                    number += 1
                    if len(line) == LINE_LIMIT and not line.endswith(b"\n"):
                        while (rest := file.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                            pass
                        yield path.name, number, BadRow("line too long")
                        continue
                    line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                    if not line.strip():
                        continue
                    try:
                        row = orjson.loads(line)
                    except ValueError:
                        row = BadRow(_json_problem(line))
                    yield path.name, number, row
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"{path} is cut off or corrupt behind line {number}: {error}") from None


def _json_problem(line: bytes) -> str:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    return "broken JSON"


def parquet_rows(paths: list[Path], text: str) -> Iterator[Row]:
    """Rows of Parquet files, numbered from 1; memory is one batch."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                if text not in file.schema_arrow.names:
                    names = ", ".join(file.schema_arrow.names)
                    raise InputError(f"{path} has no column '{text}'; its columns are {names}")
                number = 0
                for batch in file.iter_batches(batch_size=1000):
                    for row in batch.to_pylist():
                        number += 1
                        yield path.name, number, row
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InputError(f"{path} is not a readable Parquet file: {error}") from None


def dataset_rows(reference: str, split: str, cache: Path) -> Iterator[Row]:
    """Rows of a local dataset folder, or of a Hub id `org/name@commit`, streamed in order."""
    import datasets

    datasets.disable_progress_bars()
    local = Path(reference).expanduser()
    try:
        if local.is_dir() and any((local / name).is_file() for name in ("dataset_dict.json", "state.json")):
            found: Any = datasets.load_from_disk(str(local.absolute()))
            found = found[split] if isinstance(found, datasets.DatasetDict) else found
        elif local.exists():
            found = datasets.load_dataset(str(local.absolute()), split=split, streaming=True, cache_dir=str(cache))
        else:
            name, _, revision = reference.partition("@")
            found = datasets.load_dataset(
                name, revision=revision or None, split=split, streaming=True, cache_dir=str(cache)
            )
        for number, row in enumerate(found, 1):
            yield local.name if local.exists() else reference, number, row
    except (KeyError, ValueError, OSError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"dataset {reference} (split {split}) cannot be read: {reason}") from None


def matches(text: str, suffixes: tuple[str, ...], key: str) -> list[Path]:
    """The files a content path means: a file as it is, a folder's files of the right kind, or a glob's; sorted."""
    import glob

    path = Path(text).expanduser()
    if path.is_file():
        return [path]
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.is_file() and file.name.lower().endswith(suffixes)]
        if not found:
            raise InputError(f"{key}: {text} holds no file named *{', *'.join(suffixes)}")
        return found
    found = sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute globs)
    files = [file for file in found if file.is_file()]
    if not files:
        if found:
            raise ConfigError(f"{key}: {text} matches folders only; end it with a pattern of files")
        raise InputError(f"{key}: {text} does not exist")
    return files
