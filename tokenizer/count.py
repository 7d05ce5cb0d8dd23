"""Counting words in bounded memory: what does not fit is written out sorted, and the sorted runs are added up.

A run is a file of `word TAB count` lines in the order of the words. Adding up reads all runs side by side, a line of
each in memory, so that the counts of any amount of text come out in order as a stream.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path

HELD = 1 << 18  # distinct words in memory at once
OPEN = 256  # runs read side by side


class Counts:
    """Counts of words; `spill` writes them out as a sorted run in `folder` and forgets them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.words: Counter[str] = Counter()
        self.total = 0
        self.runs: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        """Distinct words in memory."""
        return len(self.words)

    def add(self, words: list[str]) -> None:
        self.words.update(words)
        self.total += len(words)

    def add_many(self, word: str, count: int) -> None:
        self.words[word] += count
        self.total += count

    def spill(self) -> None:
        if self.words:
            path = self.folder / f"run-{len(self.runs):06d}.tsv"
            write_run(path, ((word, self.words[word]) for word in sorted(self.words)))
            self.runs.append(path)
            self.words = Counter()


def write_run(path: Path, counted: Iterable[tuple[str, int]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{word}\t{count}\n" for word, count in counted)


def read_run(path: Path, weight: int = 1) -> Iterator[tuple[str, int]]:
    """The words of a run in order, counts times `weight`."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            word, _, count = line.rstrip("\n").rpartition("\t")
            yield word, int(count) * weight


def added_up(runs: list[tuple[Path, int]], folder: Path, least: int = 1) -> Iterator[tuple[str, int]]:
    """The words of all runs in order, each once, with the sum of its counts times the runs' weights, from `least` on.

    More runs than can be open at once are first joined, in `folder`, a group at a time.
    """
    level = 0
    while len(runs) > OPEN:
        joined = []
        for start in range(0, len(runs), OPEN):
            path = folder / f"joined-{level}-{start:06d}.tsv"
            write_run(path, _merged(runs[start : start + OPEN]))
            joined.append((path, 1))
        runs, level = joined, level + 1
    return (pair for pair in _merged(runs) if pair[1] >= least)


def _merged(runs: list[tuple[Path, int]]) -> Iterator[tuple[str, int]]:
    word, count = "", 0
    for found, more in heapq.merge(*(read_run(path, weight) for path, weight in runs), key=itemgetter(0)):
        if found != word:
            if count:
                yield word, count
            word, count = found, 0
        count += more
    if count:
        yield word, count
