"""Learning pieces: memory and CPU time of the stage `pieces` and of `tokenizers`' BpeTrainer on the same text.

Every document of `$MALMOI_DATA/corpus_ko` is taken in order, and again from the start until the text has 200 MB: the
development data holds 174 MB, so the last 26 MB bring no new words. Both sides read the same Parquet file in one
process with one thread, cut words by the same rule (runs of Hangul, one leading space) and learn 16,000 pieces that are
seen twice.

`MALMOI_DATA=... python -m benchmarks.pieces [--megabytes 200] [--size 16000]`
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import measure

LANG = "ko"


def write_input(folder: Path, megabytes: float) -> tuple[int, int]:
    """`train/all.parquet` of documents with so many bytes of text; returns documents and bytes."""
    from corpus.documents import write_documents

    data = Path(os.environ.get("MALMOI_DATA") or sys.exit("MALMOI_DATA names no folder"))
    paths = sorted((data / "corpus_ko").glob("*/*.jsonl.gz"))
    size = count = 0

    def documents() -> Iterator[dict[str, Any]]:
        nonlocal size, count
        for path in itertools.cycle(paths):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                for line in file:
                    text = json.loads(line)["text"]
                    size += len(text.encode())
                    count += 1
                    yield {
                        "id": str(count), "text": text, "source": "all", "url": "", "lang": LANG, "license": "unknown",
                        "charset": "utf-8", "meta": {},
                    }  # fmt: skip
                    if size >= megabytes * 1e6:
                        return

    write_documents(folder / "train" / "all.parquet", documents())
    return count, size


def ours(folder: Path, size: int) -> None:
    """The stage itself."""
    from pipeline.artifact import Artifact
    from pipeline.config import Run
    from pipeline.context import Context
    from tokenizer.config import Pieces
    from tokenizer.pieces import run

    out = folder / "pieces"
    out.mkdir()
    context = Context("pieces", out, {"documents": Artifact(folder)}, Run(workers=1, threads=1))
    found = run(Pieces(size=size), context)
    print(f"  malmoi: {found['pieces']} pieces from {found['words']}")


def theirs(folder: Path, size: int) -> None:
    """tokenizers' trainer on the same words: the pre-tokenizer keeps what the rule matches and drops the rest."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    from corpus.documents import read_file

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(" ?[가-힣]+"), "removed", invert=True)
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=2, show_progress=False)
    tokenizer.train_from_iterator((row["text"] for row in read_file(folder / "train" / "all.parquet")), trainer)
    print(f"  tokenizers: {tokenizer.get_vocab_size()} pieces")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--size", type=int, default=16000)
    parser.add_argument("--side", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        {"ours": ours, "theirs": theirs}[given.side](given.folder, given.size)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        count, size = write_input(folder, given.megabytes)
        print(f"{count} documents, {size / 1e6:.0f} MB")
        os.environ["RAYON_NUM_THREADS"] = "1"
        used = {}
        for side in ("ours", "theirs"):
            arguments = ["--side", side, "--folder", str(folder), "--size", str(given.size)]
            used[side] = measure([sys.executable, "-m", "benchmarks.pieces", *arguments])
        print("| | CPU s | peak MB |\n|---|---|---|")
        for side, name in (("ours", "malmoi pieces"), ("theirs", "tokenizers BpeTrainer")):
            print(f"| {name} | {used[side].cpu:.1f} | {used[side].peak / 1e6:.0f} |")
        one, two = used["ours"], used["theirs"]
        print(f"CPU {two.cpu / one.cpu:.2f}x, memory {two.peak / one.peak:.2f}x")


if __name__ == "__main__":
    main()
