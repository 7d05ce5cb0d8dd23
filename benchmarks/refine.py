"""Refine beside the stock datatrove chain, on the same WARC file of made pages: CPU seconds, memory, what each keeps.

    MALMOI_DATA=... python benchmarks/refine.py --pages 5000 --korean 0.36

Each side runs in a process of its own with one worker. CPU seconds are of the process and all its children, imports
included; memory is the largest sum of their proportional set sizes. Ours also writes every dropped page with its rule;
the stock chain keeps nothing of what it drops but a line. `--out` keeps the kept sets and where they disagree.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from measure import Used

HERE = Path(__file__).parent
FEW = 10  # pages of a first run, whose cost is that of the start: imports, models
EXCERPT = 1500  # characters of a disagreement's text that are written


def crawled(warc: Path, out: Path) -> None:
    """A crawl artifact that holds the WARC file as it is: what refine is given."""
    from pipeline.artifact import publish

    part = out / "crawl.part"
    (part / "warc").mkdir(parents=True)
    os.link(warc, part / "warc" / "pages.warc.gz")
    facts = {"kind": "pages", "lang": "ko", "license": "unknown"}
    publish(
        part, out / "crawl",
        {"stage": "crawl", "version": 1, "fingerprint": "0", "section": {}, "inputs": {}, "counts": {},
         "metrics": {"sources": {"pages": facts}}, "provenance": {}},
    )  # fmt: skip


def ours(out: Path) -> None:
    """The stage function itself."""
    from corpus import refine
    from corpus.config import Refine
    from pipeline.artifact import Artifact
    from pipeline.config import Run
    from pipeline.context import Context

    (out / "refine").mkdir()
    context = Context("refine", out / "refine", {"crawl": Artifact(out / "crawl")}, Run(root=str(out), workers=1))
    metrics = refine.run(Refine(), context)
    (out / "metrics.json").write_text(json.dumps({"counts": context.counts, **metrics}, ensure_ascii=False, indent=1))


def kept_by_us(out: Path) -> dict[str, str]:
    from corpus.documents import read_file

    return {
        row["url"]: row["text"]
        for path in sorted((out / "refine/documents").glob("*.parquet"))
        for row in read_file(path, ["url", "text"])
    }


def dropped_by_us(out: Path) -> dict[str, dict[str, Any]]:
    from corpus.documents import read_file

    return {
        row["url"]: {**row, "rule": f"{row['rule']} {row['meta'].get('option', '')}".strip()}
        for path in sorted((out / "refine/dropped").glob("*.parquet"))
        for row in read_file(path)
    }


def lines(path: Path) -> dict[str, dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return {row["url"]: row for row in map(json.loads, file)}


def compare(folder: Path) -> dict[str, Any]:
    """How the kept sets differ, by language of the page and by the rule that dropped it; each is written to a file."""
    mine, theirs = kept_by_us(folder / "ours"), lines(folder / "stock/kept.jsonl")
    my_reason, their_reason = dropped_by_us(folder / "ours"), lines(folder / "stock/dropped.jsonl")
    only: dict[str, Counter[str]] = {"only_ours": Counter(), "only_stock": Counter()}
    with (folder / "disagreements.jsonl").open("w", encoding="utf-8") as file:
        for url in sorted(mine.keys() ^ theirs.keys()):
            side, other = ("only_ours", their_reason) if url in mine else ("only_stock", my_reason)
            found = other.get(url, {})
            rule = found.get("rule", "no text")
            only[side][rule] += 1
            row = {"side": side, "url": url, "rule": rule, "value": found.get("value"), "ours": mine.get(url, "")}
            row |= {"dropped_text": found.get("text", ""), "stock": theirs.get(url, {}).get("text", "")}
            cut = {key: value[:EXCERPT] if isinstance(value, str) else value for key, value in row.items()}
            file.write(json.dumps(cut, ensure_ascii=False) + "\n")
    both = mine.keys() & theirs.keys()
    sizes = {"ours": sum(len(mine[url]) for url in both), "stock": sum(len(theirs[url]["text"]) for url in both)}
    return {
        "kept": {"ours": len(mine), "stock": len(theirs), "both": len(both)},
        "characters_of_both": sizes,
        **{side: dict(counts.most_common()) for side, counts in only.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--korean", type=float, default=0.36, help="share of Korean pages")
    parser.add_argument("--out", type=Path, help="folder for the kept sets; default: a temporary one")
    parser.add_argument("--ours", type=Path, help="run our side only, in this process, on the crawl in this folder")
    options = parser.parse_args()
    if options.ours:
        ours(options.ours)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(json.dumps(both_sides(folder, options.pages, options.korean), ensure_ascii=False, indent=1))


def both_sides(folder: Path, pages: int, korean: float) -> dict[str, Any]:
    from made_pages import write

    data = Path(os.environ["MALMOI_DATA"])
    start = folder / "start"
    start.mkdir()
    write(start / "pages.warc.gz", data, FEW, 0.5)
    mine_first, theirs_first = run(start, data)
    made = write(folder / "pages.warc.gz", data, pages, korean)
    mine, theirs = run(folder, data)
    return {
        "input": {**made, "korean": korean},
        "ours": {"cpu_seconds": round(mine.cpu, 2), "peak_mib": mine.peak >> 20},
        "stock": {"cpu_seconds": round(theirs.cpu, 2), "peak_mib": theirs.peak >> 20},
        "cpu_ratio": round(theirs.cpu / mine.cpu, 1),
        "memory_ratio": round(theirs.peak / mine.peak, 1),
        "cpu_seconds_of_ten_pages": {"ours": round(mine_first.cpu, 2), "stock": round(theirs_first.cpu, 2)},
        "cpu_ratio_beyond_ten_pages": round((theirs.cpu - theirs_first.cpu) / (mine.cpu - mine_first.cpu), 1),
        **compare(folder),
    }


def run(folder: Path, data: Path) -> tuple[Used, Used]:
    """What our side and the stock chain take for the WARC file of a folder."""
    from measure import measure

    warc, python = folder / "pages.warc.gz", [sys.executable, "-P"]
    crawled(warc, folder / "ours")
    mine = measure([*python, str(HERE / "refine.py"), "--ours", str(folder / "ours")])
    theirs = measure([*python, str(HERE / "stock_chain.py"), str(warc), str(folder / "stock"), str(data)])
    return mine, theirs


if __name__ == "__main__":
    main()
