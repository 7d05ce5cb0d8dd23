"""Bits per byte: how well a model predicts text, in a unit that every tokenizer shares.

bpb = sum of negative log-likelihood / ln 2 / UTF-8 bytes of the original text. Documents are scored one by one:
`[prefix] + tokens`, where the prefix is the id that opens a document for this model (it is context, never scored) and
every token of the text is scored once, the first one too. No closing id is scored: it stands for no byte.

Long documents slide: the input of window k starts `stride` tokens after that of window k-1 and holds at most `window`
tokens; each token is scored in the first window that reaches it, so it looks back on between `window - stride + 1`
and `window` tokens (or on all there are). The prefix stands in the first window only.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.errors import StageFailed
from tokenizer.base import document_ids

if TYPE_CHECKING:
    import torch

HEAD_ROWS = 512  # positions whose logits exist at once: 512 x 64k words x 4 bytes is 128 MiB
BATCH_TOKENS = {"cpu": 512, "cuda": 16384}  # padded tokens per forward pass; a CPU's cache likes small ones
# architectures whose logits are the output matrix times the last hidden state, without scale, cap or norm
PLAIN = frozenset({"llama", "mistral", "qwen2", "qwen3"})


@dataclass(frozen=True)
class Score:
    """One document: `nll` in nats, `tokens` without prefix, UTF-8 `bytes`, and `characters` (NFC code points)."""

    nll: float
    tokens: int
    bytes: int
    characters: int


class Logits(Protocol):
    """What scoring asks of a model.

    `ids` is [batch, length], `rows` are positions in the flattened [batch * length]; float32 logits [<= HEAD_ROWS,
    vocabulary] come back in the order of `rows`, a block at a time. `more` goes to the model's forward pass.
    """

    def __call__(self, ids: torch.Tensor, rows: torch.Tensor, **more: Any) -> Iterator[torch.Tensor]: ...


@dataclass(frozen=True)
class Window:
    """Tokens [begin, end) of a sequence are the input; the predictions of tokens [fresh, end] are scored here."""

    document: int
    begin: int
    end: int
    fresh: int


def bits_per_byte(nll: float, size: int) -> float:
    return nll / math.log(2) / size


def windows(length: int, window: int, stride: int, document: int = 0) -> Iterator[Window]:
    """Cut a sequence of one prefix and `length` tokens; every position 1..length is scored exactly once."""
    if not 1 <= stride <= window:
        raise ValueError(f"stride {stride} must lie between 1 and the window, {window}")
    fresh = 1
    for begin in range(0, length, stride):
        end = min(begin + window, length)
        yield Window(document, begin, end, fresh)
        if end == length:
            return
        fresh = end + 1


def batches(cuts: Sequence[Window], budget: int) -> Iterator[list[Window]]:
    """Windows of like length together, the longest first, at most `budget` padded tokens a batch."""
    batch: list[Window] = []
    for cut in sorted(cuts, key=lambda cut: (cut.begin - cut.end, cut.document, cut.begin)):
        if batch and (len(batch) + 1) * (batch[0].end - batch[0].begin) > budget:
            yield batch
            batch = []
        batch.append(cut)
    if batch:
        yield batch


def encode_plain(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of texts as text: nothing is added, and the spelling of a special token is only letters."""
    if not texts:
        return []
    found = tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True, verbose=False)
    return [list(ids) for ids in found["input_ids"]]


def is_plain(model: Any) -> bool:
    """Whether logits may be computed from hidden states position by position."""
    return type(model).__module__.startswith("transformers.") and model.config.model_type in PLAIN


def logits_of(model: Any, vocabulary: int) -> Logits:
    """Logits of a transformers causal model over its first `vocabulary` rows; padding rows stay out of the softmax."""
    import torch.nn.functional as functional

    head = model.get_output_embeddings()

    def blocks(ids: torch.Tensor, rows: torch.Tensor, **more: Any) -> Iterator[torch.Tensor]:
        if is_plain(model):
            hidden = model.base_model(input_ids=ids, use_cache=False, **more).last_hidden_state
            bias = None if head.bias is None else head.bias[:vocabulary]
            for part in hidden.flatten(0, 1)[rows].split(HEAD_ROWS):
                yield functional.linear(part, head.weight[:vocabulary], bias).float()
        else:
            whole = model(input_ids=ids, use_cache=False, **more).logits
            for part in whole.flatten(0, 1)[rows].split(HEAD_ROWS):
                yield part[:, :vocabulary].float()

    return blocks


