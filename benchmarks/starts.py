"""Bits per byte at step 0 of every start, on held-out Korean documents of known and of unknown sources, and on English.

    python benchmarks/starts.py --model DIR --data "$MALMOI_DATA" [--pieces 4000] [--methods mean fitted] [--keep DIR]

DIR is a model folder (safetensors, tokenizer.json). Pieces are learned and rows fitted on the sources of corpus_ko but
for those held out whole, and but for every twentieth document, on which `known` is measured. Ratios are to the base on
the same text; 95% intervals draw documents anew, a thousand times. Prints CPU-seconds per start; `--keep` saves rows
and nats per document, so that a run that was cut short goes on.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpus.documents import write_documents
from pipeline.artifact import Artifact
from pipeline.config import Run
from pipeline.context import Context
from tokenizer.base import document_ids
from tokenizer.bpe import read_tokenizer, spelling
from tokenizer.choose import THREADS, Start, Text, away, halves, make, threads
from tokenizer.config import Extend
from tokenizer.fit_text import take
from tokenizer.frozen import Frozen, bits
from tokenizer.heads import Positions
from tokenizer.measure import encode
from tokenizer.merges import grow
from tokenizer.train import learn

WORD = re.compile(r" ?[가-힣]+")
UNKNOWN = ("ko_petitions", "ko_react")  # sources held out whole
PER_SOURCE = 1500  # documents read from a source
CHARACTERS = 20_000  # of a document
EVERY = 20  # one document of so many is held out of a known source
DRAWS = 1000

Document = tuple[list[int], int]  # ids behind the prefix, UTF-8 bytes


def texts(folder: Path) -> list[str]:
    with gzip.open(next(folder.glob("*.jsonl.gz")), "rt", encoding="utf-8") as file:
        found = [json.loads(line)["text"][:CHARACTERS] for line, _ in zip(file, range(PER_SOURCE), strict=False)]
    return [text for text in found if text.strip()]


def sources(data: Path, name: str) -> dict[str, list[str]]:
    return {path.name: texts(path) for path in sorted((data / name).iterdir()) if any(path.glob("*.jsonl.gz"))}


def learned(listed: Sequence[str]) -> list[str]:
    return [text for number, text in enumerate(listed) if number % EVERY != EVERY - 1]


def mixture(found: dict[str, dict[str, list[str]]], folder: Path) -> Artifact:
    """What may be learned from, as train documents."""
    for lang, named in found.items():
        for source, listed in named.items():
            rows: list[dict[str, Any]] = [
                {"id": f"{source}/{number}", "text": text, "source": source, "url": "", "lang": lang,
                 "license": "unknown", "charset": "utf-8", "meta": {}}
                for number, text in enumerate(learned(listed))
            ]  # fmt: skip
            if source not in UNKNOWN:
                write_documents(folder / "train" / f"{source}.parquet", rows)
    return Artifact(folder)


def measured(tokenizer: Any, listed: Sequence[str], prefix: int, count: int, length: int) -> list[Document]:
    """The first `length` characters of held-out documents spread over a source."""
    held = [text[:length] for text in listed[EVERY - 1 :: EVERY] if len(text) >= length // 8]
    chosen = held[:: max(1, len(held) // count)][:count]
    return [([prefix, *ids], len(text.encode())) for ids, text in zip(encode(tokenizer, chosen), chosen, strict=True)]


def nats(frozen: Frozen, made: Start | None, documents: Sequence[Document], path: Path) -> list[float]:
    """-log p of each document (without a start: by the base, in its own ids), kept in `path` one by one."""
    import torch

    found: list[float] = json.loads(path.read_text()) if path.exists() else []
    nothing = torch.zeros(0, frozen.table.shape[1])
    for ids, _ in documents[len(found) :]:
        stream = ids if made else frozen.expand(ids)
        at = Positions.of(frozen, made.inputs if made else nothing, [stream])
        with torch.no_grad():
            found.append(float(frozen.nll(at.states, at.targets, made.outputs if made else nothing, at.mass).sum()))
        path.write_text(json.dumps(found))
    return found


def ratio(ours: Sequence[float], base: Sequence[float], seed: int = 0) -> str:
    draw = random.Random(seed)
    places = [[draw.randrange(len(base)) for _ in base] for _ in range(DRAWS)]
    drawn = sorted(sum(ours[at] for at in one) / sum(base[at] for at in one) for one in places)
    low, high = drawn[DRAWS // 40], drawn[-DRAWS // 40]
    return f"{sum(ours) / sum(base):.4f} [{low:.4f}, {high:.4f}]"


def rows(name: str, frozen: Frozen, text: Text, context: Context, keep: Path) -> tuple[Start, float]:
    """The rows of a start and the CPU-seconds they took."""
    import torch

    path = keep / f"{name}.pt"
    if not path.exists():
        begun = time.process_time()
        made = make(name, frozen, text, context)
        torch.save((made.inputs, made.outputs, made.tied, time.process_time() - begun), path)
    inputs, outputs, tied, seconds = torch.load(path)
    return Start(inputs, outputs, tied), seconds


def main() -> None:
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pieces", type=int, default=4000)
    parser.add_argument("--methods", nargs="+", default=["mean", "fitted"])
    parser.add_argument("--fit-tokens", type=int, default=Extend.model_fields["fit_tokens"].default)
    parser.add_argument("--documents", type=int, default=8, help="measured per source")
    parser.add_argument("--length", type=int, default=2000, help="characters of each")
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--keep", type=Path, help="folder for rows and nats; one for each setting")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, threads(given.threads):
        keep = given.keep or Path(scratch)
        keep.mkdir(parents=True, exist_ok=True)
        korean, english = sources(given.data, "corpus_ko"), sources(given.data, "corpus_en")
        train = mixture({"ko": korean, "en": english}, Path(scratch) / "mixture")
        words: Counter[str] = Counter()
        for source in korean.keys() - UNKNOWN:
            for one in learned(korean[source]):
                words.update(WORD.findall(one))
        found = read_tokenizer(given.model / "tokenizer.json")
        size = json.loads((given.model / "config.json").read_text())["vocab_size"]
        spelled = spelling(found, given.model / "tokenizer.json")
        extended, growth, _ = grow(found, spelled, learn(words, given.pieces, 2), size, 64)
        tokenizer = Tokenizer.from_str(json.dumps(extended))
        prefix, _ = document_ids(AutoTokenizer.from_pretrained(str(given.model.absolute())))
        section = Extend(fit_tokens=given.fit_tokens)
        frozen = Frozen.load(given.model, growth.parts, prefix, halves())
        text = Text(
            "ko",
            take(train, "ko", tokenizer, prefix, section.fit_tokens, 0),
            away(train, "ko", tokenizer, prefix, section),
        )
        held = {"known": korean.keys() - UNKNOWN, "unknown": korean.keys() & set(UNKNOWN), "en": english.keys()}
        tests = {
            kind: [
                one
                for name in sorted(names)
                for one in measured(tokenizer, {**korean, **english}[name], prefix, given.documents, given.length)
            ]
            for kind, names in held.items()
        }
        base = {kind: nats(frozen, None, listed, keep / f"base-{kind}.json") for kind, listed in tests.items()}
        print(f"{len(growth.parts)} new rows; bf16 products: {frozen.half}")
        for kind, listed in tests.items():
            total = sum(size for _, size in listed)
            print(f"{kind}: {len(listed)} documents, {total} bytes, base {bits(sum(base[kind]), total):.4f}")
        print("| start | known | unknown | en | CPU-s |\n|---|---|---|---|---|", flush=True)
        context = Context(node="extend", path=Path(scratch), inputs={}, run=Run(root=scratch))
        for name in given.methods:
            made, seconds = rows(name, frozen, text, context, keep)
            told = [
                ratio(nats(frozen, made, listed, keep / f"{name}-{kind}.json"), base[kind])
                for kind, listed in tests.items()
            ]
            print(f"| {name} | {' | '.join(told)} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
