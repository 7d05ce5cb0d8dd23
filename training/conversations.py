"""The conversations of a run: gathered from every set of chat data, as tokens, and those of each step."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from corpus.documents import read_documents
from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, StageFailed
from training.chat import ChatSet, read_files
from training.config import Chat, Sft
from training.lines import IGNORED, shuffled
from training.pairs import made_pairs
from training.template import ChatTemplate, Encoded, Unfit

if TYPE_CHECKING:
    import torch


class Batch(NamedTuple):
    """A micro-batch, each (conversations, longest) int64; `targets` are IGNORED but at answers.

    Padded at the right, where a causal model's real tokens cannot see it: no attention mask is needed.
    """

    ids: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True)
class Conversations:
    """Token rows of all sets, in the order of the section, and the figures of each set by name.

    `failed` counts the records of files that are no conversation; what else was left out was fit but for this model.
    """

    rows: list[Encoded]
    facts: dict[str, dict[str, Any]]
    seed: int = 0
    failed: int = 0

    @property
    def answer_tokens(self) -> int:
        return sum(sum(row.learned) for row in self.rows)

    def steps(self, epochs: float, batch: int) -> int:
        """Optimizer steps of `epochs`, the last one filled up from the next epoch."""
        return max(1, math.ceil(epochs * len(self.rows) / batch - 1e-9))

    def step(self, step: int, batch: int) -> list[Encoded]:
        """The conversations of one optimizer step, over all ranks: each epoch is a new order drawn by seed.

        The shortest first, so that a micro-batch holds conversations of about one length and little padding.
        """
        places = (divmod(place, len(self.rows)) for place in range(step * batch, (step + 1) * batch))
        chosen = [self.rows[self._order(epoch)[offset]] for epoch, offset in places]
        return sorted(chosen, key=lambda row: len(row.ids))

    def _order(self, epoch: int) -> list[int]:
        return _order(len(self.rows), f"{self.seed}/sft/{epoch}")


@lru_cache(maxsize=2)
def _order(count: int, key: str) -> list[int]:
    return [int(number) for number in shuffled(count, key)]


def micro_batches(rows: Sequence[Encoded], rank: int, world: int, size: int, padding: int) -> Iterator[Batch]:
    """This rank's share of a step, in micro-batches of `size` conversations."""
    for first in range(rank * size, len(rows), world * size):
        yield padded(rows[first : first + size], padding)


def padded(rows: Sequence[Encoded], padding: int) -> Batch:
    """The target at a place is the next token where that is learned."""
    import torch

    longest = max(len(row.ids) for row in rows)
    shape = (len(rows), longest)
    batch = Batch(torch.full(shape, padding), torch.full(shape, IGNORED))
    for number, (ids, learned) in enumerate(rows):
        batch.ids[number, : len(ids)] = torch.tensor(ids)
        following = [token if wanted else IGNORED for token, wanted in zip(ids[1:], learned[1:], strict=True)]
        batch.targets[number, : len(ids) - 1] = torch.tensor(following, dtype=torch.long)
    return batch


def gather(section: Sft, context: Context, template: ChatTemplate) -> Conversations:
    """Read or make every set of `section.data` and tokenize it; rank 0 writes made pairs to `chat/<name>.jsonl`.

    Raises StageFailed where more than `bad_records` of a file's records are bad, InputError where a set has no
    conversation that can be trained on, ConfigError where pairs are to be made and there are no documents.
    """
    if context.rank == 0:
        context.fresh("chat")
    rows: list[Encoded] = []
    facts: dict[str, dict[str, Any]] = {}
    failed = 0
    for number, (name, chat) in enumerate(section.data.items()):
        context.progress(number, len(section.data), "chat sets")
        found = _made(name, chat, section, context) if chat.made else _read(name, chat, section, context)
        encoded, skipped = _encoded(found, template, section.sequence, context)
        skipped += found.skipped
        failed += 0 if found.made else sum(found.skipped.values())
        if not encoded:
            why = ", ".join(f"{reason} ({count})" for reason, count in skipped.most_common(3)) or "it is empty"
            raise InputError(f"sft.data.{name} has no conversation to train on: {why}")
        rows += encoded
        facts[name] = {
            "conversations": len(encoded),
            "answer_tokens": sum(sum(row.learned) for row in encoded),
            "license": found.license,
            "made": found.made,
            "skipped": {reason: skipped[reason] for reason in sorted(skipped)},
        }
    return Conversations(rows, facts, section.seed, failed)


def _read(name: str, chat: Chat, section: Sft, context: Context) -> ChatSet:
    found = read_files(name, chat.file or "", chat.license)
    bad = sum(found.skipped.values())
    if bad:
        named = "; ".join(found.named)
        context.event("warning", message=f"sft.data.{name}: {bad} records are no conversation: {named}")
    if bad > section.bad_records * (bad + len(found)):
        raise StageFailed(
            f"sft.data.{name}: {bad} of {bad + len(found)} records are no conversation, more than bad_records "
            f"{section.bad_records} allows: {'; '.join(found.named)}"
        )
    if chat.limit is not None and len(found) > chat.limit:
        drawn = shuffled(len(found), f"{section.seed}/{name}")[: chat.limit]
        found.conversations = [found.conversations[number] for number in sorted(int(place) for place in drawn)]
    return found


def _made(name: str, chat: Chat, section: Sft, context: Context) -> ChatSet:
    mixture = context.inputs.get("documents")
    if not isinstance(mixture, Artifact):
        raise ConfigError(f"sft.data.{name} makes pairs from documents, and sft.documents names none")
    if not (mixture.path / "train").is_dir():
        raise InputError(f"{mixture.path} has no train split to make pairs from")
    lang = str(chat.made)
    found = made_pairs(name, lambda: read_documents(mixture, "train", lang), lang, chat.limit, section.seed)
    if context.rank == 0:
        lines = (
            json.dumps({"made": True, "license": found.license, "messages": messages}, ensure_ascii=False) + "\n"
            for messages in found.conversations
        )
        _write(context.path / "chat" / f"{name}.jsonl", lines)
    return found


def _encoded(
    found: ChatSet, template: ChatTemplate, sequence: int, context: Context
) -> tuple[list[Encoded], Counter[str]]:
    rows: list[Encoded] = []
    skipped: Counter[str] = Counter()
    for number, conversation in enumerate(found.conversations):
        if number % 200 == 0:
            context.stop_if_asked()
        try:
            rows.append(template.encode(conversation, sequence))
        except Unfit as unfit:
            skipped[str(unfit)] += 1
    return rows, skipped


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines)
