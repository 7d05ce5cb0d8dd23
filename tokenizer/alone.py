"""What the base makes of pieces that stand alone: the features from which rows of new ids are mapped.

The sub-tokens of a piece are run through the lower half of the base, where it puts words together, all pieces as one
tree of common beginnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokenizer.frozen import Frozen, trie

if TYPE_CHECKING:
    import torch

DEPTHS = (0.13, 0.33, 0.5)  # of the layers: where the states of pieces are taken
COMPONENTS = 64


def isolated(frozen: Frozen) -> list[torch.Tensor]:
    """States of each piece's last sub-token behind the prefix alone, standardised; one (new ids, hidden) per depth."""
    import torch

    count = frozen.model.config.num_hidden_layers
    layers = sorted({max(1, round(depth * count)) for depth in DEPTHS})
    ids, parents, ends = trie(frozen.parts)
    found = frozen.tree(frozen.table[torch.tensor(ids)], parents, layers)
    return [standardised(states[ends]) for states in found]


def standardised(values: torch.Tensor) -> torch.Tensor:
    """Every column with mean 0 and spread 1, cut at 4."""
    return ((values - values.mean(0)) / (values.std(0) + 1e-6)).clamp(-4, 4)


def features(alone: Sequence[torch.Tensor]) -> torch.Tensor:
    """(new ids, features) for input rows: `COMPONENTS` numbers of what the lower layers make of the pieces."""
    import torch

    return principal(torch.cat(list(alone[:2]), 1), COMPONENTS)


def principal(values: torch.Tensor, count: int) -> torch.Tensor:
    """The `count` directions of most spread, over their mean spread: a map of fewer numbers overfits less."""
    import torch

    centred = values - values.mean(0)
    spread, directions = torch.linalg.eigh(centred.T @ centred / len(values))
    count = min(count, len(values) - 1, values.shape[1])
    found: torch.Tensor = centred @ directions[:, -count:] / spread[-count:].mean().clamp(min=1e-12).sqrt()
    return found
