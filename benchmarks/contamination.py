"""How much of a benchmark stands in a corpus, and how fast that is found.

    MALMOI_DATA=... python benchmarks/contamination.py

KorQuAD 1.0 dev questions against the prompts of KoChatGPT (where many stand verbatim) and against news and reviews.
"""

import gzip
import json
import os
import sys
import time
from pathlib import Path

from corpus.overlap import Index, Part


def main() -> None:
    data = Path(os.environ.get("MALMOI_DATA") or sys.exit("MALMOI_DATA names no folder"))
    with gzip.open(data / "bench_ko/korquad_v1/KorQuAD_v1.0_dev.json.gz", "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    asked = {q["id"]: q["question"] for a in articles for p in a["paragraphs"] for q in p["qas"]}
    started = time.process_time()
    index = Index((Part(*pair) for pair in asked.items()), width=12, share=0.8)
    print(f"index of {len(asked):,} questions: {time.process_time() - started:.2f} CPU-seconds")

    with gzip.open(data / "instruct/kochatgpt/kochatgpt_seed_data.txt.gz", "rt", encoding="utf-8-sig") as file:
        prompts = file.read()
    lines = {line.strip() for line in prompts.split("\n")}
    verbatim = {name for name, text in asked.items() if text.strip() in lines}
    found = {hit.item for hit in index.find(prompts)}
    print(f"prompts: {len(verbatim):,} questions verbatim, {len(verbatim & found):,} of them found, "
          f"{len(found - verbatim)} more")  # fmt: skip

    for source in ("ko_boddari", "ko_statutes"):
        (path,) = sorted((data / "corpus_ko" / source).glob("*.gz"))
        with gzip.open(path, "rt", encoding="utf-8") as file:
            texts = [json.loads(line)["text"] for line in file]
        size = sum(map(len, texts))
        started = time.process_time()
        hits = sum(len(index.find(text)) for text in texts)
        spent = time.process_time() - started
        print(f"{source}: {len(texts):,} documents, {size:,} characters, {hits} found, {spent:.2f} CPU-seconds, "
              f"{size / spent / 1e6:.1f} million characters a CPU-second")  # fmt: skip


if __name__ == "__main__":
    main()
