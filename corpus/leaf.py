"""A user's own documents in the place of a stage: `{use: PATH, lang: ko, license: ...}`."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.documents import COLUMNS, write_documents
from corpus.sources.readers import Unfit, plain
from pipeline.artifact import files_below
from pipeline.config import Leaf
from pipeline.context import Context
from pipeline.errors import InputError


def adopt(section: Leaf, context: Context) -> dict[str, Any]:
    """Copy JSONL(.gz) or Parquet files, or a documents folder of ours, into `documents/` (or `train/`, `heldout/`).

    A file needs only `text`. Raises InputError naming the file and line for the first record that is no document.
    """
    path = Path(section.use).expanduser()
    if not path.exists():
        raise InputError(f"{section.use} does not exist; documents are used from a local path")
    splits = [name for name in ("train", "heldout") if (path / name).is_dir()]
    totals: dict[str, dict[str, Any]] = {}
    taken: set[str] = set()
    for name in splits or ["documents"]:
        root = path / name if (path / name).is_dir() else path
        found = [root] if root.is_file() else [file for file in files_below(root) if _readable(file)]
        if not found:
            raise InputError(f"{root} holds no .jsonl, .jsonl.gz or .parquet file")
        folder = context.fresh(name)
        for number, file in enumerate(found):
            target = file.stem if splits else f"{number:06d}"
            write_documents(
                folder / f"{target}.parquet", _unlike(_counted(section, file, number, name, totals, context), taken)
            )
    if not any(one for one in totals.values()):
        raise InputError(f"{section.use} holds no document")
    documents = sum(total[split]["documents"] for total in totals.values() for split in total if split in _SPLITS)
    context.counts.update(read=documents, kept=documents, dropped=0, failed=0)
    return {"sources": totals}


BOM = b"\xef\xbb\xbf"
_SPLITS = ("documents", "train", "heldout")


def _unlike(documents: Iterator[dict[str, Any]], taken: set[str]) -> Iterator[dict[str, Any]]:
    """The same documents, an id that came before made unlike it."""
    for document in documents:
        if document["id"] in taken:
            document["id"] = f"{document['id']}#{len(taken)}"
        taken.add(document["id"])
        yield document


def _readable(path: Path) -> bool:
    return path.name.endswith((".jsonl", ".jsonl.gz", ".parquet"))


def _counted(
    section: Leaf, file: Path, number: int, split: str, totals: dict[str, dict[str, Any]], context: Context
) -> Iterator[dict[str, Any]]:
    for document in _documents(section, file, number):
        total = totals.setdefault(document["source"], {"lang": document["lang"], "license": document["license"]})
        here = total.setdefault(split, {"documents": 0, "bytes": 0, "characters": 0})
        here["documents"] += 1
        here["bytes"] += len(document["text"].encode())
        here["characters"] += len(document["text"])
        if here["documents"] % 2000 == 0:
            context.stop_if_asked()
            context.progress(here["documents"], None, "documents")
        yield document


def _documents(section: Leaf, file: Path, number: int) -> Iterator[dict[str, Any]]:
    lang = section.lang or "ko"
    for row, record in enumerate(_records(file)):
        text = record.get("text")
        if not isinstance(text, str) or not text:
            raise InputError(f"{file}, record {row + 1}: no text under 'text'")
        given = {name: record[name] for name in COLUMNS if isinstance(record.get(name), str)}
        if isinstance(record.get("id"), int):
            given["id"] = str(record["id"])
        try:
            meta = _meta(record.get("meta"))
        except Unfit as error:
            raise InputError(f"{file}, record {row + 1}: meta: {error}") from None
        yield {
            "id": f"{section.source}/{number:06d}/{row:08d}",
            "source": section.source,
            "url": "",
            "lang": lang,
            "license": section.license,
            "charset": "utf-8",
            **given,
            **({"lang": section.lang} if section.lang else {}),
            "meta": meta,
        }


def _meta(said: Any) -> dict[str, Any]:
    """A mapping, or one that Parquet holds as JSON text; other text is kept under `text`."""
    import orjson

    if isinstance(said, str) and said:
        try:
            read = orjson.loads(said)
        except ValueError:
            read = None
        said = read if isinstance(read, dict) else {"text": said}
    return plain(said) if isinstance(said, dict) else {}


def _records(file: Path) -> Iterator[dict[str, Any]]:
    if file.suffix == ".parquet":
        yield from _parquet(file)
        return
    import orjson

    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    record = orjson.loads(line.removeprefix(BOM))  # strict UTF-8, no lone surrogates, bounded nesting
                except ValueError as error:
                    raise InputError(f"{file}, line {number}: not JSON: {error}") from None
                if not isinstance(record, dict):
                    raise InputError(f"{file}, line {number}: a JSON object is wanted, not {type(record).__name__}")
                yield record
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file} cannot be read: {error}") from None


def _parquet(file: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(1000):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file} is not Parquet: {error}") from None
