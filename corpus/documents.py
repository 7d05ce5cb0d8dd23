"""The document: one schema, read from and written to Parquet by every stage that handles text."""

from __future__ import annotations

import json
import os
import shutil
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict

from pipeline.artifact import Artifact
from pipeline.errors import InputError

COLUMNS = ("id", "text", "source", "url", "lang", "license", "charset", "meta")
DROPPED_COLUMNS = (*COLUMNS, "stage", "rule", "value", "threshold")
ROWS = 1000
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
GROUP = 16 << 20  # characters of text in a row group at most, but for its last row


class Document(TypedDict):
    """`meta` is a JSON object in the file and a dict in memory; every other field is text."""

    id: str
    text: str
    source: str
    url: str
    lang: str
    license: str
    charset: str
    meta: dict[str, Any]


class DocumentWriter:
    """A documents file that is filled row by row; memory is one row group, whatever the file's size.

    Used as a context manager; the file is there when the first row is written, and whole when the context ends well.
    """

    def __init__(self, path: Path, dropped: bool = False) -> None:
        import pyarrow as pa

        self.path, self.total = path, 0
        self.columns = DROPPED_COLUMNS if dropped else COLUMNS
        self._schema = pa.schema([(name, pa.string()) for name in self.columns])
        self._file: Any = None
        self._begin()

    def _begin(self) -> None:
        """An empty row group: a buffer of UTF-8 for each column, and where its values end."""
        self._held, self._buffers = 0, [bytearray() for _ in self.columns]
        self._ends = [array("i", [0]) for _ in self.columns]

    def __enter__(self) -> DocumentWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        if self._file is not None:
            self._file.close()

    def write(self, document: Document | dict[str, Any]) -> None:
        """Add one row; a group of them goes to the file at 1,000 rows or 16 MiB of text."""
        values = [_cell(document[name]) for name in self.columns]  # type: ignore[literal-required]
        for value, buffer, ends in zip(values, self._buffers, self._ends, strict=True):
            buffer += value
            ends.append(len(buffer))
        self._held += len(document["text"])
        self.total += 1
        if len(self._ends[0]) > ROWS or self._held >= GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        rows = len(self._ends[0]) - 1
        if rows:
            self.open()
            # of the buffers themselves: `pa.array` would import pandas
            columns = [
                pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(buffer))
                for ends, buffer in zip(self._ends, self._buffers, strict=True)
            ]
            self._file.write_table(pa.Table.from_arrays(columns, schema=self._schema))
        self._begin()

    def open(self) -> None:
        """Make the file now, so that it exists where no row comes."""
        import pyarrow.parquet as pq

        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = pq.ParquetWriter(self.path, self._schema, compression="zstd")


def _cell(value: object) -> bytes:
    """What stands for a value in the file: UTF-8, of a mapping its JSON."""
    return (_JSON(value) if isinstance(value, dict) else str(value)).encode()


def write_documents(path: Path, documents: Iterable[Document | dict[str, Any]], dropped: bool = False) -> int:
    """Write documents in the order given; returns how many. The same documents give the same bytes."""
    with DocumentWriter(path, dropped) as writer:
        writer.open()
        for document in documents:
            writer.write(document)
    return writer.total


def read_file(
    path: Path, columns: Sequence[str] | None = None, first: int = 0, last: int | None = None
) -> Iterator[dict[str, Any]]:
    """Documents of one Parquet file, in order, whole or of `columns` alone; memory is one row group.

    `first` to `last` (not included) are the row groups read; without them, all.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            groups = file.num_row_groups
            for group in range(first, groups if last is None else min(last, groups)):
                for row in file.read_row_group(group, columns=columns).to_pylist():
                    if "meta" in row:
                        row["meta"] = json.loads(row["meta"])
                    yield row
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not a documents file: {error}") from None


def row_groups(path: Path) -> int:
    """Row groups of a documents file. Raises InputError where it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_row_groups)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a documents file: {error}") from None


def link(made: Path, place: Path) -> None:
    """Publish a unit's file: a hard link, or a copy where the file system has none."""
    try:
        os.link(made, place)
    except OSError:
        shutil.copyfile(made, place)


def files(artifact: Artifact, split: str | None = None) -> list[Path]:
    """The Parquet files of a documents or mixture artifact, sorted.

    A mixture has `train/` and `heldout/`; documents without a split serve as either.
    """
    for folder in (split, "documents") if split else ("documents",):
        found = sorted((artifact.path / folder).glob("*.parquet"))
        if found:
            return found
    return []


def read_documents(artifact: Artifact, split: str | None = None, lang: str | None = None) -> Iterator[dict[str, Any]]:
    """Documents of an artifact in file order, of one split and language if asked."""
    for path in files(artifact, split):
        for document in read_file(path):
            if lang is None or document["lang"] == lang:
                yield document
