"""Closed-form starts: rows of new ids made from the rows the base has, without running it.

Every function takes a matrix (old rows, hidden) and returns (new ids, hidden) in fp32.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

RARE = 1e-3  # a sub-token of this share of the text has half the weight of the rarest
WINDOW = 2  # neighbours on either side that an auxiliary vector is made of
SIZE = 128  # dimensions of an auxiliary vector
SEEN = 5  # times an old id must occur to lend its row
NEAREST = 16  # old ids that a new row is a mean of
SHARP = 0.1  # temperature of their weights


def mean(matrix: torch.Tensor, parts: Sequence[Sequence[int]]) -> torch.Tensor:
    """The mean of the sub-tokens' rows (Hewitt 2021, "Initializing New Word Embeddings for Pretrained Models")."""
    import torch

    return torch.stack([matrix[list(part)].float().mean(0) for part in parts])


def first(matrix: torch.Tensor, parts: Sequence[Sequence[int]]) -> torch.Tensor:
    """The first sub-token's row, for output rows (EEVE, Kim et al. 2024): what begins the piece predicts it."""
    import torch

    return matrix[torch.tensor([part[0] for part in parts])].float()


def weighted(matrix: torch.Tensor, parts: Sequence[Sequence[int]], counts: Counter[int]) -> torch.Tensor:
    """The mean of the sub-tokens' rows, each weighed by how rare it is in `counts`.

    Weights a / (a + share) as in smooth inverse frequency (Arora et al. 2017): the lead bytes that half of all
    syllables share say little about a piece.
    """
    import torch

    total = max(1, sum(counts.values()))
    rows = []
    for part in parts:
        weight = torch.tensor([RARE / (RARE + counts[number] / total) for number in part])
        rows.append(weight @ matrix[list(part)].float() / weight.sum())
    return torch.stack(rows)


def neighbours(streams: Sequence[Sequence[int]], size: int) -> torch.Tensor:
    """(size, SIZE) unit vectors of ids by the ids around them in text, zero for an id that does not occur.

    Counts of neighbours, scaled by their rarity and projected at random: the cheap stand-in for word vectors.
    """
    import torch

    flat = torch.tensor([number for stream in streams for number in stream])
    count = torch.bincount(flat, minlength=size).float()
    signs = torch.randn(size, SIZE, generator=torch.Generator().manual_seed(0)) / (count + 1).sqrt()[:, None]
    found = torch.zeros(size, SIZE)
    stream = torch.tensor([at for at, stream in enumerate(streams) for _ in stream])
    for far in range(1, WINDOW + 1):
        together = stream[:-far] == stream[far:]
        left, right = flat[:-far][together], flat[far:][together]
        found.index_add_(0, left, signs[right])
        found.index_add_(0, right, signs[left])
    seen = count > 0
    found[seen] -= (found[seen] / count[seen, None]).mean(0) * count[seen, None]
    return torch.nn.functional.normalize(found, dim=1)


def focus(matrix: torch.Tensor, parts: Sequence[Sequence[int]], streams: Sequence[Sequence[int]]) -> torch.Tensor:
    """The mean of the rows of the old ids used most alike in `streams` (new ids), as FOCUS (Dobler, de Melo 2023) does.

    Weights are a softmax of the cosines of auxiliary vectors over the nearest old ids that occur often enough; a new
    id that does not occur, or has no old id to lend it a row, gets the mean of its sub-tokens' rows.
    """
    import torch

    old = len(matrix)
    counts = Counter(number for stream in streams for number in stream)
    lenders = torch.tensor(sorted(number for number, count in counts.items() if number < old and count >= SEEN))
    rows = mean(matrix, parts)
    seen = torch.tensor([at for at in range(len(parts)) if counts[old + at]])
    if not len(lenders) or not len(seen):
        return rows
    vectors = neighbours(streams, old + len(parts))
    near = (vectors[old + seen] @ vectors[lenders].T).topk(min(NEAREST, len(lenders)), dim=1)
    weight = torch.softmax(near.values / SHARP, dim=1)
    rows[seen] = torch.einsum("nk,nkh->nh", weight, matrix[lenders[near.indices]].float())
    return rows
