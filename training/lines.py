"""The documents of one language as training rows, in an order drawn by seed and epoch: any row in constant time.

`Line` cuts rows from an endless line of documents, so nothing is padded and a document may go on in the next row.
`Fitted` gives rows that hold whole documents (`training.packing`). Both read the memory-mapped streams as they go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from tokenizer.pack import Stream
from training.packing import best_fit, pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IGNORED = -100  # no loss: the next token belongs to another document
Block = tuple["NDArray[np.int32]", "NDArray[np.int32]", "NDArray[np.int32]"]  # ids, targets, positions of rows


class Documents:
    """All documents of some streams, numbered one after another."""

    def __init__(self, streams: Sequence[Stream], lang: str) -> None:
        """Raises InputError where the streams hold no tokens of that language. Memory: 24 bytes a document."""
        import numpy as np

        found = [stream.offsets.astype(np.int64) for stream in streams]
        none = [np.zeros(0, np.int64)]
        self._tokens = [np.asarray(stream.tokens) for stream in streams]  # a plain view is sliced faster than a memmap
        self._stream = np.concatenate([np.full(len(one) - 1, n, np.int64) for n, one in enumerate(found)] or none)
        self._start = np.concatenate([one[:-1] for one in found] or none)
        self.lengths = np.concatenate([np.diff(one) for one in found] or none)
        self.tokens = int(self.lengths.sum())
        if not self.tokens:
            raise InputError(
                f"the tokens hold no train stream of language '{lang}': add text in it to mix, or leave it out of "
                f"replay (replay: {{{lang}: 0}})"
            )

    def gather(
        self,
        out: NDArray[np.int32],
        places: NDArray[np.int64],
        documents: NDArray[np.int64],
        skips: NDArray[np.int64],
        lengths: NDArray[np.int64],
    ) -> None:
        """Copy `lengths` tokens of `documents`, from their token `skips` on, to `places` of `out`."""
        streams = self._stream[documents].tolist()
        starts = (self._start[documents] + skips).tolist()
        for place, stream, start, length in zip(places.tolist(), streams, starts, lengths.tolist(), strict=True):
            out[place : place + length] = self._tokens[stream][start : start + length]


class Line:
    """The documents as an endless line of tokens, in a new order each epoch."""

    def __init__(self, streams: Sequence[Stream], lang: str, seed: int) -> None:
        self.lang = lang
        self._documents = Documents(streams, lang)
        self._seed = seed
        self.tokens = self._documents.tokens
        self._epoch = lru_cache(maxsize=2)(self._ordered)

    def _ordered(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Order of the documents in an epoch, and where each starts, counted from the epoch's first token."""
        import numpy as np

        order = shuffled(len(self._documents.lengths), f"{self._seed}/{self.lang}/{epoch}")
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self._documents.lengths[order])])
        return order, starts

    def cut(self, start: int, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """`count` tokens from `start` on, and where in them documents begin (the first may have begun before)."""
        import numpy as np

        ids = np.empty(count, np.int32)
        begins: list[NDArray[np.int64]] = []
        done = 0
        while done < count:
            epoch, offset = divmod(start + done, self.tokens)
            order, starts = self._epoch(epoch)
            first = int(np.searchsorted(starts, offset, side="right")) - 1
            end = min(self.tokens, offset + count - done)
            last = int(np.searchsorted(starts, end, side="left"))
            chosen, edges = order[first:last], starts[first : last + 1].clip(offset, end)
            places = edges[:-1] - offset + done
            self._documents.gather(ids, places, chosen, edges[:-1] - starts[first:last], np.diff(edges))
            begins.append(places)
            done += end - offset
        return ids, np.concatenate(begins)

    def rows(self, first: int, count: int, sequence: int) -> Block:
        """Rows `first` to `first + count` of the line; the last target of each is the next row's first token."""

        ids, begins = self.cut(first * sequence, count * sequence + 1)
        targets = ids[1:].copy()
        targets[begins[1:] - 1] = IGNORED
        positions = _positions(begins[begins < count * sequence], count, sequence)
        shape = (count, sequence)
        return ids[:-1].reshape(shape), targets.reshape(shape), positions.reshape(shape)


class Fitted:
    """The documents fitted into rows, none cut unless longer than a row; the rows in a new order each epoch."""

    def __init__(self, streams: Sequence[Stream], lang: str, seed: int, sequence: int) -> None:
        """A row takes `sequence + 1` tokens: the last one is only predicted."""

        self.lang = lang
        self._documents = Documents(streams, lang)
        self._seed, self._width = seed, sequence + 1
        self.tokens = self._documents.tokens
        self._document, self._skip, length = pieces(self._documents.lengths, self._width)
        self._order, self._place, self._first = best_fit(length, self._width)
        self._length = length[self._order]
        self.count = len(self._first) - 1
        self.useful = float(length.sum() / (self.count * self._width))  # the rest of the rows is padding
        self._rows = lru_cache(maxsize=2)(lambda epoch: shuffled(self.count, f"{seed}/{lang}/{epoch}"))

    def rows(self, first: int, count: int, sequence: int) -> Block:
        """Rows by number, counted over epochs; what is left of a row is padding, which predicts nothing."""
        import numpy as np

        numbers = [int(self._rows(row // self.count)[row % self.count]) for row in range(first, first + count)]
        held = [slice(int(self._first[number]), int(self._first[number + 1])) for number in numbers]
        at = [self._place[one] + number * self._width for number, one in enumerate(held)]
        places = np.concatenate(at)
        order = np.concatenate([self._order[one] for one in held])
        lengths = np.concatenate([self._length[one] for one in held])
        ids = np.zeros(count * self._width, np.int32)
        self._documents.gather(ids, places, self._document[order], self._skip[order], lengths)
        targets = np.full(count * self._width, IGNORED, np.int32)
        inside = np.zeros(count * self._width + 1, np.int8)
        np.add.at(inside, places, 1)
        np.add.at(inside, places + lengths - 1, -1)  # a piece's last token predicts nothing
        known = np.cumsum(inside[:-1], dtype=np.int8).astype(bool)
        targets[:-1][known[:-1]] = ids[1:][known[:-1]]
        positions = _positions(places, count, self._width)
        shape = (count, self._width)
        return tuple(one.reshape(shape)[:, :-1] for one in (ids, targets, positions))  # type: ignore[return-value]


def _positions(begins: NDArray[np.int64], count: int, width: int) -> NDArray[np.int32]:
    """Of each token in `count` rows, how far it stands behind the start of its document or its row."""
    import numpy as np

    opens = np.union1d(begins, np.arange(0, count * width, width)).astype(np.int32)
    return _numbers(count * width) - np.repeat(opens, np.diff(opens, append=count * width))


@lru_cache(maxsize=4)
def _numbers(count: int) -> NDArray[np.int32]:
    import numpy as np

    return np.arange(count, dtype=np.int32)


def shuffled(count: int, key: str) -> NDArray[np.int64]:
    """A permutation of `count` numbers drawn by `key`: the same on any machine and with any numpy.

    Sorts SplitMix64 of the numbers (Steele et al. 2014), whose counter starts at a hash of the key.
    """
    import numpy as np

    start = np.uint64(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little"))
    with np.errstate(over="ignore"):
        mixed = start + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return np.argsort(mixed, kind="stable")
