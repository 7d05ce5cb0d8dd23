"""Which ids follow an id in text at large: counts of pairs, from which further targets of a position are drawn.

A position that a transformer has run for has one target in its own text. Counting costs nothing beside that, so what
follows the same id elsewhere is drawn as more targets: the rows learn from hundreds of times the text they were run on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Followers:
    """Pairs in the order of their first id: `after` (pairs,), running `total` (pairs + 1,), and `first` (ids + 1,),
    the place where the pairs of an id begin."""

    after: torch.Tensor
    total: torch.Tensor
    first: torch.Tensor

    @classmethod
    def of(cls, pairs: Counter[tuple[int, int]], size: int) -> Followers:
        """`size` is how many ids there are."""
        import torch

        listed = sorted(pairs)
        begins = torch.tensor([before for before, _ in listed], dtype=torch.long)
        times = torch.tensor([0, *(pairs[pair] for pair in listed)], dtype=torch.float64)
        places = torch.searchsorted(begins, torch.arange(size + 1))
        return cls(torch.tensor([after for _, after in listed], dtype=torch.long), times.cumsum(0), places)

    def draw(self, before: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
        """(positions, count) ids that follow `before` (positions,), as often as they do; any id where none is known."""
        import torch

        low, high = self.first[before], self.first[before + 1]
        known = high > low
        low, high = torch.where(known, low, 0), torch.where(known, high, len(self.after))
        share = torch.rand(len(before), count, generator=generator, dtype=torch.float64)
        begin, end = self.total[low][:, None], self.total[high][:, None]
        places = torch.searchsorted(self.total[1:], begin + share * (end - begin), right=True)
        return self.after[places.clamp(max=len(self.after) - 1)]