def score_documents(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    window: int,
    stride: int,
    *,
    vocabulary: int | None = None,
    prefix: int | None = None,
    names: Sequence[str] | None = None,
    logits: Logits | None = None,
    batch_tokens: int | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> list[Score]:
    """Score each text by itself; results in the order given, whatever the batches were.

    `vocabulary` is how many rows of the output matrix are words (default: all). `prefix` defaults to the id the
    tokenizer's family opens documents with. `logits` replaces the model's own head (rows kept beside an engine).
    `advance(done, total)` is called after each batch, in tokens scored, and may raise to stop. The model is in
    evaluation mode meanwhile. Raises StageFailed naming the document (of `names`) whose loss is not finite.
    """
    import torch
    import torch.nn.functional as functional

    if prefix is None:
        prefix, _ = document_ids(tokenizer)
    rows_of_head = int(model.get_output_embeddings().weight.shape[0]) if vocabulary is None else vocabulary
    logits = logits or logits_of(model, rows_of_head)
    device = model.device
    encoded = encode_plain(tokenizer, texts)
    sequences = [[prefix, *ids] for ids in encoded]
    cuts = [cut for number, ids in enumerate(encoded) for cut in windows(len(ids), window, stride, number)]
    totals = torch.zeros(len(texts), dtype=torch.float64)
    done, total_tokens = 0, sum(map(len, encoded))
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            for batch in batches(cuts, batch_tokens or BATCH_TOKENS.get(device.type, BATCH_TOKENS["cpu"])):
                ids, rows, targets, owners = _tensors(batch, sequences)
                targets = targets.to(device)
                losses, start = [], 0
                for block in logits(ids.to(device), rows.to(device)):
                    losses.append(
                        functional.cross_entropy(block, targets[start : start + len(block)], reduction="none")
                    )
                    start += len(block)
                totals.index_add_(0, owners, torch.cat(losses).double().cpu())
                if advance is not None:
                    done += len(owners)
                    advance(done, total_tokens)
    finally:
        model.train(training)
    return [
        Score(_finite(total, names[number] if names else f"document {number}"), len(ids), size(text), characters(text))
        for number, (total, ids, text) in enumerate(zip(totals.tolist(), encoded, texts, strict=True))
    ]


def size(text: str) -> int:
    """UTF-8 bytes of the original text: what every model's bits are divided by."""
    return len(text.encode())


def characters(text: str) -> int:
    """Code points of the NFC text, spaces included."""
    return len(unicodedata.normalize("NFC", text))


def _tensors(
    batch: Sequence[Window], sequences: Sequence[Sequence[int]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Right-padded ids [batch, length], and for each scored prediction its row, its target and its document.

    Padding follows every real token, so under a causal mask nothing looks at it and no mask is needed.
    """
    import torch

    width = max(cut.end - cut.begin for cut in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    rows: list[int] = []
    targets: list[int] = []
    owners: list[int] = []
    for number, cut in enumerate(batch):
        sequence = sequences[cut.document]
        ids[number, : cut.end - cut.begin] = torch.tensor(sequence[cut.begin : cut.end])
        rows.extend(number * width + position - 1 - cut.begin for position in range(cut.fresh, cut.end + 1))
        targets.extend(sequence[cut.fresh : cut.end + 1])
        owners.extend([cut.document] * (cut.end + 1 - cut.fresh))
    return ids, torch.tensor(rows), torch.tensor(targets), torch.tensor(owners)


def _finite(total: float, name: str) -> float:
    if not math.isfinite(total):
        raise StageFailed(f"the loss of '{name}' is {total}: the model's weights or its text are damaged")
    return total
