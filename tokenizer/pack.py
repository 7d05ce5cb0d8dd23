"""The stage `pack`: one token stream per source and split, with the offset of every document.

`<split>/<source>.bin` holds little-endian uint16 or uint32 ids, each document as prefix + ids + separator;
`<split>/<source>.idx` holds documents + 1 little-endian uint64 offsets, counted in tokens.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.documents import files, row_groups
from pipeline.artifact import Artifact, file_sha256, write_json
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer.base import document_ids
from tokenizer.bpe import read_tokenizer, size
from tokenizer.config import Pack
from tokenizer.embed import read_json
from tokenizer.encode import Encoder, Unequal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNIT_GROUPS = 16  # row groups of the Parquet file per unit of work
SPLITS = ("train", "heldout")


@dataclass(frozen=True)
class Unit:
    """Row groups [first, first + UNIT_GROUPS) of one Parquet file."""

    path: Path
    first: int


def run(section: Pack, context: Context) -> dict[str, Any]:
    """Encode every document; raises InputError where a source holds two languages or the model lacks rows."""
    from transformers import AutoTokenizer

    model = context.artifact("model").path / "model"
    tokenizer_file = model / "tokenizer.json"
    vocabulary = int(read_json(model / "config.json")["vocab_size"])
    if size(read_tokenizer(tokenizer_file)) > vocabulary:
        raise InputError(f"{tokenizer_file} has more ids than the {vocabulary} rows of the model beside it")
    prefix, separator = document_ids(AutoTokenizer.from_pretrained(str(model.absolute())))
    dtype = "uint16" if vocabulary <= 1 << 16 else "uint32"

    sources = _sources(context.artifact("documents"))
    units = [Unit(path, first) for path in sources.values() for first in range(0, row_groups(path), UNIT_GROUPS)]
    if not units:
        raise InputError(f"{context.artifact('documents').path} holds no documents to pack")
    work = partial(encode_unit, tokenizer=str(tokenizer_file), prefix=prefix, separator=separator, dtype=dtype)
    folders = context.each_unit(units, work)

    for split in SPLITS:
        shutil.rmtree(context.path / split, ignore_errors=True)
    streams: dict[str, dict[str, Any]] = {}
    read = dropped = 0
    for name, path in sources.items():
        made = [folder for unit, folder in zip(units, folders, strict=True) if unit.path == path]
        stream, empty = join(made, context.path / name, name, dtype)
        read += stream["documents"] + empty
        dropped += empty
        if stream["documents"]:
            streams[name] = stream
    if not streams:
        raise InputError(f"{context.artifact('documents').path} holds only empty documents")
    context.counts.update(read=read, kept=read - dropped, dropped=dropped, failed=0)
    return {
        "prefix": prefix,
        "separator": separator,
        "vocabulary": vocabulary,
        "tokenizer_sha256": file_sha256(tokenizer_file),
        "streams": streams,
    }


def _sources(artifact: Artifact) -> dict[str, Path]:
    """Stream name (`train/<source>`) -> Parquet file; documents without a split are all `train`."""
    if not (artifact.path / "train").is_dir():
        return {f"train/{path.stem}": path for path in files(artifact)}
    return {
        f"{split}/{path.stem}": path for split in SPLITS for path in sorted((artifact.path / split).glob("*.parquet"))
    }


def _read(unit: Unit) -> Iterator[tuple[list[str], list[str], int, int]]:
    """Texts that are not empty, the languages, the texts' UTF-8 bytes and how many were empty, by row group."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(unit.path) as file:
            for group in range(unit.first, min(unit.first + UNIT_GROUPS, file.num_row_groups)):
                table = file.read_row_group(group, columns=["text", "lang"])
                texts = table["text"].to_pylist()
                size = int(pc.sum(pc.binary_length(table["text"])).as_py() or 0)
                kept = [text for text in texts if text and not text.isspace()]
                if len(kept) < len(texts):
                    size = sum(len(text.encode()) for text in kept)
                yield kept, table["lang"].unique().to_pylist(), size, len(texts) - len(kept)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise InputError(f"{unit.path} is not a documents file: {error}") from None


def encode_unit(unit: Unit, folder: Path, *, tokenizer: str, prefix: int, separator: int, dtype: str) -> None:
    """Write `tokens`, `lengths` (uint64, tokens per document) and `facts.json` of one unit into `folder`."""
    encoder = _encoder(tokenizer)
    try:
        _encode_unit(unit, folder, encoder, (prefix, separator), dtype)
    except Unequal:  # once is enough: this unit's ids are all made by `tokenizers`
        _encode_unit(unit, folder, Encoder(read_tokenizer(Path(tokenizer)), fast=False), (prefix, separator), dtype)


