"""Encoding documents into shards: `pack` beside datatrove's DocumentTokenizer, same Parquet file, same tokenizer.

    MALMOI_DATA=... python benchmarks/encode.py --tokenizer runs/by-name/quickstart/extend/model/tokenizer.json

Prints CPU-seconds of both (children included, one thread each, imports and loading counted), their ratio, and whether
every id is the same.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SIDES = ("datatrove", "malmoi")


def rows(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def write_input(target: Path, megabytes: float) -> tuple[int, int]:
    """Documents of every Korean source in turn, until the text has that many bytes."""
    from corpus.documents import write_documents

    data = Path(os.environ.get("MALMOI_DATA") or sys.exit("MALMOI_DATA names no folder"))
    sources = [rows(path) for path in sorted((data / "corpus_ko").glob("*/*.jsonl.gz"))]
    size = count = 0

    def documents() -> Iterator[dict[str, Any]]:
        nonlocal size, count
        while sources and size < megabytes * 1e6:
            for source in list(sources):
                row = next(source, None)
                if row is None:
                    sources.remove(source)
                    continue
                size += len(row["text"].encode())
                count += 1
                yield {
                    "id": str(count), "text": row["text"], "source": "all", "url": "", "lang": "ko",
                    "license": "unknown", "charset": "utf-8", "meta": {},
                }  # fmt: skip

    write_documents(target, documents())
    return count, size


def datatrove(source: Path, tokenizer: Path, out: Path) -> None:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.tokens import DocumentTokenizer

    steps = [
        ParquetReader(str(source.parent), text_key="text", id_key="id"),
        DocumentTokenizer(str(out / "tokens"), tokenizer_name_or_path=str(tokenizer), eos_token="<|endoftext|>",
                          shuffle_documents=False),
    ]  # fmt: skip
    LocalPipelineExecutor(steps, tasks=1, workers=1, logging_dir=str(out / "logs")).run()


def malmoi(source: Path, tokenizer: Path, out: Path) -> None:
    from tokenizer.bpe import read_tokenizer, size
    from tokenizer.pack import UNIT_GROUPS, Unit, encode_unit, join

    dtype = "uint16" if size(read_tokenizer(tokenizer)) <= 1 << 16 else "uint32"
    import pyarrow.parquet as pq

    folders = []
    for first in range(0, pq.read_metadata(source).num_row_groups, UNIT_GROUPS):
        folders.append(out / f"{first:06d}")
        folders[-1].mkdir()
        encode_unit(Unit(source, first), folders[-1], tokenizer=str(tokenizer), prefix=0, separator=0, dtype=dtype)
    join(folders, out / "all", "all", dtype)


def differences(folder: Path, tokenizer: Path) -> tuple[int, int]:
    """Documents whose ids differ, and how many of them spell a control token, which datatrove reads as one."""
    import pyarrow.parquet as pq

    control = [token["content"] for token in json.loads(tokenizer.read_text(encoding="utf-8"))["added_tokens"]]
    (theirs,) = (folder / "datatrove" / "tokens").glob("*.ds")
    (ends,) = (folder / "datatrove" / "tokens").glob("*.ds.index")
    ours = np.fromfile(folder / "malmoi" / "all.bin", "<u2")
    starts = np.fromfile(folder / "malmoi" / "all.idx", "<u8").astype(np.int64)
    ids, stops = np.fromfile(theirs, "<u2"), np.fromfile(ends, "<u8").astype(np.int64)
    differ = spelled = 0
    texts = pq.read_table(folder / "in" / "all.parquet", columns=["text"])["text"].to_pylist()
    for number, text in enumerate(texts):
        mine = ours[starts[number] + 1 : starts[number + 1]]  # without the prefix, which datatrove does not write
        if not np.array_equal(mine, ids[stops[number - 1] if number else 0 : stops[number]]):
            differ += 1
            spelled += any(token in text for token in control)
    return differ, spelled


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--tokenizer", type=Path, required=True)
    asked.add_argument("--megabytes", type=float, default=120)
    asked.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    asked.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.side:
        {"datatrove": datatrove, "malmoi": malmoi}[given.side](
            given.folder / "in" / "all.parquet", given.tokenizer.absolute(), given.folder / given.side
        )
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "in").mkdir()
        count, size = write_input(folder / "in" / "all.parquet", given.megabytes)
        spent = {}
        for side in SIDES:
            (folder / side).mkdir()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [sys.executable, __file__, "--tokenizer", given.tokenizer, "--side", side, "--folder", folder],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**os.environ, "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent[side] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        differ, spelled = differences(folder, given.tokenizer)
    print(f"{count:,} documents, {size:,} bytes")
    for side in SIDES:
        print(f"{side}: {spent[side]:.1f} CPU-seconds, {size / spent[side] / 1e6:.1f} MB a CPU-second")
    print(f"ratio {spent['datatrove'] / spent['malmoi']:.1f}")
    print(f"documents with other ids: {differ}, of them with a control token spelled in the text: {spelled}")


if __name__ == "__main__":
    main()
