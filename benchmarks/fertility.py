"""Tokens per Korean character on sources that no piece was learned from, for each base, before and after.

Every source named is held out whole in turn: pieces are learned from all other sources of `$MALMOI_DATA/corpus_ko`, at
most `--size` tokens are added to each base, and the held-out source is measured, with a 95% bootstrap interval over its
documents. English is compared id by id on `$MALMOI_DATA/corpus_en`. Llama-2, Mistral and Llama-3 are the real
vocabularies of `$MALMOI_DATA/tokenizer`; SmolLM2's comes from the file that `make demo` fetches.

`MALMOI_DATA=... python -m benchmarks.fertility [--held-out ko_react ko_petitions ...] [--balance 0.5]`
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from benchmarks.real_bases import llama3
from corpus.documents import row_groups, write_documents
from tokenizer.bpe import size, spelling
from tokenizer.convert import from_sentencepiece
from tokenizer.gguf import Gguf
from tokenizer.intervals import estimate, resampled
from tokenizer.measure import encode
from tokenizer.merges import grow
from tokenizer.proof import same_ids
from tokenizer.scripts import Scripts
from tokenizer.train import learn
from tokenizer.words import GROUPS, SCALE, Unit, Words, count_unit

HELD_OUT = ["ko_react", "ko_petitions", "ko_boddari"]
SMOLLM2 = Path(".data/quickstart/base/SmolLM2-135M-Instruct.Q4_1.gguf")
MEASURED = 4 << 20  # characters measured of a source at most, whole documents
SENTENCE = "안녕하세요, 오늘은 날씨가 좋네요."


def texts(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def some(path: Path, limit: int) -> list[str]:
    """Whole documents from the beginning, up to so many characters."""
    found: list[str] = []
    left = limit
    for text in texts(path):
        if left <= 0:
            break
        found.append(text)
        left -= len(text)
    return found


def counted(path: Path, scripts: tuple[str, ...], folder: Path) -> tuple[list[Path], int]:
    """Sorted runs of a source's words, and how many words it has."""
    name = path.parent.name
    given = {"url": "", "lang": "ko", "license": "unknown", "charset": "utf-8", "meta": {}}
    parquet = folder / f"{name}.parquet"
    rows = ({"id": str(at), "text": text, "source": name, **given} for at, text in enumerate(texts(path)))
    write_documents(parquet, rows)
    runs, total = [], 0
    for first in range(0, row_groups(parquet), GROUPS):
        unit = folder / f"{name}-{first}"
        unit.mkdir()
        count_unit(Unit(parquet, first), unit, lang="ko", scripts=scripts, tokenizer=None)
        found = json.loads((unit / "facts.json").read_text())["sources"].get(name, {"runs": [], "total": 0})
        runs += [unit / run for run in found["runs"]]
        total += found["total"]
    return runs, total


def bases(data: Path) -> dict[str, dict[str, Any]]:
    folder = data / "tokenizer"
    found = {
        "Llama-2": from_sentencepiece(folder / "llama2_spm/tokenizer.model"),
        "Mistral": from_sentencepiece(folder / "mistral_v1_spm/tokenizer.model.v1"),
        "Llama-3": llama3(folder / "llama3_tiktoken/meta-llama-3-8B.tiktoken"),
    }
    if SMOLLM2.is_file():
        found["SmolLM2"] = Gguf(SMOLLM2).tokenizer()
    else:
        print(f"{SMOLLM2} is not there (`make demo` fetches it): SmolLM2 is left out", file=sys.stderr)
    return found


def measured(tokenizer: Any, found: list[str]) -> str:
    """Tokens per character with its interval, and tokens per eojeol."""
    tokens = [len(ids) for ids in encode(tokenizer, found)]
    characters = [len(text) for text in found]
    eojeols = sum(len(text.split()) for text in found)
    sums = resampled([tokens, characters])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = estimate(sums.whole[0] / sums.whole[1], sums.drawn[:, 0] / sums.drawn[:, 1], len(found))
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}] | {sum(tokens) / eojeols:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held-out", nargs="+", default=HELD_OUT)
    parser.add_argument("--balance", type=float, default=0.5)
    parser.add_argument("--size", type=int, default=16000, help="new tokens at most")
    parser.add_argument("--scripts", nargs="+", default=["hangul"], choices=["hangul", "jamo", "hanja"])
    parser.add_argument("--bases", nargs="+", help="of Llama-2, Mistral, Llama-3, SmolLM2; default: all")
    parser.add_argument("--learn-from", nargs="+", help="these sources instead of all that are not measured")
    given = parser.parse_args()
    data = Path(os.environ.get("MALMOI_DATA") or sys.exit("MALMOI_DATA names no folder"))
    corpus = {path.parent.name: path for path in sorted((data / "corpus_ko").glob("*/*.jsonl.gz"))}
    english = [text for path in sorted((data / "corpus_en").glob("*/*.jsonl.gz")) for text in some(path, MEASURED // 2)]
    originals = {name: base for name, base in bases(data).items() if name in (given.bases or [name])}
    scripts = Scripts.of(given.scripts)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        runs = {name: counted(path, scripts.names, folder) for name, path in corpus.items()}
        print(
            "| held out | base | tokens per character before | per eojeol | after | per eojeol | added "
            "| English texts changed |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for held in given.held_out:
            words = Words(folder)
            for name in corpus:
                if name in given.learn_from if given.learn_from else name != held:
                    words.runs[name], words.totals[name] = runs[name]
            began = time.process_time()
            learned = learn(words.added_up(given.balance), given.size * 3 // 2, 2 * SCALE)
            cpu = time.process_time() - began
            some_texts = some(corpus[held], MEASURED)
            for name, base in originals.items():
                row(held, name, base, learned, some_texts, english, given.size, scripts)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            print(
                f"{held}: {len(some_texts)} documents, {sum(map(len, some_texts))} characters;",
                file=sys.stderr,
                end=" ",
            )
            print(f"learning took {cpu:.1f} CPU s; peak of this process {peak} MB", file=sys.stderr)


def row(
    held: str,
    name: str,
    base: dict[str, Any],
    learned: Any,
    found: list[str],
    english: list[str],
    limit: int,
    scripts: Scripts,
) -> None:
    extended, growth, _ = grow(base, spelling(base, Path(name)), learned, size(base), 64, limit)
    old, new = (Tokenizer.from_str(json.dumps(one)) for one in (base, extended))
    same = same_ids(old, new, english, scripts.touched)
    before, after = measured(old, found), measured(new, found)
    print(
        f"| {held} | {name} | {before} | {after} | {len(growth.new_tokens)} | {same['changed']} of {same['texts']} |",
        flush=True,
    )
    one, two = (len(next(iter(encode(tokenizer, [SENTENCE])))) for tokenizer in (old, new))
    used = Counter(number for ids in encode(new, found) for number in ids)
    shown = {number: new.decode([number]) for number in used}
    other = sum(
        used[number] for number, text in shown.items() if "\ufffd" not in text and not scripts.touched.search(text)
    )
    characters = sum(map(len, found))
    print(f"{held} {name}: {SENTENCE!r} {one} -> {two} tokens; ", end="", file=sys.stderr)
    print(f"{other / characters:.3f} tokens per character stand for no {'/'.join(scripts.names)}", file=sys.stderr)


if __name__ == "__main__":
    main()
