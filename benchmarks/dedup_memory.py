"""What `dedup` needs as a corpus grows: peak memory of its parent and of its largest worker, disk, CPU-seconds.

    python benchmarks/dedup_memory.py [DOCUMENTS ...]

The documents are made: 60 random eojeol each; every tenth is a near copy of an earlier one (one word differs), every
twentieth an exact copy. Each size runs in a process of its own with two workers: exact, MinHash and repeated lines.
Memory is the anonymous part of what is resident, sampled 20 times a second: mapped files, which the kernel can drop,
are left out.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from corpus.config import Dedup
from corpus.dedup import run
from corpus.documents import write_documents
from pipeline.artifact import files_below, publish
from pipeline.config import Run
from pipeline.context import Context

SIZES = (100_000, 200_000, 400_000)
FILES = 8


def made(count: int, seed: int) -> Iterator[dict[str, Any]]:
    choose = random.Random(seed)
    pool = ["".join(chr(choose.randint(0xAC00, 0xD7A3)) for _ in range(3)) for _ in range(20_000)]
    held: list[list[str]] = [choose.choices(pool, k=60)]
    for number in range(count):
        if number % 10 == 5:
            words = list(choose.choice(held))
            words[choose.randrange(60)] = choose.choice(pool)
        else:
            words = choose.choice(held) if number % 20 == 0 else choose.choices(pool, k=60)
        if len(held) < 1000:
            held.append(words)
        lines = "\n".join(" ".join(words[begin : begin + 20]) for begin in range(0, 60, 20))
        yield {
            "id": f"{seed}/{number}", "text": lines, "source": "made", "url": "", "lang": "ko", "license": "CC0-1.0",
            "charset": "utf-8", "meta": {},
        }  # fmt: skip


class Watch(threading.Thread):
    """The largest anonymous memory of this process and of any child, in KiB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.parent = self.worker = 0
        self.stop = threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self.stop.wait(0.05):
            self.parent = max(self.parent, anonymous(me.pid))
            self.worker = max([self.worker, *(anonymous(child.pid) for child in me.children())])


def anonymous(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it has ended
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")]
    return int(found[0]) if found else 0


def one(count: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        part = Path(scratch) / "given.part"
        for number in range(FILES):
            write_documents(part / "documents" / f"{number}.parquet", made(count // FILES, number))
        empty: dict[str, Any] = {"section": {}, "inputs": {}, "counts": {}, "metrics": {}, "provenance": {}}
        given = publish(part, part.with_suffix(""), {"stage": "given", "version": 1, "fingerprint": "given", **empty})
        place = Path(scratch) / "dedup.part"
        place.mkdir()
        context = Context("dedup", place, {"documents": given}, Run(root=scratch, workers=2))
        watch = Watch()
        watch.start()
        before = resource.getrusage(resource.RUSAGE_SELF)
        metrics = run(Dedup(lines="paragraph"), context)
        after, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        watch.stop.set()
        watch.join()
        seconds = after.ru_utime - before.ru_utime + workers.ru_utime
        disk = sum(path.stat().st_size for path in files_below(context.work))
        steps = {step["step"]: step["documents_dropped"] for step in metrics["steps"]}
        print(
            f"| {count:,} | {watch.parent / 1024:.0f} | {watch.worker / 1024:.0f} | {disk / count:.0f} "
            f"| {seconds:.1f} | {steps['exact']:,} | {steps['minhash']:,} |"
        )


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    if len(sizes) == 1:
        one(sizes[0])
        return
    print("| documents | parent MiB | worker MiB | scratch bytes a document | CPU s | exact | MinHash |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for size in sizes:
        subprocess.run([sys.executable, __file__, str(size)], check=True)


if __name__ == "__main__":
    main()
