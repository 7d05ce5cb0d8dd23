"""What each rule set keeps of real text, per source and per rule, and what judging costs.

    MALMOI_DATA=... .venv/bin/python benchmarks/rule_sets.py OUT [documents per source]

Runs crawl, refine and audit once per rule set over every JSONL of corpus_ko, corpus_en and registry, into OUT; prints
the tables of docs/*/benchmarks.md. Sheets to read lie in OUT/by-name/rule-sets/audit@<rule set>/.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SETS = ("stock", "fineweb2", "korean", "strict")


def main() -> None:
    out, limit = Path(sys.argv[1]).absolute(), int(sys.argv[2]) if len(sys.argv) > 2 else 200
    data = Path(os.environ["MALMOI_DATA"])
    paths = [
        path for kind in ("corpus_ko", "corpus_en", "registry") for path in sorted(data.glob(f"{kind}/*/*.jsonl.gz"))
    ]
    out.mkdir(parents=True, exist_ok=True)
    config = out / "rule-sets.json"
    config.write_text(json.dumps(_config(paths, limit, out)), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "pipeline.stage", "all", "--config", str(config)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    by_set = {name: _read(out, f"audit@{name}") for name in SETS}
    _sources(by_set)
    _rules(by_set)
    _cost(out)


def _config(paths: list[Path], limit: int, out: Path) -> dict[str, Any]:
    sources = {_name(path): {"jsonl": str(path), "lang": _lang(path), "limit": limit} for path in paths}
    config: dict[str, Any] = {
        "run": {"root": str(out / "runs"), "name": "rule-sets", "workers": 1},
        "crawl": {"sources": sources},
    }
    for name in SETS:
        config[f"refine@{name}"] = {"rules": name}
        config[f"audit@{name}"] = {"documents": f"refine@{name}"}
    return config


def _name(path: Path) -> str:
    return path.name.partition(".")[0]


def _lang(path: Path) -> str:
    english = _name(path).startswith(("en_", "c4")) or _name(path).endswith("_en")
    return "en" if english else "ko"


def _read(out: Path, node: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (out / "runs/by-name/rule-sets" / node / "rules.json").read_text(encoding="utf-8")
    )
    return found


def _sources(by_set: dict[str, dict[str, Any]]) -> None:
    print("| source | documents |" + "".join(f" {name}: documents | bytes |" for name in SETS))
    print("|---" * (2 + 2 * len(SETS)) + "|")
    for source in by_set[SETS[0]]["sources"]:
        cells = []
        for tables in by_set.values():
            totals = tables["sources"][source]["totals"]
            read = {key: totals["kept"][key] + totals["dropped"][key] for key in ("documents", "bytes")}
            cells += [f"{totals['kept'][key] / max(1, read[key]):.0%}" for key in ("documents", "bytes")]
        print(f"| {source} | {read['documents']} | " + " | ".join(cells) + " |")


def _rules(by_set: dict[str, dict[str, Any]]) -> None:
    for lang in ("ko", "en"):
        print(f"\n{lang}\n\n| rule |" + "".join(f" {name}: first | alone | alone, bytes |" for name in SETS))
        print("|---" * (1 + 3 * len(SETS)) + "|")
        rules = {rule: None for tables in by_set.values() for rule in tables["rules"]}
        for rule in rules:
            cells = []
            for tables in by_set.values():
                sums = [0, 0, 0]
                for source, part in tables["sources"].items():
                    if (row := part["rules"].get(rule)) and (_lang(Path(source)) == lang):
                        sums[0] += row["dropped"]["documents"]
                        sums[1] += row["alone"]["documents"]
                        sums[2] += row["alone"]["bytes"]
                cells += [f"{number:,}" for number in sums]
            if any(cell != "0" for cell in cells):
                print(f"| `{rule}` | " + " | ".join(cells) + " |")


def _cost(out: Path) -> None:
    from datatrove.data import Document

    from corpus.documents import files, read_file
    from corpus.filters import build
    from pipeline.artifact import Artifact

    crawl = Artifact((out / "runs/by-name/rule-sets/crawl").resolve())
    rows = [row for path in files(crawl) for row in read_file(path)]
    characters = sum(len(row["text"]) for row in rows)
    print(f"\n{len(rows)} documents of {characters / max(1, len(rows)):.0f} characters\n")
    for name in SETS:
        rules = {lang: build(name, {}, lang) for lang in ("ko", "en")}
        for _ in range(2):
            start = time.process_time()
            for row in rows:
                doc = Document(text=row["text"], id=row["id"], metadata={"lang": row["lang"], "url": row["url"]})
                for rule in rules[row["lang"]].values():
                    if rule.fault(doc) is not None:
                        break
            spent = time.process_time() - start
        print(
            f"{name}: {1000 * spent / len(rows):.2f} CPU ms per document, {characters / spent / 1e6:.1f} M characters/s"
        )


if __name__ == "__main__":
    main()
