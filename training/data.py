"""What is trained on at which step: rows cut from the packed streams, a pure function of section and step.

Language shares come from `replay` alone. The documents of a language, whatever their source, stand in an order drawn
by seed and epoch; no token attends to, or is predicted from, another document than its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifact import Artifact, file_sha256
from pipeline.errors import InputError
from tokenizer.pack import Stream
from training.config import Dapt
from training.lines import Block, Fitted, Line

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray


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
    """A micro-batch: `ids`, `targets` (IGNORED where none) and `positions`, each (rows, sequence) int32."""

    ids: NDArray[np.int32]
    targets: NDArray[np.int32]
    positions: NDArray[np.int32]
    langs: tuple[str, ...]

    def tensors(self, device: torch.device) -> dict[str, torch.Tensor]:
        import torch

        named = {"ids": self.ids, "targets": self.targets, "positions": self.positions}
        return {name: torch.from_numpy(array).to(device, torch.long) for name, array in named.items()}


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
        self._lines = [_line(section, streams_of(tokens, "train", lang), lang) for lang in wanted]
        self._language = interleaved(wanted, self.steps * self.rows_per_step)
        self._before = [(self._language == number).cumsum() for number in range(len(wanted))]

    def step(self, step: int) -> Rows:
        """All rows of one optimizer step, over all ranks."""
        import numpy as np

        first = step * self.rows_per_step
        language = self._language[first : first + self.rows_per_step]
        blocks: list[tuple[NDArray[np.bool_], Block]] = []
        for number in np.unique(language).tolist():
            mine = language == number
            start = int(self._before[number][first]) - int(mine[0])
            blocks.append((mine, self._lines[number].rows(start, int(mine.sum()), self.sequence)))
        ids, targets, positions = blocks[0][1]
        if len(blocks) > 1:
            ids, targets, positions = (np.empty((self.rows_per_step, self.sequence), np.int32) for _ in range(3))
            for mine, block in blocks:
                ids[mine], targets[mine], positions[mine] = block
        return Rows(ids, targets, positions, tuple(self._lines[number].lang for number in language.tolist()))

    def tokens_per_language(self) -> dict[str, dict[str, Any]]:
        """Tokens trained on and tokens there are, by language; `useful` is the share of fitted rows without padding."""
        found = {}
        for number, line in enumerate(self._lines):
            trained = int((self._language == number).sum()) * self.sequence
            found[line.lang] = {"tokens": trained, "available": line.tokens, "epochs": round(trained / line.tokens, 4)}
            if isinstance(line, Fitted):
                found[line.lang]["useful"] = round(line.useful, 6)
        return found


def _line(section: Dapt, streams: list[Stream], lang: str) -> Line | Fitted:
    if section.packing == "cut":
        return Line(streams, lang, section.seed)
    return Fitted(streams, lang, section.seed, section.sequence)


def micro_batches(rows: Rows, rank: int, world: int, size: int) -> list[Rows]:
    """This rank's share of a step, in micro-batches of `size` rows."""
    found = []
    for first in range(rank * size, len(rows.langs), world * size):
        part = slice(first, first + size)
        found.append(Rows(rows.ids[part], rows.targets[part], rows.positions[part], rows.langs[part]))
    return found