@lru_cache(maxsize=1)
def _encoder(tokenizer: str) -> Encoder:
    """Built once per worker: the check on the probes takes a second."""
    return Encoder(read_tokenizer(Path(tokenizer)))


def _encode_unit(unit: Unit, folder: Path, encoder: Encoder, frame: tuple[int, int], dtype: str) -> None:
    import numpy as np

    langs: set[str] = set()
    utf8 = empty = 0
    encoder.restart()
    with (folder / "tokens").open("wb") as out, (folder / "lengths").open("wb") as lengths:
        for texts, found, size, blank in _read(unit):
            empty += blank
            langs.update(found)
            utf8 += size
            ids, counts = encoder.encode(texts)
            ends = np.cumsum(counts + 2)
            framed = np.empty(len(ids) + 2 * len(counts), f"<{_code(dtype)}")
            inside = np.ones(len(framed), bool)
            inside[ends - 1] = inside[ends - counts - 2] = False
            framed[inside] = ids
            framed[ends - counts - 2], framed[ends - 1] = frame
            framed.tofile(out)
            (counts + 2).astype("<u8").tofile(lengths)
    write_json(folder / "facts.json", {"langs": sorted(langs), "bytes": utf8, "empty": empty})


def join(folders: list[Path], target: Path, name: str, dtype: str) -> tuple[dict[str, Any], int]:
    """Concatenate units into `<target>.bin` and `.idx`; returns the stream's metrics and its empty documents."""
    import numpy as np

    facts = [json.loads((folder / "facts.json").read_text(encoding="utf-8")) for folder in folders]
    langs = sorted({lang for fact in facts for lang in fact["langs"]})
    if len(langs) > 1:
        raise InputError(f"the source '{name}' mixes the languages {', '.join(langs)}; a stream has one")
    empty = sum(fact["empty"] for fact in facts)
    lengths = [np.fromfile(folder / "lengths", dtype="<u8") for folder in folders]
    offsets = np.concatenate([np.zeros(1, "<u8"), *lengths]).cumsum(dtype="<u8")
    stream = {
        "lang": langs[0] if langs else "",
        "dtype": dtype,
        "tokens": int(offsets[-1]),
        "documents": len(offsets) - 1,
        "bytes": sum(fact["bytes"] for fact in facts),
        "file": f"{name}.bin",
        "index": f"{name}.idx",
    }
    if stream["documents"]:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.with_name(f"{target.name}.bin").open("wb") as out:
            for folder in folders:
                with (folder / "tokens").open("rb") as tokens:
                    shutil.copyfileobj(tokens, out, 1 << 20)
        offsets.tofile(target.with_name(f"{target.name}.idx"))
    return stream, empty


def _code(dtype: str) -> str:
    return {"uint16": "u2", "uint32": "u4"}[dtype]


class Stream:
    """One packed stream, memory-mapped: `Stream(artifact, "train/docs").document(3)`.

    Raises InputError where the artifact has no such stream or its files have other sizes than the manifest says.
    """

    def __init__(self, artifact: Artifact, name: str) -> None:
        streams = artifact.metrics.get("streams", {})
        if name not in streams:
            raise InputError(f"{artifact.path} has no stream '{name}'; it has {', '.join(sorted(streams)) or 'none'}")
        self.name = name
        self.facts: dict[str, Any] = streams[name]
        self.lang: str = self.facts["lang"]
        self._data = artifact.path / self.facts["file"]
        self._index = artifact.path / self.facts["index"]
        width = 2 if self.facts["dtype"] == "uint16" else 4
        for path, wanted in ((self._data, width * self.facts["tokens"]), (self._index, 8 * (len(self) + 1))):
            found = path.stat().st_size if path.is_file() else -1
            if found != wanted:
                raise InputError(f"{path} has {max(found, 0)} bytes, the manifest says {wanted}")

    def __len__(self) -> int:
        """Documents."""
        return int(self.facts["documents"])

    @cached_property
    def tokens(self) -> NDArray[np.unsignedinteger[Any]]:
        """(tokens,) ids of the whole stream, read from disk as they are touched."""
        import numpy as np

        return np.memmap(self._data, dtype=f"<{_code(self.facts['dtype'])}", mode="r")

    @cached_property
    def offsets(self) -> NDArray[np.uint64]:
        """(documents + 1,) first token of every document, and the end."""
        import numpy as np

        return np.memmap(self._index, dtype="<u8", mode="r")

    def document(self, number: int) -> NDArray[np.unsignedinteger[Any]]:
        """Ids of one document, its prefix and separator included; a view, not a copy."""
        if not 0 <= number < len(self):
            raise IndexError(f"stream {self.name} has no document {number}")
        return self.tokens[int(self.offsets[number]) : int(self.offsets[number + 1])]
