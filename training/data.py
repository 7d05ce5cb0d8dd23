"""What is trained on at which step: rows cut from the packed streams, a pure function of section and step.

Language shares come from `replay` alone. The documents of a language, whatever their source, stand in an order drawn
by seed and epoch; rows are cut from that endless line without padding, and no token attends to, or is predicted from,
another document than its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifact import Artifact, file_sha256
from pipeline.errors import InputError
from tokenizer.pack import Stream
from training.config import Dapt

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

IGNORED = -100  # no loss: the next token belongs to another document


def check(tokens: Artifact, model: Path, rows: int) -> None:
    """Raise InputError where the streams were packed with another tokenizer than the model's."""
    facts = tokens.metrics
    if facts.get("tokenizer_sha256") != file_sha256(model / "tokenizer.json"):
        raise InputError(f"{tokens.path} was packed with another tokenizer than {model / 'tokenizer.json'}")
    if facts.get("vocabulary") != rows:
        raise InputError(f"{tokens.path} was packed for a vocabulary of {facts.get('vocabulary')}, {model} has {rows}")


def streams_of(tokens: Artifact, split: str, lang: str) -> list[Stream]:
    """The streams of one split and language, by name."""
    names = sorted(tokens.metrics["streams"])
    found = (Stream(tokens, name) for name in names if name.startswith(f"{split}/"))
    return [stream for stream in found if stream.lang == lang]


@dataclass(frozen=True)
class Rows:
    """A micro-batch: `ids`, `targets` (IGNORED where none) and `positions`, each (rows, sequence) int64."""

    ids: NDArray[np.int64]
    targets: NDArray[np.int64]
    positions: NDArray[np.int64]
    langs: tuple[str, ...]

    def tensors(self, device: torch.device) -> dict[str, torch.Tensor]:
        import torch

        named = {"ids": self.ids, "targets": self.targets, "positions": self.positions}
        return {name: torch.from_numpy(array).to(device) for name, array in named.items()}


