"""What it costs to take one language's share of a Common Crawl: CPU seconds per index row and per record fetched.

    MALMOI_DATA=... python benchmarks/commoncrawl.py --pages 1000 --rows 1000000

The index is MADE: Common Crawl's columns and SURT order, random digests, 1 % Korean, row groups of 100,000; it is read
from the disk. The pages are made_pages.py's, all Korean: they are fetched one by one over loopback from a server in
another process, whose time does not count, at no limited pace; then the same file is read whole and written anew. CPU
seconds are of this process and its threads.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CRAWL = "CC-MAIN-2099-01"
GROUP = 100_000  # rows of the made index's row groups
NAME = f"crawl-data/{CRAWL}/segments/1.1/warc/CC-MAIN-00000.warc.gz"


def serve(folder: str, line: Any) -> None:
    """The child: serve a folder by ranges until the line is closed."""
    sys.path.insert(0, str(ROOT))
    from tests.loopback import serving

    with serving(Path(folder)) as server:
        line.send(server.base)
        line.recv()


def make_index(path: Path, rows: int, korean: list[dict[str, Any]]) -> None:
    """`rows` rows, one in a hundred Korean; the true places of `korean` come first among them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    choose = random.Random(0)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    writer = None
    for begin in range(0, rows, GROUP):
        table = []
        for number in range(begin, min(rows, begin + GROUP)):
            is_korean = number % 100 == 0
            host = f"site{number // 20:08d}.{'co.kr' if is_korean else 'com'}"
            at = number // 100
            place = {
                "content_digest": "".join(choose.choices(letters, k=32)),
                "warc_filename": f"crawl-data/{CRAWL}/segments/{choose.randrange(100)}.1/warc/"
                f"CC-MAIN-20990101000000-20990101030000-{choose.randrange(900):05d}.warc.gz",
                "warc_record_offset": choose.randrange(1 << 30),
                "warc_record_length": choose.randrange(2_000, 60_000),
            }
            if is_korean and at < len(korean):
                place = korean[at]
            table.append(
                {
                    "url_surtkey": f"com,site{number:09d})/a/{number}",
                    "url": f"https://{host}/a/{number}",
                    "fetch_status": 200,
                    "content_mime_detected": "text/html",
                    "content_charset": "UTF-8",
                    "content_languages": "kor" if is_korean else choose.choice(["eng", "rus", "deu,eng", "jpn", "spa"]),
                    **place,
                }
            )
        whole = pa.Table.from_pylist(table)
        writer = writer or pq.ParquetWriter(path, whole.schema, compression="gzip")
        writer.write_table(whole)
    if writer is not None:
        writer.close()


def make_dump(root: Path, data: Path, pages: int) -> list[dict[str, Any]]:
    """A WARC file of Korean made pages; the places of its records."""
    from made_pages import pages as made

    from corpus.archive.record import sha1
    from corpus.archive.warc import Page, page_member

    path = root / NAME
    path.parent.mkdir(parents=True)
    places, at = [], 0
    with path.open("wb") as file:
        for url, body, _ in made(data, pages, 1.0):
            member = page_member(Page(url, {"content-type": "text/html"}, body, mime="text/html"))
            places.append(
                {"content_digest": sha1(body), "warc_filename": NAME, "warc_record_offset": at,
                 "warc_record_length": len(member)}
            )  # fmt: skip
            at += len(member)
            file.write(member)
    return places


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    answer = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print(json.dumps(measured(Path(temporary), options.pages, options.rows), indent=1))


def indexed(path: Path) -> None:
    """Choose among the rows of a local index file."""
    from corpus.config import CommonCrawl
    from corpus.sources.ccindex import select
    from corpus.sources.ranges import Client
    from corpus.web.polite import Manners

    folder = path.with_suffix(".selected")
    folder.mkdir()
    asked = CommonCrawl(crawl=CRAWL, index=str(path))
    select(asked, [str(path)], folder, Client(path.parent, Manners(rate=1000.0)), lambda done, total: None)


def copied(path: Path, out: Path) -> int:
    """Read a whole WARC file and write its pages anew, as `archives` does; returns how many."""
    from corpus.archive.warc import page_member
    from corpus.sources.intake import Tally, wanted_pages

    count = 0
    with out.open("wb") as file:
        for page in wanted_pages(path, Tally(), None):
            file.write(page_member(page))
            count += 1
    return count


def measured(folder: Path, pages: int, rows: int) -> dict[str, Any]:
    from corpus.config import CommonCrawl, Source
    from corpus.sources import commoncrawl
    from pipeline.config import Run
    from pipeline.context import Context

    places = make_dump(folder / "dump", Path(os.environ["MALMOI_DATA"]), pages)
    make_index(folder / "many.parquet", rows, [])
    make_index(folder / "few.parquet", pages * 100, places)
    indexing, small = (cpu(lambda name=name: indexed(folder / name))[0] for name in ("many.parquet", "few.parquet"))
    spawn = multiprocessing.get_context("spawn")
    near, far = spawn.Pipe()
    child = spawn.Process(target=serve, args=(str(folder / "dump"), far))
    child.start()
    base = near.recv()
    few = CommonCrawl(crawl=CRAWL, base=base, index=str(folder / "few.parquet"))
    (folder / "out").mkdir()
    context = Context("crawl", folder / "out", {}, Run(root=str(folder), host_rate=100_000.0))
    commoncrawl.GAP = -1  # Korean records rarely lie side by side: one request each
    both, facts = cpu(lambda: commoncrawl.gather("cc", Source(commoncrawl=few), folder / "out.warc.gz", context))
    near.send(None)
    child.join()
    fetching = both - small
    copying, count = cpu(lambda: copied(folder / "dump" / NAME, folder / "copy.warc.gz"))
    size = (folder / "out.warc.gz").stat().st_size
    return {
        "index": {"rows": rows, "bytes": (folder / "many.parquet").stat().st_size, "cpu_seconds": round(indexing, 2),
                  "rows_per_cpu_second": round(rows / indexing)},
        "fetch": {"records": facts["kept"], "bytes": size, "cpu_seconds": round(fetching, 2),
                  "records_per_cpu_second": round(facts["kept"] / fetching, 1)},
        "copy": {"records": count, "cpu_seconds": round(copying, 2),
                 "records_per_cpu_second": round(count / copying, 1)},
    }  # fmt: skip


if __name__ == "__main__":
    main()
