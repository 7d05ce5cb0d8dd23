"""Personal data: precision and recall on made text, masks on real text, and speed beside datatrove's PIIFormatter.

    MALMOI_DATA=... python -m benchmarks.pii             four tables
    MALMOI_DATA=... python -m benchmarks.pii --masks     every mask in the real text with what stands around it, to read

datatrove's formatter looks for e-mail and IP addresses alone; both see the same texts in the normal form.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from corpus.pii import PLACEHOLDERS, find, mask
from corpus.text.normalize import normalize
from tests.corpus.pii.labelled import ODD, cases, negatives

SEED = 2026
FORMS: dict[str, Callable[[random.Random], str]] = {
    "a date, a hyphen, seven digits": lambda rng: (
        f"{rng.randint(0, 99):02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}-{rng.randint(0, 9999999):07d}"
    ),
    "13 digits": lambda rng: f"{rng.randint(10**12, 10**13 - 1)}",
    "3-2-5 digits": lambda rng: f"{rng.randint(100, 999)}-{rng.randint(10, 99)}-{rng.randint(10000, 99999)}",
    "4-4-4-4 digits": lambda rng: "-".join(f"{rng.randint(0, 9999):04d}" for _ in range(4)),
    "16 digits": lambda rng: f"{rng.randint(10**15, 10**16 - 1)}",
    "3-3-6 digits": lambda rng: f"{rng.randint(100, 999)}-{rng.randint(100, 999)}-{rng.randint(10**5, 10**6 - 1)}",
    "four octets": lambda rng: ".".join(str(rng.randint(0, 255)) for _ in range(4)),
    "11 digits": lambda rng: f"{rng.randint(0, 10**11 - 1):011d}",
}


def sources() -> Iterator[tuple[str, list[str]]]:
    """Name and texts of every Korean source, those of packages together."""
    folder = os.environ.get("MALMOI_DATA")
    if not folder:
        sys.exit("set MALMOI_DATA to the folder of development data")
    packages: list[str] = []
    for path in sorted(Path(folder).glob("corpus_ko/*/*.jsonl.gz")) + sorted(
        Path(folder).glob("registry/*/*.jsonl.gz")
    ):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            texts = [normalize(json.loads(line)["text"]) for line in file]
        if path.parent.parent.name == "corpus_ko":
            yield path.parent.name, texts
        elif not path.parent.name.endswith("_en"):
            packages += texts
    yield "registry (Korean)", packages


def made() -> None:
    """Counts by kind on made cases, on texts without personal data, and on odd forms."""
    right, wanted, got = Counter[str](), Counter[str](), Counter[str]()
    labelled = cases(SEED, 5000)
    for case in labelled:
        true = Counter(case.held)
        found = Counter((span.kind, case.text[span.start : span.end]) for span in find(case.text))
        for side, counted in ((right, true & found), (wanted, true), (got, found)):
            for (kind, _), count in counted.items():
                side[kind] += count
    print(f"{len(labelled):,} made texts, seed {SEED}\n\n| kind | held | found | precision | recall |")
    print("|---|---|---|---|---|")
    for kind in PLACEHOLDERS:
        precision, recall = right[kind] / max(1, got[kind]), right[kind] / wanted[kind]
        print(f"| {kind} | {wanted[kind]:,} | {got[kind]:,} | {100 * precision:.1f} % | {100 * recall:.1f} % |")
    plain = negatives(SEED, 10_000)
    print(f"\ntexts without personal data: {sum(bool(find(text)) for text in plain)} of {len(plain):,} touched")
    exact = sum([(s.kind, t[s.start : s.end]) for s in find(t)] == [(kind, value)] for kind, value, t in ODD)
    print(f"odd forms written by hand: {exact} of {len(ODD)} found")


def chance() -> None:
    """How many numbers drawn at random in a form are masked, with no word near by."""
    rng = random.Random(SEED)
    print("\n| digits at random, no word near by | masked of 10,000 |\n|---|---|")
    for name, draw in FORMS.items():
        print(f"| {name} | {sum(bool(find(f'여기 {draw(rng)} 있음')) for _ in range(10_000)):,} |")


def real() -> None:
    """Masks by source, and CPU-seconds of both sides."""
    from datatrove.pipeline.formatters.pii import PIIFormatter

    stock = PIIFormatter()
    print("\n| source | documents | MB | documents with masks | masks | per million characters | MB per CPU-second "
          "| datatrove's | ratio |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name, texts in sources():
        size = sum(len(text.encode()) for text in texts) / 1e6
        times = {}
        for side, function in (("ours", mask), ("stock", stock.format)):
            started = time.process_time()
            results = [function(text) for text in texts]
            times[side] = time.process_time() - started
            if side == "ours":
                masked = results
        counts = sum((Counter(one.counts) for one in masked), Counter())
        rate = sum(counts.values()) * 1e6 / sum(map(len, texts))
        listed = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items())) or "none"
        print(f"| {name} | {len(texts):,} | {size:.1f} | {sum(bool(one.counts) for one in masked):,} | {listed} "
              f"| {rate:.2f} | {size / times['ours']:.0f} | {size / times['stock']:.0f} "
              f"| {times['stock'] / times['ours']:.1f}x |")  # fmt: skip


def masks() -> None:
    for name, texts in sources():
        for text in texts:
            for span in find(text):
                left, right = text[max(0, span.start - 40) : span.start], text[span.end : span.end + 25]
                print(f"{name}\t{span.kind}\t{left!r} [[{text[span.start : span.end]}]] {right!r}")


if __name__ == "__main__":
    if "--masks" in sys.argv[1:]:
        masks()
    else:
        made()
        chance()
        real()
