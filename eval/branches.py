"""lm-eval's language model with shared contexts: an item's choices branch off its context in one forward pass.

Stock `HFLM` runs context and choice again for every choice and keeps the logits of every position. Here the context
runs once, the choices follow it under a tree attention mask, several items share a pass, and logits exist at the
scored positions only. The log-likelihoods are the stock class's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.bpb import Logits, is_plain
from pipeline.errors import InputError

if TYPE_CHECKING:
    import torch

PACKED = {"cpu": 512, "cuda": 4096}  # tokens of several items run together; a longer item runs alone
Answer = tuple[float, bool]  # log-likelihood in nats; whether greedy decoding would write the same


@dataclass(frozen=True)
class Branches:
    """A context and the continuations scored after it; `order` are their places among the requests."""

    context: list[int]
    continuations: list[list[int]]
    order: list[int]

    @property
    def length(self) -> int:
        """Input tokens: the last token of a continuation is predicted and never read."""
        return len(self.context) + sum(len(ids) - 1 for ids in self.continuations)


def language_model(
    model: Any, tokenizer: Any, prefix: int, logits: Logits, advance: Callable[[int, int], None] | None = None
) -> Any:
    """`HFLM` over a loaded model. Text is tokenized as text: special tokens spelled out in it are letters.

    `prefix` stands before an empty context; other contexts begin as the tokenizer begins them.
    `advance(done, total)` is called after each forward pass, in choices scored, and may raise to stop. `truncated` on
    the result counts the contexts of the last call that lost their oldest tokens.
    """
    import torch
    from lm_eval.models.huggingface import HFLM

    class Branching(HFLM):  # type: ignore[misc]
        truncated = 0

        def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
            special = add_special_tokens is not False
            found = self.tokenizer(string, add_special_tokens=special, split_special_tokens=True, verbose=False)
            return list(found["input_ids"])

        def loglikelihood(self, requests: Any, disable_tqdm: bool = True) -> list[Answer]:
            return list(super().loglikelihood(requests, disable_tqdm=True))

        def _loglikelihood_tokens(
            self, requests: Any, disable_tqdm: bool = True, override_bs: int | None = None
        ) -> list[Answer]:
            answers: dict[int, Answer] = {}
            groups, self.truncated = branch(requests, self.max_length)
            budget = PACKED.get(model.device.type, PACKED["cpu"]) if shares_context(model) else 1
            with torch.inference_mode():
                for packed in pack(groups, budget):
                    answers |= score(packed, model, logits)
                    if advance is not None:
                        advance(len(answers), len(requests))
            return [answers[number] for number in range(len(requests))]

    logging.getLogger("lm_eval").setLevel(logging.ERROR)  # it warns of options that a loaded model has no use for
    return Branching(pretrained=model, tokenizer=tokenizer, prefix_token_id=prefix, backend="causal", batch_size=1)


def shares_context(model: Any) -> bool:
    """Whether a tree mask means what it says: positions can be given, and attention reaches all the way back."""
    return is_plain(model) and getattr(model.config, "sliding_window", None) is None


def branch(requests: Sequence[Any], max_length: int) -> tuple[list[Branches], int]:
    """Group lm-eval's requests `(strings, context, continuation)` by context, the longest first.

    A context that does not fit beside its longest continuation loses its oldest tokens; returns the groups and how
    many were cut. Raises InputError for a choice without tokens or longer than the model.
    """
    shared: dict[tuple[int, ...], list[int]] = {}
    for number, (_, context, _) in enumerate(requests):
        shared.setdefault(tuple(context), []).append(number)
    groups, cut = [], 0
    for context, order in shared.items():
        continuations = [list(requests[number][2]) for number in order]
        for number, ids in zip(order, continuations, strict=True):
            if not ids:
                raise InputError(f"the choice '{requests[number][0][1]}' adds no token to its question")
        room = max_length + 1 - max(map(len, continuations))
        if room < 1:
            longest = max(order, key=lambda number: len(requests[number][2]))
            raise InputError(f"the choice '{requests[longest][0][1][:60]}' is longer than {max_length} tokens")
        cut += len(context) > room
        groups.append(Branches(list(context[-room:]), continuations, order))
    return sorted(groups, key=lambda group: (-group.length, group.order)), cut


def pack(groups: Sequence[Branches], budget: int) -> list[list[Branches]]:
    """Consecutive groups in rows of at most `budget` tokens; a group longer than that has a row of its own."""
    rows: list[list[Branches]] = []
    used = budget
    for group in groups:
        if not rows or used + group.length > budget:
            rows.append([])
            used = 0
        rows[-1].append(group)
        used += group.length
    return rows


def tree(packed: Sequence[Branches]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[int]]:
    """Ids [1, length], positions [1, length], who sees whom [length, length], and the rows whose logits predict the
    continuations' tokens, in the order of the groups and their continuations.

    A token sees the tokens before it in its own group that are context or of its own branch. Every branch counts its
    positions on from the context.
    """
    import torch

    ids: list[int] = []
    positions: list[int] = []
    group_of: list[int] = []
    branch_of: list[int] = []
    rows: list[int] = []
    for number, group in enumerate(packed):
        depth = len(group.context)
        ids += group.context
        positions += range(depth)
        branch_of += [0] * depth
        last = len(ids) - 1
        for name, continuation in enumerate(group.continuations, 1):
            more = len(continuation) - 1
            rows += [last, *range(len(ids), len(ids) + more)]
            ids += continuation[:-1]
            positions += range(depth, depth + more)
            branch_of += [name] * more
        group_of += [number] * (len(ids) - len(group_of))
    groups, branches = torch.tensor(group_of), torch.tensor(branch_of)
    visible = (branches[None, :] == 0) | (branches[None, :] == branches[:, None])
    seen = (groups[None, :] == groups[:, None]) & visible & torch.ones(len(ids), len(ids), dtype=torch.bool).tril()
    return torch.tensor([ids]), torch.tensor([positions]), seen, rows


def score(packed: Sequence[Branches], model: Any, logits: Logits) -> dict[int, Answer]:
    """Request number -> answer for the groups of one row."""
    import torch

    order = [number for group in packed for number in group.order]
    continuations = [ids for group in packed for ids in group.continuations]
    if shares_context(model):
        ids, positions, seen, rows = tree(packed)
        mask = torch.zeros(seen.shape, dtype=model.dtype).masked_fill(~seen, torch.finfo(model.dtype).min)
        more = {"attention_mask": mask[None, None].to(model.device), "position_ids": positions.to(model.device)}
        found, greedy = _chosen(logits, model, ids, rows, [token for tokens in continuations for token in tokens], more)
    else:
        pieces = [_alone(group.context, ids, model, logits) for group in packed for ids in group.continuations]
        found, greedy = (torch.cat(column) for column in zip(*pieces, strict=True))
    answers, start = {}, 0
    for number, tokens in zip(order, continuations, strict=True):
        end = start + len(tokens)
        answers[number] = float(found[start:end].sum()), bool(greedy[start:end].all())
        start = end
    return answers


def _alone(
    context: list[int], continuation: list[int], model: Any, logits: Logits
) -> tuple[torch.Tensor, torch.Tensor]:
    """For architectures whose attention is not plain: context and one continuation as a causal sequence."""
    import torch

    ids = [*context, *continuation]
    return _chosen(
        logits, model, torch.tensor([ids[:-1]]), list(range(len(context) - 1, len(ids) - 1)), continuation, {}
    )


def _chosen(
    logits: Logits, model: Any, ids: torch.Tensor, rows: list[int], tokens: list[int], more: dict[str, Any]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-likelihood (float64) of each token at its row, and whether it is the likeliest there."""
    import torch

    targets = torch.tensor(tokens).to(model.device)
    found, greedy, start = [], [], 0
    for block in logits(ids.to(model.device), torch.tensor(rows).to(model.device), **more):
        wanted = targets[start : start + len(block)]
        found.append(block.log_softmax(dim=-1).gather(1, wanted[:, None])[:, 0])
        greedy.append(block.argmax(dim=-1) == wanted)
        start += len(block)
    return torch.cat(found).double().cpu(), torch.cat(greedy).cpu()
