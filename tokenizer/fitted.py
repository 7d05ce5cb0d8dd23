"""New rows as a start, a linear map of features shared by all, and a small row each of their own; the optimizer.

The shared map takes Adam. A row of its own is seen a few times at most, and Adam would step it by its full rate each
time something touched it: its steps are therefore in proportion to its gradient, in units of the whole matrix's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

BETA1, BETA2 = 0.9, 0.98


class Fitted:
    """`rates` (map, own) are the root-mean-square change of the rows in one step, in multiples of `unit`."""

    def __init__(self, start: torch.Tensor, features: torch.Tensor, unit: float, rates: tuple[float, float]) -> None:
        import torch

        self._start, self._features = start, features
        self._shared = torch.zeros(features.shape[1], start.shape[1], requires_grad=True)
        self._own = torch.zeros_like(start, requires_grad=True)
        self._map_rate = rates[0] * unit / features.shape[1] ** 0.5
        self._own_rate = rates[1] * unit
        self._adam = torch.optim.Adam([self._shared], lr=self._map_rate, betas=(BETA1, BETA2))
        self._first = torch.zeros_like(start)
        self._second = 0.0
        self._steps = 0

    def rows(self) -> torch.Tensor:
        """(new ids, hidden) as they now are; asks for a gradient outside `torch.no_grad`."""
        return self._start + self._features @ self._shared + self._own

    def step(self, scale: float) -> None:
        """Move by what lies in the gradients, which are cleared; `scale` multiplies both rates."""
        import torch

        self._steps += 1
        self._adam.param_groups[0]["lr"] = self._map_rate * scale
        self._adam.step()
        gradient = self._own.grad
        assert gradient is not None
        self._first.lerp_(gradient, 1 - BETA1)
        self._second = BETA2 * self._second + (1 - BETA2) * float(gradient.square().mean())
        spread = (self._second / (1 - BETA2**self._steps)) ** 0.5 + 1e-12
        with torch.no_grad():
            self._own -= self._own_rate * scale * self._first / (1 - BETA1**self._steps) / spread
        self._adam.zero_grad()
        self._own.grad = None
