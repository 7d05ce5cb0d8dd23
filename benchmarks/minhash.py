"""MinHash signatures of `dedup` beside datatrove's, on the same words: CPU-seconds, and the duplicates that each finds.

    python benchmarks/minhash.py FOLDER [SOURCE ...]      (FOLDER: the development corpora, as MALMOI_DATA)

Both sides read the same texts, words already found, lower-cased and joined by spaces; datatrove's own simplification is
turned off and its tokenizer splits at the spaces. Both make sorted signature files, 14 buckets of 8 hashes over runs of
5 words, which datatrove then reads to find pairs and clusters. A pair is two documents that meet in a bucket; a near
pair has an exact Jaccard similarity at or above the scheme's threshold. Texts of fewer than 5 words, which datatrove
leaves out, are left out. Each side runs REPEATS times; the median is given. datatrove with another seed, not timed,
shows how far two draws of the same hashes agree.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupSignature,
)
from datatrove.utils.text import TextNormConfig
from datatrove.utils.word_tokenizers import WordTokenizer
from xxhash import xxh64_intdigest

from corpus.duplicates.jaccard import jaccard
from corpus.duplicates.minhash import Scheme, Signed, meetings, quiet, settings, sign
from corpus.duplicates.shingles import shingles

SCHEME = Scheme(5, 14, 8, keep_numbers=False)
SOURCES = ("ko_petitions", "ko_statutes", "ko_tldr", "apt_translation_ko", "deb_libreoffice_help_ko")
REPEATS = 3
PLAIN = TextNormConfig(
    lowercase=False,
    norm_whitespace=False,
    remove_punctuation=False,
    norm_unicode_diacritics=False,
    norm_numbers=False,
)
Pair = tuple[int, int]


class Spaces(WordTokenizer):  # type: ignore[misc]
    def word_tokenize(self, text: str) -> list[str]:
        return text.split(" ")

    def sent_tokenize(self, text: str) -> list[str]:
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def texts(folder: Path, source: str) -> Iterator[str]:
    for path in sorted(folder.rglob(f"{source}.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", json.loads(line)["text"]).casefold()))


def theirs(found: list[str], folder: Path, seed: int = 1) -> MinhashConfig:
    config = MinhashConfig(
        n_grams=SCHEME.ngram,
        num_buckets=SCHEME.buckets,
        hashes_per_bucket=SCHEME.hashes,
        norm_config=PLAIN,
        seed=seed,
    )
    with quiet():
        step = MinhashDedupSignature(str(folder), config=config, language=Spaces())
        step._hash_func = lambda text: xxh64_intdigest(text.encode())  # its own gives xxhash 4 a str, which it refuses
        step.run((Document(text=text, id="") for text in found), 0)
    return config


def ours(found: list[str], folder: Path) -> MinhashConfig:
    folder.mkdir(parents=True)
    sign(found, folder, SCHEME)
    live = np.ones(len(found), bool)
    for bucket in range(SCHEME.buckets):
        place = folder / f"bucket_{bucket:03d}"
        place.mkdir()
        meetings(Signed((folder,), (0,), SCHEME), bucket, live).tofile(place / "00000.minhash.sig")
    return settings(SCHEME)


def duplicates(folder: Path, config: MinhashConfig) -> tuple[set[Pair], int]:
    """The pairs that meet in a bucket, and how many documents datatrove would remove."""
    pairs, clusters = folder / "pairs", folder / "clusters"
    with quiet():
        for bucket in range(SCHEME.buckets):
            MinhashDedupBuckets(str(folder), str(pairs), config=config).run(None, bucket, SCHEME.buckets)
        MinhashDedupCluster(str(pairs), str(clusters), config=config).run()
    met: set[Pair] = set()
    for path in pairs.glob("*.dups"):
        linked: dict[int, list[int]] = {}
        for _, one, _, other in np.fromfile(path, "<u4").reshape(-1, 4).tolist():  # neighbours of one sorted group
            group = linked.pop(one, [one])
            linked[other] = [*group, other]
        for group in linked.values():
            met.update(combinations(sorted(group), 2))
    return met, sum(len(np.fromfile(path, "<u4")) for path in clusters.glob("*.remove"))


def timed(
    side: Callable[[list[str], Path], MinhashConfig], found: list[str], folder: Path
) -> tuple[float, MinhashConfig]:
    seconds = []
    for _ in range(REPEATS):
        shutil.rmtree(folder, ignore_errors=True)
        begin = time.process_time()
        config = side(found, folder)
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds), config


def main() -> None:
    folder, sources = Path(sys.argv[1]), sys.argv[2:] or SOURCES
    found = [text for source in sources for text in texts(folder, source) if text.count(" ") >= SCHEME.ngram - 1]
    words = sum(text.count(" ") + 1 for text in found)
    print(f"{len(found):,} documents, {words:,} words of {', '.join(sources)}")
    with tempfile.TemporaryDirectory() as scratch:
        seconds, met, removed = {}, {}, {}
        for name, side in (("datatrove", theirs), ("malmoi", ours)):
            place = Path(scratch) / name
            seconds[name], config = timed(side, found, place)
            met[name], removed[name] = duplicates(place, config)
        other = Path(scratch) / "other"
        met["datatrove, seed 2"], removed["datatrove, seed 2"] = duplicates(other, theirs(found, other, 2))
    everyone = {number for pairs in met.values() for pair in pairs for number in pair}
    sets = {number: np.unique(shingles([found[number]], SCHEME.ngram)[0]) for number in everyone}
    near = {
        name: {pair for pair in pairs if jaccard(sets[pair[0]], sets[pair[1]]) >= SCHEME.threshold}
        for name, pairs in met.items()
    }
    print("| | CPU s | ns per word | pairs | near pairs | also datatrove's | removed |\n|---|---|---|---|---|---|---|")
    for name in met:
        spent = f"{seconds[name]:.2f} | {seconds[name] / words * 1e9:.0f}" if name in seconds else " | "
        shared = len(near[name] & near["datatrove"])
        print(f"| {name} | {spent} | {len(met[name]):,} | {len(near[name]):,} | {shared:,} | {removed[name]:,} |")
    print(f"ratio {seconds['datatrove'] / seconds['malmoi']:.1f}")


if __name__ == "__main__":
    main()
