"""The document: one schema, read from and written to Parquet by every stage that handles text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict

from pipeline.artifact import Artifact
from pipeline.errors import InputError

COLUMNS = ("id", "text", "source", "url", "lang", "license", "charset", "meta")
DROPPED_COLUMNS = (*COLUMNS, "stage", "rule", "value", "threshold")
ROWS = 1000


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


def write_documents(path: Path, documents: Iterable[Document | dict[str, Any]], dropped: bool = False) -> int:
    """Write documents in the order given; returns how many. The same documents give the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = DROPPED_COLUMNS if dropped else COLUMNS
    schema = pa.schema([(name, pa.string()) for name in columns])
    path.parent.mkdir(parents=True, exist_ok=True)
    total = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        rows: list[dict[str, Any]] = []
        for document in documents:
            meta = json.dumps(document["meta"], ensure_ascii=False, sort_keys=True)
            rows.append({name: meta if name == "meta" else str(document[name]) for name in columns})  # type: ignore[literal-required]
            total += 1
            if len(rows) == ROWS:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                rows = []
        if rows:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    return total


def read_file(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Documents of one Parquet file, in order, whole or of `columns` alone; memory is one row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                for row in file.read_row_group(group, columns=columns).to_pylist():
                    if "meta" in row:
                        row["meta"] = json.loads(row["meta"])
                    yield row
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} is not a documents file: {error}") from None


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
