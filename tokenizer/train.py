"""Byte-pair encoding over syllables, learned from word counts.

A word is a run of Hangul (and what else `scripts` allow) with at most one leading space: an eojeol, or a part of one.
Its atoms are its characters; a leading space belongs to the first one, as it does in every byte-level BPE that already
joins the space to a lead byte of Hangul. An atom stands for at least three bytes, so learning it saves two tokens
each time; a merge saves one. That is the only weight in the algorithm, which otherwise is Sennrich et al. 2016,
"Neural Machine Translation of Rare Words with Subword Units".

Every character of every distinct word is one place in flat arrays of 32-bit integers, words chained by the places
before and behind; a merge is a handful of array operations over the places of its pair.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

ATOM_SAVES = 2
SPACED = 1 << 21  # set in the symbol of a character with a leading space; code points end below it
FIRST_MERGE = 1 << 22  # symbols from here on are merges
SHIFT = 24  # of the left symbol in a pair: four million atoms and twelve million merges fit
END = -1
FLUSH = 1 << 20  # characters of words held as text at once
STEP = 8  # the frequency below which pairs are not kept is divided by this when those above are used up
ROUNDS = 16  # in which all pairs are first counted, by their left symbol, so that sorting them takes little memory

Places = np.ndarray[Any, np.dtype[np.int32]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Piece:
    """`left` and `right` are the two pieces it is merged from, both empty for an atom; `count` is in the words."""

    text: str
    left: str
    right: str
    count: int


def atoms(word: str) -> list[str]:
    """Characters of a word, its leading space joined to the first: " 가나" -> [" 가", "나"]."""
    return [word[:2], *word[2:]] if word.startswith(" ") else list(word)


def learn(words: Mapping[str, int] | Iterable[tuple[str, int]], size: int, min_count: int) -> list[Piece]:
    """At most `size` pieces in rank order: what saves most tokens first, ties by text.

    `words` is a mapping, or pairs of distinct words and their counts, in any order and read once. A piece's parts
    always stand before it: an atom occurs at least as often as any pair it is in and weighs double. Memory is about
    40 bytes for each character of each distinct word.
    """
    return _Learner(words.items() if isinstance(words, Mapping) else words, min_count).run(size)


class _Learner:
    """The words as chained symbols, and the pairs that occur `least` times with the places where they did.

    Most pairs are rare and never chosen, so only frequent ones are kept; when those are used up, all are counted again
    and `least` is lowered.
    """

    def __init__(self, words: Iterable[tuple[str, int]], min_count: int) -> None:
        self.min_count = self.least = min_count
        self.symbols, self.word, self.weights = _laid_out(words)
        places = np.arange(len(self.symbols), dtype=np.int32)
        last = np.ones(len(places), bool)
        last[:-1] = self.word[1:] != self.word[:-1]
        first = np.roll(last, 1)
        self.behind: Places = np.where(last, END, places + 1).astype(np.int32)
        self.before: Places = np.where(first, END, places - 1).astype(np.int32)
        self.texts: list[str] = []  # of merges, by symbol
        self.numbers: dict[str, int] = {}
        self.pairs: dict[int, int] = {}
        self.where: dict[int, list[Places]] = {}
        self.heap: list[tuple[int, str, str, str]] = []

    def run(self, size: int) -> list[Piece]:
        seen = self._atoms()
        learned: dict[str, Piece] = {}
        self.least = STEP * max([self.min_count, *seen.values()])
        while self.least > self.min_count and len(learned) < size:
            self.least = max(self.min_count, self.least // STEP)
            self._look([(-ATOM_SAVES * n, atom, "", "") for atom, n in seen.items() if atom not in learned])
            while self.heap and -self.heap[0][0] >= self.least and len(learned) < size:
                saves, text, left, right = heapq.heappop(self.heap)
                if not left:
                    learned[text] = Piece(text, "", "", seen[text])
                    continue
                pair = self.symbol(left) << SHIFT | self.symbol(right)
                count = self.pairs.get(pair, 0)
                if count == -saves:
                    learned.setdefault(text, Piece(text, left, right, count))
                    self._merge(pair, text)
                elif count >= self.least:  # stale: pushed before neighbours were merged
                    heapq.heappush(self.heap, (-count, text, left, right))
        return list(learned.values())

    def _atoms(self) -> dict[str, int]:
        """The characters that occur often enough, and how often."""
        total = np.zeros(int(self.symbols.max(initial=0)) + 1, np.int64)
        for start in range(0, len(self.symbols), FLUSH):
            part = slice(start, start + FLUSH)
            np.add.at(total, self.symbols[part], self.weights[self.word[part]])
        often = np.flatnonzero(total >= self.min_count)
        return {self.text(symbol): count for symbol, count in zip(often.tolist(), total[often].tolist(), strict=True)}

    def _look(self, waiting: list[tuple[int, str, str, str]]) -> None:
        """Count every pair anew, and keep those that occur `least` times."""
        self.pairs, self.where, self.heap = {}, {}, waiting
        heapq.heapify(self.heap)
        for rest in range(ROUNDS):
            mine = (self.symbols % ROUNDS == rest) & (self.symbols != END) & (self.behind != END)
            self._found(np.flatnonzero(mine).astype(np.int32))

    def text(self, symbol: int) -> str:
        if symbol >= FIRST_MERGE:
            return self.texts[symbol - FIRST_MERGE]
        return (" " if symbol & SPACED else "") + chr(symbol & (SPACED - 1))

    def symbol(self, text: str) -> int:
        if len(text) == 1:
            return ord(text)
        if len(text) == 2 and text[0] == " ":
            return ord(text[1]) | SPACED
        return self.numbers[text]

    def _keys(self, places: Places) -> Numbers:
        """The pairs that begin at places that have one behind them."""
        return self.symbols[places].astype(np.int64) << SHIFT | self.symbols[self.behind[places]]

    def _found(self, places: Places) -> None:
        """Count the pairs that begin there and remember the frequent ones; no pair of old symbols grows later."""
        keys = self._keys(places)
        order = np.argsort(keys, kind="stable").astype(np.int32)
        keys, places = keys[order], places[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        if not len(starts):
            return
        counts = np.add.reduceat(self.weights[self.word[places]], starts)
        ends = np.append(starts[1:], len(keys))
        often = counts >= self.least
        for key, count, start, end in zip(
            keys[starts[often]].tolist(),
            counts[often].tolist(),
            starts[often].tolist(),
            ends[often].tolist(),
            strict=True,
        ):
            self.pairs[key] = count
            self.where[key] = [places[start:end]]
            left, right = self.text(key >> SHIFT), self.text(key & ((1 << SHIFT) - 1))
            heapq.heappush(self.heap, (-count, left + right, left, right))

    def _merge(self, pair: int, text: str) -> None:
        """Join `pair` wherever it stands, leftmost first, and set the counts of the pairs around it right."""
        left, right = pair >> SHIFT, pair & ((1 << SHIFT) - 1)
        again = text in self.numbers  # made before, from other parts
        if not again:
            self.numbers[text] = FIRST_MERGE + len(self.texts)
            self.texts.append(text)
        made = self.numbers[text]

        places = np.sort(np.concatenate(self.where.pop(pair)))
        places = places[(self.symbols[places] == left) & (self.behind[places] != END)]
        places = places[self.symbols[self.behind[places]] == right]
        if left == right:
            places = self._apart(places)
        seconds = self.behind[places]

        touched = np.concatenate([places, seconds, self.before[places]])
        touched = np.unique(touched[touched != END])
        self._lost(touched[self.behind[touched] != END])
        del self.pairs[pair]

        rest = self.behind[seconds]
        self.symbols[places] = made
        self.symbols[seconds] = END
        self.behind[places] = rest
        inside = rest != END
        self.before[rest[inside]] = places[inside]
        if again:  # its older neighbours may have been too few to be remembered
            places = np.flatnonzero(self.symbols == made).astype(np.int32)
        touched = np.concatenate([places, self.before[places]])
        touched = np.unique(touched[touched != END])
        self._found(touched[self.behind[touched] != END])

    def _apart(self, places: Places) -> Places:
        """Of a symbol paired with itself, the pairs that a reading from the left takes: 가가가 has one."""
        taken: list[int] = []
        used = END
        for place in places.tolist():
            if place != used:
                taken.append(place)
                used = int(self.behind[place])
        return np.array(taken, np.int32)

    def _lost(self, places: Places) -> None:
        keys, counts = _sums(self._keys(places), self.weights[self.word[places]])
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            if key in self.pairs:
                self.pairs[key] -= count


def _sums(keys: Numbers, weights: Numbers) -> tuple[Numbers, Numbers]:
    """The distinct keys, sorted, and the sum of each one's weights."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[starts], np.add.reduceat(weights[order], starts) if len(starts) else weights[:0]


def _laid_out(words: Iterable[tuple[str, int]]) -> tuple[Places, Places, Numbers]:
    """Symbols of all words one behind the other, the word each belongs to, and the words' counts."""
    symbols: list[Places] = []
    lengths: list[Places] = []
    counts: list[Numbers] = []
    texts: list[str] = []
    numbers: list[int] = []
    held = 0

    def flush() -> None:
        nonlocal held
        codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.int32).copy()
        spaces = codes == ord(" ")
        codes[1:][spaces[:-1]] |= SPACED
        symbols.append(codes[~spaces])
        lengths.append(np.array([len(text.lstrip(" ")) for text in texts], np.int32))
        counts.append(np.array(numbers, np.int64))
        texts.clear()
        numbers.clear()
        held = 0

    for word, count in words:
        texts.append(word)
        numbers.append(count)
        held += len(word)
        if held >= FLUSH:
            flush()
    flush()
    length = np.concatenate(lengths)
    return np.concatenate(symbols), np.repeat(np.arange(len(length), dtype=np.int32), length), np.concatenate(counts)
