"""What taking out repeated lines would cost: the share of bytes, per source, at several limits, and lines to read.

    python benchmarks/repeated_lines.py FOLDER [SOURCE ...]      (FOLDER: the development corpora, as MALMOI_DATA)

Lines are compared as `dedup` with `lines: paragraph` does, all but the first occurrence counted, within each source.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpus.duplicates.lines import hashes
from corpus.duplicates.shingles import encode

SOURCES = ("ko_statutes", "ko_ms_cpp", "ko_petitions", "ko_boddari", "ko_react", "deb_libreoffice_help_ko")
CHARACTERS, DOCUMENTS, SHOWN = 10, (2, 3, 10, 30), 6


def texts(folder: Path, source: str) -> Iterator[str]:
    for path in sorted(folder.rglob(f"{source}.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)["text"]


def main() -> None:
    folder, sources = Path(sys.argv[1]), sys.argv[2:] or SOURCES
    print(f"| source | documents | MB | {' | '.join(f'{least} documents' for least in DOCUMENTS)} |")
    print(f"|---|---|---|{'---|' * len(DOCUMENTS)}")
    shown = []
    for source in sources:
        total, documents = 0, 0
        often: Counter[int] = Counter()
        size: Counter[int] = Counter()  # bytes of all occurrences but the first
        example: dict[int, str] = {}
        for text in texts(folder, source):
            line, long = hashes(encode([text]), CHARACTERS)
            found = [
                (key, part) for key, part, wanted in zip(line.tolist(), text.split("\n"), long, strict=True) if wanted
            ]
            total, documents = total + len(text.encode()), documents + 1
            for key, part in found:
                if key in example:
                    size[key] += len(part.encode()) + 1
                example.setdefault(key, part)
            often.update({key for key, _ in found})
        shares = [sum(size[key] for key, count in often.items() if count >= least) / total for least in DOCUMENTS]
        print(f"| {source} | {documents:,} | {total / 1e6:.1f} | {' | '.join(f'{share:.2%}' for share in shares)} |")
        many = sorted(key for key, count in often.items() if count >= 10)
        chosen = random.Random(0).sample(many, min(SHOWN, len(many)))
        shown.extend(f"{source} {often[key]:4} {example[key][:100]}" for key in chosen)
    print("\n".join(["", *shown]))


if __name__ == "__main__":
    main()
