"""Bits per byte at step 0 of every start, on Korean sources that neither pieces nor rows have seen, and on English.

    python benchmarks/starts.py --model DIR --data "$MALMOI_DATA" [--pieces 4000] [--methods mean distill]

DIR is a model folder (safetensors, tokenizer.json). Pieces are learned and rows fitted on the sources of corpus_ko but
for those held out whole; the base is measured on the same text. Prints CPU-seconds per start; ratios are to the base.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from corpus.documents import write_documents
from pipeline.artifact import Artifact
from pipeline.config import Run
from pipeline.context import Context
from tokenizer.base import document_ids
from tokenizer.bpe import read_tokenizer, spelling
from tokenizer.choose import METHODS, THREADS, Text, away, base_figures, figures, make, threads
from tokenizer.config import Extend
from tokenizer.fit_text import FitText, take
from tokenizer.frozen import Frozen
from tokenizer.measure import encode
from tokenizer.merges import grow
from tokenizer.train import learn

WORD = re.compile(r" ?[가-힣]+")
HELD_OUT = ("ko_petitions", "ko_react")
PER_SOURCE = 1500  # documents read from a source
CHARACTERS = 20_000  # of a document


def texts(folder: Path) -> list[str]:
    with gzip.open(next(folder.glob("*.jsonl.gz")), "rt", encoding="utf-8") as file:
        found = [json.loads(line)["text"][:CHARACTERS] for line, _ in zip(file, range(PER_SOURCE), strict=False)]
    return [text for text in found if text.strip()]


def mixture(data: Path, folder: Path) -> Artifact:
    """Train documents of every source that is not held out, with every twentieth English one kept for measuring."""
    for name, lang in (("corpus_ko", "ko"), ("corpus_en", "en")):
        for source in sorted(path for path in (data / name).iterdir() if any(path.glob("*.jsonl.gz"))):
            if source.name in HELD_OUT:
                continue
            rows: list[dict[str, Any]] = [
                {"id": f"{source.name}/{number}", "text": text, "source": source.name, "url": "", "lang": lang,
                 "license": "unknown", "charset": "utf-8", "meta": {}}
                for number, text in enumerate(texts(source))
                if lang == "ko" or number % 20
            ]  # fmt: skip
            write_documents(folder / "train" / f"{source.name}.parquet", rows)
    return Artifact(folder)


def measured(tokenizer: Any, listed: list[str], prefix: int, count: int, length: int) -> FitText:
    """The first `length` characters of documents spread over a source, as what starts are measured on."""
    long = [text[:length] for text in listed if len(text) >= length]
    chosen = long[:: max(1, len(long) // count)][:count]
    return FitText(
        [], [[prefix, *ids] for ids in encode(tokenizer, chosen)], sum(len(text.encode()) for text in chosen)
    )


def main() -> None:
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pieces", type=int, default=4000)
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--fit-tokens", type=int, default=Extend.model_fields["fit_tokens"].default)
    parser.add_argument("--documents", type=int, default=6, help="measured per held-out source")
    parser.add_argument("--length", type=int, default=500, help="characters of each")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, threads(THREADS):
        train = mixture(given.data, Path(scratch) / "mixture")
        words: Counter[str] = Counter()
        for source in sorted((given.data / "corpus_ko").iterdir()):
            if source.name not in HELD_OUT and any(source.glob("*.jsonl.gz")):
                for one in texts(source):
                    words.update(WORD.findall(one))
        found = read_tokenizer(given.model / "tokenizer.json")
        rows = json.loads((given.model / "config.json").read_text())["vocab_size"]
        spelled = spelling(found, given.model / "tokenizer.json")
        extended, growth, _ = grow(found, spelled, learn(words, given.pieces, 2), rows, 64)
        tokenizer = Tokenizer.from_str(json.dumps(extended))
        prefix, _ = document_ids(AutoTokenizer.from_pretrained(str(given.model.absolute())))
        section = Extend(fit_tokens=given.fit_tokens)
        frozen = Frozen.load(given.model, growth.parts, prefix)
        text = Text(
            "ko",
            take(train, "ko", tokenizer, prefix, section.fit_tokens, 0),
            away(train, "ko", tokenizer, prefix, section),
        )
        tests = [measured(tokenizer, texts(given.data / "corpus_ko" / name), prefix, given.documents, given.length)
                 for name in HELD_OUT]  # fmt: skip
        english = FitText([], text.away.choose, text.away.size)
        joined = FitText([], [stream for test in tests for stream in test.choose], sum(test.size for test in tests))
        held = Text("ko", joined, english)
        base, positions = base_figures(frozen, held)
        print(f"{len(growth.parts)} new rows; {len(joined.choose)} held-out documents, {joined.size} bytes of Korean")
        print(f"| start | ko | / base | en | / base | CPU-s |\n|---|---|---|---|---|---|\n| base | {base['ko']:.3f} | "
              f"1 | {base['en']:.4f} | 1 | |")  # fmt: skip
        context = Context(node="extend", path=Path(scratch), inputs={}, run=Run(root=scratch))
        for name in given.methods:
            begun = time.process_time()
            made = make(name, frozen, text, context)
            seconds = time.process_time() - begun
            bpb = figures(frozen, made, held, positions)
            print(f"| {name} | {bpb['ko']:.3f} | {bpb['ko'] / base['ko']:.3f} | {bpb['en']:.4f} | "
                  f"{bpb['en'] / base['en']:.4f} | {seconds:.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