class Line:
    """All documents of one language as an endless line of tokens, in a new order each epoch."""

    def __init__(self, streams: Sequence[Stream], lang: str, seed: int) -> None:
        """Raises InputError where the streams hold no tokens of that language."""
        import numpy as np

        self.lang = lang
        self._seed = seed
        self._streams = list(streams)
        self._stream = np.concatenate(
            [np.full(len(stream), number, np.int64) for number, stream in enumerate(streams)] or [np.zeros(0, np.int64)]
        )
        self._document = np.concatenate([np.arange(len(stream)) for stream in streams] or [np.zeros(0, np.int64)])
        self._lengths = np.concatenate(
            [np.diff(stream.offsets.astype(np.int64)) for stream in streams] or [np.zeros(0, np.int64)]
        )
        self.tokens = int(self._lengths.sum())
        if not self.tokens:
            raise InputError(
                f"the tokens hold no train stream of language '{lang}': add text in it to mix, or leave it out of "
                f"replay (replay: {{{lang}: 0}})"
            )
        self._epoch = lru_cache(maxsize=2)(self._ordered)

    def _ordered(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Order of the documents in an epoch, and where each starts, counted from the epoch's first token."""
        import numpy as np

        order = shuffled(len(self._lengths), f"{self._seed}/{self.lang}/{epoch}")
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self._lengths[order])])
        return order, starts

    def cut(self, start: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`count` tokens from `start` on, and the number of the document, within the cut, that each belongs to."""
        import numpy as np

        ids = np.empty(count, np.int64)
        document = np.empty(count, np.int64)
        done = number = 0
        while done < count:
            epoch, offset = divmod(start + done, self.tokens)
            order, starts = self._epoch(epoch)
            place = int(np.searchsorted(starts, offset, side="right")) - 1
            chosen = int(order[place])
            skip = offset - int(starts[place])
            whole = self._streams[int(self._stream[chosen])].document(int(self._document[chosen]))
            part = whole[skip : skip + count - done]
            ids[done : done + len(part)] = part
            document[done : done + len(part)] = number
            done += len(part)
            number += 1
        return ids, document


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


def shares(section: Dapt) -> dict[str, float]:
    """Language -> share of the tokens, largest first; `lang` takes what replay leaves."""
    rest = 1 - sum(section.replay.values())
    found = {section.lang: rest, **section.replay}
    return {lang: share for lang, share in sorted(found.items(), key=lambda item: (-item[1], item[0])) if share > 1e-9}


def interleaved(wanted: dict[str, float], rows: int) -> NDArray[np.uint8]:
    """The language of each row, as a number into `wanted`: at every row the one furthest behind its share.

    After any number of rows no language is a whole row away from its share where there are two of them.
    """
    import numpy as np

    share = list(wanted.values())
    behind = [0.0] * len(share)
    found = np.empty(rows, np.uint8)
    for row in range(rows):
        for number, one in enumerate(share):
            behind[number] += one
        chosen = behind.index(max(behind))
        behind[chosen] -= 1
        found[row] = chosen
    return found


class Data:
    """The rows of every step. Step `s` of a run is the same whatever came before it in this process."""

    def __init__(self, section: Dapt, tokens: Artifact) -> None:
        self.sequence = section.sequence
        self.rows_per_step = section.batch // section.sequence
        self.steps = max(1, section.budget // (self.rows_per_step * section.sequence))
        wanted = shares(section)
        self._lines = [Line(streams_of(tokens, "train", lang), lang, section.seed) for lang in wanted]
        self._language = interleaved(wanted, self.steps * self.rows_per_step)
        self._before = [(self._language == number).cumsum() for number in range(len(wanted))]

    def row(self, number: int) -> tuple[str, NDArray[np.int64], NDArray[np.int64]]:
        """Language, tokens (sequence + 1) and their documents of one row, counted from the start of the run."""
        language = int(self._language[number])
        line = self._lines[language]
        index = int(self._before[language][number]) - 1
        ids, document = line.cut(index * self.sequence, self.sequence + 1)
        return line.lang, ids, document

    def step(self, step: int) -> Rows:
        """All rows of one optimizer step, over all ranks."""
        first = step * self.rows_per_step
        return batch([self.row(first + number) for number in range(self.rows_per_step)])

    def tokens_per_language(self) -> dict[str, dict[str, Any]]:
        """Tokens trained on and tokens there are, by language."""
        found = {}
        for number, line in enumerate(self._lines):
            trained = int((self._language == number).sum()) * self.sequence
            found[line.lang] = {"tokens": trained, "available": line.tokens, "epochs": round(trained / line.tokens, 4)}
        return found


def batch(rows: Sequence[tuple[str, NDArray[np.int64], NDArray[np.int64]]]) -> Rows:
    """Rows of (language, tokens, documents), all of one length n + 1, as n inputs and n targets."""
    import numpy as np

    ids = np.stack([row[1] for row in rows])
    document = np.stack([row[2] for row in rows])
    same = document[:, 1:] == document[:, :-1]
    index = np.arange(same.shape[1])
    begins = np.concatenate([np.ones((len(rows), 1), bool), ~same[:, :-1]], axis=1)
    start = np.maximum.accumulate(np.where(begins, index, 0), axis=1)
    return Rows(
        ids=ids[:, :-1],
        targets=np.where(same, ids[:, 1:], IGNORED),
        positions=index - start,
        langs=tuple(row[0] for row in rows),
    )


def micro_batches(rows: Rows, rank: int, world: int, size: int) -> list[Rows]:
    """This rank's share of a step, in micro-batches of `size` rows."""
    found = []
    for first in range(rank * size, len(rows.langs), world * size):
        part = slice(first, first + size)
        found.append(Rows(rows.ids[part], rows.targets[part], rows.positions[part], rows.langs[part]))
    return found
