"""Byte-pair encoding over Hangul syllables, learned from word counts.

A word is a run of Hangul syllables with at most one leading space (an eojeol, or a morpheme cut out of one). Its
atoms are its syllables; a leading space belongs to the first one, as it does in every byte-level BPE that already
joins the space to a lead byte of Hangul. An atom stands for at least three bytes, so learning it saves two tokens
each time; a merge saves one. That is the only weight in the algorithm, which otherwise is Sennrich et al. 2016,
"Neural Machine Translation of Rare Words with Subword Units".
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

ATOM_SAVES = 2

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """`left` and `right` are the two pieces it is merged from, both empty for an atom; `count` is in the words."""

    text: str
    left: str
    right: str
    count: int


def atoms(word: str) -> list[str]:
    """Syllables of a word, its leading space joined to the first: " 가나" -> [" 가", "나"]."""
    return [word[:2], *word[2:]] if word.startswith(" ") else list(word)


def learn(words: Mapping[str, int], size: int, min_count: int) -> list[Piece]:
    """At most `size` pieces in rank order: what saves most tokens first, ties by text.

    A piece's parts always stand before it: an atom occurs at least as often as any pair it is in and weighs double.
    Memory follows the number of distinct words.
    """
    counts = [words[word] for word in sorted(words)]
    spelled = [atoms(word) for word in sorted(words)]
    seen: dict[str, int] = defaultdict(int)
    pairs: dict[Pair, int] = defaultdict(int)
    places: dict[Pair, set[int]] = defaultdict(set)
    for number, symbols in enumerate(spelled):
        for symbol in symbols:
            seen[symbol] += counts[number]
        for pair in itertools.pairwise(symbols):
            pairs[pair] += counts[number]
            places[pair].add(number)

    heap: list[tuple[int, str, Pair]] = [
        (-ATOM_SAVES * n, atom, ("", "")) for atom, n in seen.items() if n >= min_count
    ]
    heap.extend((-n, "".join(pair), pair) for pair, n in pairs.items() if n >= min_count)
    heapq.heapify(heap)

    learned: dict[str, Piece] = {}
    while heap and len(learned) < size:
        saves, text, pair = heapq.heappop(heap)
        if pair == ("", ""):
            learned[text] = Piece(text, "", "", seen[text])
            continue
        count = pairs.get(pair, 0)
        if count != -saves:  # stale: pushed before neighbours were merged
            if count >= min_count:
                heapq.heappush(heap, (-count, text, pair))
            continue
        learned.setdefault(text, Piece(text, *pair, count))
        for changed in _merge(pair, text, spelled, counts, pairs, places):
            if pairs[changed] >= min_count:
                heapq.heappush(heap, (-pairs[changed], "".join(changed), changed))
    return list(learned.values())


def _merge(
    pair: Pair,
    text: str,
    spelled: list[list[str]],
    counts: list[int],
    pairs: dict[Pair, int],
    places: dict[Pair, set[int]],
) -> list[Pair]:
    """Join `pair` wherever it stands; returns the pairs that occur more often than before, sorted."""
    grown: set[Pair] = set()
    for number in places.pop(pair):
        old, count = spelled[number], counts[number]
        new = _joined(old, pair, text)
        for gone in itertools.pairwise(old):
            pairs[gone] -= count
        for come in itertools.pairwise(new):
            pairs[come] += count
            if text in come:
                places[come].add(number)
                grown.add(come)
        spelled[number] = new
    pairs.pop(pair, None)
    return sorted(grown)


def _joined(symbols: list[str], pair: Pair, text: str) -> list[str]:
    joined: list[str] = []
    at = 0
    while at < len(symbols):
        if symbols[at] == pair[0] and at + 1 < len(symbols) and symbols[at + 1] == pair[1]:
            joined.append(text)
            at += 2
        else:
            joined.append(symbols[at])
            at += 1
    return joined
