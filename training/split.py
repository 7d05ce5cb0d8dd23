"""A causal language model whose new rows stand beside the engine.

ZeRO flattens whatever is in its parameter groups and partitions whatever is registered, so a rule per row is lost
there. The matrices are cut at the first new id: the old rows stay the model's parameters, the new rows become plain
tensors. Ids below the cut are looked up in the model, ids from it on in the rows, and the logits are joined.

Imported inside functions: its classes are torch's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as functional

from eval.bpb import HEAD_ROWS, PLAIN, is_plain
from pipeline.errors import InputError
from training.lines import IGNORED
from training.loss import FusedLoss, both


@dataclass(frozen=True)
class NewRows:
    """Rows of the ids from `first` on: fp32, the same on every rank. `output` is None where the head is tied."""

    first: int
    input: torch.Tensor
    output: torch.Tensor | None

    def matrices(self) -> list[torch.Tensor]:
        return [self.input] if self.output is None else [self.input, self.output]


class Head(torch.nn.Module):
    """The output matrix of the old rows: a module of its own, so that ZeRO-3 gathers it for the fused loss."""

    def __init__(self, weight: torch.nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(
        self,
        hidden: torch.Tensor,
        new: torch.Tensor | None,
        targets: torch.Tensor | None = None,
        present: torch.Tensor | None = None,
        scale: float = 1.0,
    ) -> Any:
        """Logits of `hidden`, or with targets the loss and its parts (see FusedLoss)."""
        if targets is None:
            return both(hidden, self.weight, new)
        return FusedLoss.apply(hidden, self.weight, new, targets, present, scale)  # type: ignore[no-untyped-call]


class Split(torch.nn.Module):
    """The body with its old input rows, the head's old rows, and the new rows, which no engine sees."""

    def __init__(self, body: Any, head: Head, rows: NewRows | None, padding: list[torch.Tensor]) -> None:
        super().__init__()
        self.body = body
        self.head = head
        self.rows = rows
        self.padding = padding  # rows past the last learned piece: in no text, in no softmax, handed on as they are

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    @property
    def first(self) -> int:
        """The first id that is not the base's."""
        return int(self.body.get_input_embeddings().num_embeddings)

    @property
    def words(self) -> int:
        """Ids that text can hold: old rows and learned pieces, without padding."""
        return self.first + (0 if self.rows is None else len(self.rows.input))

    @property
    def tied(self) -> bool:
        return self.head.weight is self.body.get_input_embeddings().weight

    def forward(
        self,
        ids: torch.Tensor,
        targets: torch.Tensor,
        positions: torch.Tensor,
        present: torch.Tensor,
        scale: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(rows, sequence) ids, targets and positions -> scale x summed nll, and the nll of each row, (rows,).

        Positions restart with every document in a row: transformers then builds a block-diagonal causal mask, and none
        where every row holds one document. `present` holds, sorted, the ids of the whole step, over all ranks.
        """
        shape = targets.shape
        if self.body.config._attn_implementation == "flash_attention_2":  # it reads documents from one long row only
            ids, positions = ids.view(1, -1), positions.view(1, -1)
        hidden = self.body(inputs_embeds=self.embed(ids), position_ids=positions, use_cache=False).last_hidden_state
        used = (targets != IGNORED).view(-1).nonzero().squeeze(1)
        chosen = hidden.view(-1, hidden.shape[-1]).index_select(0, used)
        loss, nll = self.head(chosen, self.output_rows(), targets.view(-1)[used], present, scale)
        whole = torch.zeros(shape.numel(), dtype=nll.dtype, device=nll.device).index_copy_(0, used, nll)
        return loss, whole.view(shape).double().sum(1)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """(rows, length) ids -> their vectors, in the model's dtype."""
        table = self.body.get_input_embeddings()
        if self.rows is None:
            return table(ids)  # type: ignore[no-any-return]
        new = ids >= self.rows.first
        old = table(ids.masked_fill(new, 0))
        vectors = functional.embedding((ids - self.rows.first).clamp(min=0), self.rows.input).to(old.dtype)
        return torch.where(new[..., None], vectors, old)

    def output_rows(self) -> torch.Tensor | None:
        if self.rows is None:
            return None
        rows = self.rows.input if self.rows.output is None else self.rows.output
        return rows.to(self.head.weight.dtype)

    def blocks(self, ids: torch.Tensor, rows: torch.Tensor, **more: Any) -> Iterator[torch.Tensor]:
        """Logits for scoring, as `eval.bpb.Logits` wants them."""
        # what ZeRO-3 gathers here it may keep, and training cannot use inference tensors
        with torch.inference_mode(False), torch.no_grad():
            hidden = self.body(inputs_embeds=self.embed(ids), use_cache=False, **more).last_hidden_state
            chosen = hidden.flatten(0, 1)[rows]
        for part in chosen.split(HEAD_ROWS):
            with torch.inference_mode(False), torch.no_grad():
                logits = self.head(part, self.output_rows()).float()
            yield logits


def split(model: Any, extension: dict[str, int] | None) -> Split:
    """Cut a transformers model where its new rows begin; without an extension every row is an old one.

    Raises InputError for an architecture whose logits are more than a product, and for rows that do not fit the model.
    """
    if not is_plain(model):
        raise InputError(f"training knows {', '.join(sorted(PLAIN))}, not '{model.config.model_type}'")
    head = model.get_output_embeddings()
    if head.bias is not None:
        raise InputError("training knows no output matrix with a bias")
    table = model.get_input_embeddings()
    tied = head.weight is table.weight
    count = len(table.weight)
    first = count if extension is None else extension["old_vocabulary"]
    last = count if extension is None else first + extension["added"]
    if not 0 < first <= last <= count or (extension is not None and extension["padded_to"] != count):
        raise InputError(f"extension.json speaks of rows {first} to {last}, the model has {count}")
    matrices = [table.weight] if tied else [table.weight, head.weight]
    new = [matrix.data[first:last].float().clone().requires_grad_() for matrix in matrices]
    padding = [matrix.data[last:].clone() for matrix in matrices]
    rows = NewRows(first, new[0], None if tied else new[1]) if last > first else None
    table.weight = torch.nn.Parameter(table.weight.data[:first].clone())
    table.num_embeddings = first
    table.padding_idx = None  # the id that pads batches elsewhere stands in documents here
    body = model.base_model
    weight = table.weight if tied else torch.nn.Parameter(head.weight.data[:first].clone())
    return Split(body, Head(weight), rows, padding)
