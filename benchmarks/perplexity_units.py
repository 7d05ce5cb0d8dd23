"""Which units should the corpus's language model count? Syllables, eojeol or SentencePiece pieces, on real Korean.

    python benchmarks/perplexity_units.py FOLDER      (FOLDER: the development corpora, as MALMOI_DATA)

A 5-gram model is trained on 80 % of the documents of ko_boddari (news, book reviews, reports, fairy tales), chosen by
hash. AUC is the chance that a text of another set has a higher perplexity than a held-out text of the good set; each
text is a piece of at most 600 characters. Perplexity is counted per unit and per character.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import kenlm
import numpy as np
import sentencepiece

from corpus.scores.judged import auc
from corpus.scores.kenlm import tool
from corpus.scores.lmtext import Units, lines

Split = Callable[[str], list[str]]
LENGTH, MOST = 600, 400


def texts(folder: Path, name: str) -> Iterator[str]:
    for path in sorted((folder / name).glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)["text"]


def held(text: str) -> bool:
    return int(hashlib.blake2b(text.encode(), digest_size=4).hexdigest(), 16) % 5 == 0


def cut(found: Iterator[str]) -> list[str]:
    """Whole paragraphs up to LENGTH characters, from the middle of each text; MOST of them, by hash."""
    made = []
    for text in found:
        paragraphs = lines(text)
        piece = ""
        for paragraph in paragraphs[len(paragraphs) // 3 :]:
            piece = f"{piece}\n{paragraph}"[: LENGTH + 1].strip()
            if len(piece) >= LENGTH:
                break
        if len(piece) >= 200:
            made.append(piece)
    return sorted(made, key=lambda text: hashlib.blake2b(text.encode(), digest_size=8).digest())[:MOST]


def shuffled(text: str, choose: random.Random) -> str:
    words = text.split()
    choose.shuffle(words)
    return " ".join(words)


def damaged(text: str, choose: random.Random) -> str:
    """One Hangul syllable in ten lost, as a wrong decoder or a careless cleaner loses it."""
    return "".join(c for c in text if not ("가" <= c <= "힣" and choose.random() < 0.1))


def pieces(train: list[str], folder: Path, size: int, kind: str, name: str) -> Split:
    path = folder / f"{name}.model"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(train), model_prefix=str(path)[:-6], vocab_size=size, model_type=kind,
        normalization_rule_name="identity", character_coverage=0.9995, hard_vocab_limit=False, num_threads=2,
        max_sentence_length=1 << 20, minloglevel=2,
    )  # fmt: skip
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return lambda line: model.encode(line, out_type=str)


def main(folder: Path) -> None:
    good = list(texts(folder, "corpus_ko/ko_boddari"))
    train = [line for text in good if not held(text) for line in lines(text)]
    choose = random.Random(0)
    sets = {"good, held out": cut(text for text in good if held(text))}
    sets["eojeol shuffled"] = [shuffled(text, choose) for text in sets["good, held out"]]
    sets["1 syllable in 10 lost"] = [damaged(text, choose) for text in sets["good, held out"]]
    for label, name in {
        "film reviews": "corpus_ko/ko_nsmc_reviews", "petitions": "corpus_ko/ko_petitions",
        "statutes": "corpus_ko/ko_statutes", "React docs": "corpus_ko/ko_react", "tldr pages": "corpus_ko/ko_tldr",
        "package descriptions": "registry/apt_translation_ko",
    }.items():  # fmt: skip
        sets[label] = cut(texts(folder, name))
    strings = next(texts(folder, "registry/npm_vscode_lang_pack_ko")).splitlines()
    sets["UI strings"] = cut("\n".join(strings[n : n + 40]) for n in range(0, len(strings), 40))

    print(f"train: {sum(map(len, train))} characters; texts:", {label: len(found) for label, found in sets.items()})
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        units: dict[str, tuple[Split, Callable[[str], str]]] = {
            "eojeol": (str.split, str),
            "syllables": (Units("syllables").cut, str),
            "unigram 4k": (pieces(train, scratch, 4000, "unigram", "u4"), str),
            "unigram 16k": (pieces(train, scratch, 16000, "unigram", "u16"), str),
            "unigram 32k": (pieces(train, scratch, 32000, "unigram", "u32"), str),
            "BPE 16k": (pieces(train, scratch, 16000, "bpe", "b16"), str),
        }
        jamo = [unicodedata.normalize("NFD", line) for line in train]
        units["unigram 16k on jamo (NFD, as CCNet)"] = (
            pieces(jamo, scratch, 16000, "unigram", "j16"), lambda line: unicodedata.normalize("NFD", line)
        )  # fmt: skip
        for name, (split, form) in units.items():
            text = "\n".join(" ".join(split(form(line))) for line in train)
            arpa, binary = scratch / "lm.arpa", scratch / "lm.bin"
            with arpa.open("wb") as file:
                subprocess.run(
                    [tool("lmplz"), "-o", "5", "-S", "1G", "-T", place, "--discount_fallback", "--skip_symbols"],
                    input=text.encode(), stdout=file, stderr=subprocess.DEVNULL, check=True,
                )  # fmt: skip
            subprocess.run([tool("build_binary"), "trie", arpa, binary], capture_output=True, check=True)
            model = kenlm.Model(str(binary))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
            values: dict[str, np.ndarray] = {}
            for label, found in sets.items():
                rows = []
                for one in found:
                    tokens = [split(form(line)) for line in one.splitlines()]
                    total = -sum(model.score(" ".join(line)) for line in tokens) / math.log10(2)
                    rows.append((total / sum(len(line) + 1 for line in tokens), total / len(one)))
                values[label] = np.array(rows)
            seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
            size = sum(len(one) for found in sets.values() for one in found)
            reference = values["good, held out"]
            print(f"{name}: {binary.stat().st_size >> 20} MiB, {size / seconds / 1e6:.2f} M characters per CPU-second")
            for label, rows in values.items():
                median = 2 ** float(np.median(rows[:, 0]))
                per = [auc(rows[:, n], reference[:, n]) for n in (0, 1)]
                print(f"    {label:24} median {median:9.1f}  AUC {per[0]:.3f} per unit, {per[1]:.3f} per character")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
