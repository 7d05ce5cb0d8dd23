"""Perplexity and quality on real Korean: `ngram`, `perplexity`, `classifier` and `quality`, as a user runs them.

    python benchmarks/quality.py FOLDER [--keep RUNS]      (FOLDER: the development corpora, as MALMOI_DATA)

Good are the parts of ko_boddari (news, book reviews, reports, fairy tales), each a source of its own; the others are
petitions, film reviews and statutes. Manuals (ko_react, ko_ms_cpp) are in neither class, so they show what the scores
say of a kind of text that was never seen. Prints the tables, documents per CPU-second of each scorer, and where the
results are; `malmoi show` reads the rest.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

GOOD = ("news", "book_reviews", "fairy_tales", "reports")
OTHER = ("petitions", "film_reviews", "statutes")
PARTS = {"wikinews": "news", "fairytale01": "fairy_tales", "unesco": "reports"}
CORPORA = {
    "ko_boddari": "", "ko_petitions": "petitions", "ko_nsmc_reviews": "film_reviews", "ko_statutes": "statutes",
    "ko_react": "manual_react", "ko_ms_cpp": "manual_cpp",
}  # fmt: skip


def gather(folder: Path, place: Path) -> None:
    place.mkdir(parents=True)
    for corpus, source in CORPORA.items():
        out = (place / f"{corpus}.jsonl").open("w", encoding="utf-8")
        with out, gzip.open(folder / "corpus_ko" / corpus / f"{corpus}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                name = source or PARTS.get(row["id"].split(":")[1], "book_reviews")
                made = {"id": row["id"], "text": row["text"], "source": name, "license": row["license"], "lang": "ko"}
                out.write(json.dumps(made, ensure_ascii=False) + "\n")


def run(node: str, config: Path) -> float:
    """CPU-seconds of one node, imports included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-P", "-m", "pipeline.stage", "all", "--until", node, "--config", str(config)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def manifest(root: Path, node: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "by-name" / "quality" / node / "manifest.json").read_text())
    return found


def main(folder: Path, root: Path) -> None:
    texts = root / "texts"
    if not texts.exists():
        gather(folder, texts)
    config = root / "quality.yaml"
    sections = {
        "run": {"root": str(root), "name": "quality", "workers": 1},
        "dedup": {"use": str(texts)},
        "ngram": {"sources": list(GOOD)},
        "perplexity": {},
        "classifier": {"good": list(GOOD), "other": list(OTHER)},
        "quality": {},
    }
    config.write_text(json.dumps(sections))
    for node in ("dedup", "ngram", "perplexity", "classifier", "quality"):
        seconds = run(node, config)
        found = manifest(root, node)
        read = found["counts"]["read"]
        print(f"{node}: {read} documents, {seconds:.1f} CPU-seconds, {read / seconds:.0f} documents per CPU-second")
        print(f"  peak {found['provenance'].get('peak_memory_bytes', 0) >> 20} MiB")

    perplexity = manifest(root, "perplexity")["metrics"]
    print("\nperplexity; cuts", perplexity["cuts"], "held-out good text", perplexity["reference"])
    for name, row in perplexity["sources"].items():
        shares = {bucket: row["buckets"][bucket]["documents"] / row["documents"] for bucket in row["buckets"]}
        spread = " ".join(f"{row[key]:8.0f}" for key in ("p10", "p30", "p50", "p70", "p90"))
        print(f"  {name:14} {row['documents']:5} {spread}  " + " ".join(f"{k} {v:.2f}" for k, v in shares.items()))
    metrics = manifest(root, "classifier")["metrics"]
    print("\nclassifier, held out:", {key: value for key, value in metrics["heldout"].items() if key != "at"})
    for kind, names in metrics["classes"].items():
        for name, row in names.items():
            unseen = metrics["left_out"].get(name, {})
            print(
                f"  {kind:6} {name:14} {row['learned']:5} documents, out of fold above {row['above']};"
                f" never seen: above {unseen.get('above')}, AUC {unseen.get('auc')}"
            )
    for kind, told in metrics["telling"].items():
        print(f"  {kind}: " + ", ".join(repr(one["ngram"]) for one in told))
    print("\nquality")
    for name, row in manifest(root, "quality")["metrics"]["sources"].items():
        print(f"  {name:14} " + " ".join(f"{row[key]:.3f}" for key in ("p10", "p30", "p50", "p70", "p90")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=Path, help="where the runs stay; default: nowhere")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        main(given.folder, given.keep.absolute())
    else:
        with tempfile.TemporaryDirectory() as place:
            main(given.folder, Path(place))
