"""What one Common Crawl dump costs to take the Korean out of, computed from measured rates and published sizes.

    MALMOI_DATA=... python benchmarks/refine.py --pages 1000 --korean 1.0 > korean.json
    MALMOI_DATA=... python benchmarks/refine.py --pages 5000 --korean 0.01 > mixed.json
    MALMOI_DATA=... python benchmarks/commoncrawl.py --pages 1000 > fetch.json
    python benchmarks/dump_plan.py --korean korean.json --mixed mixed.json --fetch fetch.json

Two ways: `index` chooses the Korean records by the columnar index and reads only them by ranges; `whole` reads every
WARC file and leaves the choice to refine. Rates come from the JSON files of the scripts above; sizes are published ones
with their source below; everything else is an option, and its default an assumption that the output names.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# CC-MAIN-2024-42: pages from plots/crawlsize/monthly.csv, Korean ones (first language of the page) from
# plots/languages.csv of https://commoncrawl.github.io/cc-crawl-statistics, as of October 2024.
CRAWL = "CC-MAIN-2024-42"
PAGES = 2_495_190_754
KOREAN = 18_435_212
# About 300 GB of index per crawl: https://www.commoncrawl.org/columnar-index (September 2025).
INDEX_GB = 300.0
# A dump's WARC files, about 90,000 of about 1 GB: README of https://github.com/tballison/commoncrawl-fetcher-lite.
WARC_TB = 90.0
HOUR, DAY = 3600.0, 86400.0
WORDS = {
    "en": {
        "head": ("", "by the index", "whole WARC files"), "pages": "pages read", "bytes": "bytes fetched",
        "requests": "requests", "days": "days at the pace of one host", "line": "days at the bandwidth",
        "fetch": "CPU-hours: index, fetch, copy", "refine": "CPU-hours: refine", "wall": "hours of refine on the cores",
        "disk": "disk of the crawl", "money": "money",
    },
    "ko": {
        "head": ("", "색인으로 고르기", "WARC 전체"), "pages": "읽는 페이지", "bytes": "받는 바이트",
        "requests": "요청", "days": "한 호스트의 속도로 걸리는 날", "line": "회선 속도로 걸리는 날",
        "fetch": "CPU 시간: 색인, 받기, 베끼기",
        "refine": "CPU 시간: refine", "wall": "코어 전체로 refine을 하는 시간",
        "disk": "수집본의 디스크", "money": "비용",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """One way through a dump. CPU in hours; bytes in GB; money in dollars."""

    pages: float
    gigabytes: float
    requests: float
    pace_days: float
    line_days: float
    fetch: float
    refine: float
    wall: float
    disk: float
    money: float


def rate(path: Path) -> float:
    """Pages a CPU second of our side, from the output of benchmarks/refine.py."""
    found = json.loads(path.read_text())
    return float(found["input"]["pages"]) / float(found["ours"]["cpu_seconds"])


def by_index(options: argparse.Namespace, fetched: dict[str, Any], korean: float) -> Way:
    """Index rows and records at their measured rates; a record is as large as the dump's mean one."""
    size = options.warc_tb * 1000 / options.pages  # GB
    # the index is asked for in pieces of at most 16 MiB, and hardly two records lie close enough for one request
    requests = options.korean_pages + options.index_gb * 1e9 / (16 << 20)
    cpu = options.pages / fetched["index"]["rows_per_cpu_second"]
    cpu += options.korean_pages / fetched["fetch"]["records_per_cpu_second"]
    gigabytes = options.index_gb + options.korean_pages * size
    return _way(options, options.korean_pages, gigabytes, requests, cpu, korean, options.korean_pages * size)


def by_files(options: argparse.Namespace, fetched: dict[str, Any], mixed: float) -> Way:
    """Every page through refine; a file lies on the disk while it is read, the crawl keeps all pages."""
    gigabytes = options.warc_tb * 1000
    cpu = options.pages / fetched["copy"]["records_per_cpu_second"]
    return _way(options, options.pages, gigabytes, gigabytes * 1e9 / (16 << 20), cpu, mixed, gigabytes)


def _way(
    options: argparse.Namespace, pages: float, gigabytes: float, requests: float, cpu: float, refine: float,
    disk: float,
) -> Way:  # fmt: skip
    fetching, refining = cpu / HOUR, pages / refine / HOUR
    money = (fetching + refining) * options.cpu_hour + disk * options.storage_month * options.months
    return Way(
        pages, gigabytes, requests, requests / options.rate / DAY, gigabytes * 8 / options.gbit / DAY,
        fetching, refining, refining / options.cores, disk, money,
    )  # fmt: skip


def table(ways: list[Way], lang: str) -> str:
    words = WORDS[lang]
    rows = [
        (words["pages"], [f"{way.pages / 1e6:,.1f} M" for way in ways]),
        (words["bytes"], [f"{way.gigabytes / 1000:,.2f} TB" for way in ways]),
        (words["requests"], [f"{way.requests / 1e6:,.1f} M" for way in ways]),
        (words["days"], [f"{way.pace_days:,.1f}" for way in ways]),
        (words["line"], [f"{way.line_days:,.1f}" for way in ways]),
        (words["fetch"], [f"{way.fetch:,.0f}" for way in ways]),
        (words["refine"], [f"{way.refine:,.0f}" for way in ways]),
        (words["wall"], [f"{way.wall:,.1f}" for way in ways]),
        (words["disk"], [f"{way.disk / 1000:,.2f} TB" for way in ways]),
        (words["money"], [f"${way.money:,.0f}" for way in ways]),
    ]
    lines = [f"| {' | '.join(words['head'])} |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--korean", type=Path, required=True, help="refine.py's output on Korean pages")
    parser.add_argument("--mixed", type=Path, required=True, help="refine.py's output on 1 %% Korean pages")
    parser.add_argument("--fetch", type=Path, required=True, help="commoncrawl.py's output")
    parser.add_argument("--pages", type=float, default=PAGES, help=f"published: {CRAWL}")
    parser.add_argument("--korean-pages", type=float, default=KOREAN, help=f"published: {CRAWL}")
    parser.add_argument("--warc-tb", type=float, default=WARC_TB, help="TB of WARC files (approximate)")
    parser.add_argument("--index-gb", type=float, default=INDEX_GB, help="GB of index, of which all counts as read")
    parser.add_argument("--rate", type=float, default=5.0, help="requests a second to one host, as run.host_rate")
    parser.add_argument("--gbit", type=float, default=1.0, help="assumption: bandwidth in Gbit/s")
    parser.add_argument("--cores", type=int, default=64, help="assumption: cores that refine runs on")
    parser.add_argument("--cpu-hour", type=float, default=0.04, help="assumption: dollars a core and hour")
    parser.add_argument("--storage-month", type=float, default=0.023, help="assumption: dollars a GB and month")
    parser.add_argument("--months", type=float, default=1.0, help="assumption: months the crawl is kept")
    parser.add_argument("--lang", choices=sorted(WORDS), default="en")
    options = parser.parse_args()
    korean, mixed = rate(options.korean), rate(options.mixed)
    fetched = json.loads(options.fetch.read_text())
    print(table([by_index(options, fetched, korean), by_files(options, fetched, mixed)], options.lang))
    print(
        f"\n{CRAWL}: {options.pages:,.0f} pages, {options.korean_pages:,.0f} of them Korean "
        f"({100 * options.korean_pages / options.pages:.4f} %), WARC about {options.warc_tb:g} TB, index about "
        f"{options.index_gb:g} GB.\nMeasured: refine {korean:.1f} pages a CPU second where all are Korean, {mixed:.1f} "
        f"where 1 % are; {fetched['index']['rows_per_cpu_second']:,} index rows, "
        f"{fetched['fetch']['records_per_cpu_second']} records fetched and {fetched['copy']['records_per_cpu_second']} "
        f"copied a CPU second.\nAssumed: {options.rate:g} requests a second, "
        f"{options.gbit:g} Gbit/s, {options.cores} cores, ${options.cpu_hour:g} a core and hour, "
        f"${options.storage_month:g} a GB and month for {options.months:g} month(s); nothing for data sent to us."
    )


if __name__ == "__main__":
    main()
