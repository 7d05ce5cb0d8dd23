"""What may move, and how: old rows frozen to the bit or at a rate of their own, new rows by an Adam that skips absence.

Dense Adam is destructive on embedding rows: a row that is absent from a batch still takes a step of full size along
its decaying moments, thousands of times for a rare piece. A new row that is not in the batch does not move, and its
moments and clock stand still (torch's SparseAdam holds the moments likewise; the clock per row is ours). Old rows with
a rate of their own stay in the engine's AdamW, where an absent row gets no gradient (training.loss) and no decay.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from training.config import Dapt
from training.engine import sum_over_ranks

if TYPE_CHECKING:
    import torch

    from training.split import Split

BETA1 = 0.9
EPSILON = 1e-8


class RowAdam:
    """Adam over plain matrices (rows, hidden) that moves the rows named, and no other."""

    def __init__(self, matrices: list[torch.Tensor], beta2: float, clip: float) -> None:
        import torch

        self.matrices = matrices
        self._beta2 = beta2
        self._clip = clip
        self.first = [torch.zeros_like(matrix, requires_grad=False) for matrix in matrices]
        self.second = [torch.zeros_like(matrix, requires_grad=False) for matrix in matrices]
        self.clock = torch.zeros(len(matrices[0]), dtype=torch.int64, device=matrices[0].device)

    def step(self, present: torch.Tensor, rate: float, world: int) -> float:
        """Move rows `present` (sorted, the same on every rank); returns the norm of their gradient before clipping.

        Nothing moves where that norm is not finite.

        The gradient is the mean over ranks of what lies in `.grad`, which is cleared; its norm over all matrices is
        clipped by itself, since the engine's norm cannot see it.
        """
        import torch

        gradients = []
        for matrix in self.matrices:
            assert matrix.grad is not None
            gradients.append(matrix.grad.index_select(0, present))
            matrix.grad = None
        sum_over_ranks(gradients)
        for gradient in gradients:
            gradient /= world
        norm = float(torch.stack([gradient.norm() for gradient in gradients]).norm())
        if not math.isfinite(norm):
            return norm
        shrink = min(1.0, self._clip / (norm + 1e-6))
        self.clock[present] += 1
        age = self.clock[present, None].float()
        for matrix, gradient, first, second in zip(self.matrices, gradients, self.first, self.second, strict=True):
            gradient *= shrink
            moment = first.index_select(0, present).lerp_(gradient, 1 - BETA1)
            square = (
                second.index_select(0, present).mul_(self._beta2).addcmul_(gradient, gradient, value=1 - self._beta2)
            )
            first.index_copy_(0, present, moment)
            second.index_copy_(0, present, square)
            step = (moment / (1 - BETA1**age)) / ((square / (1 - self._beta2**age)).sqrt_() + EPSILON)
            matrix.data.index_add_(0, present, step, alpha=-rate)
        return norm

    def state(self) -> dict[str, torch.Tensor]:
        """Everything that a checkpoint must hold, by name."""
        named = {"clock": self.clock}
        for number, matrix in enumerate(self.matrices):
            named |= {f"matrix{number}": matrix.data, f"first{number}": self.first[number]}
            named[f"second{number}"] = self.second[number]
        return named

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Take over what `state` gave, in place."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])


def parameter_groups(module: Split, section: Dapt) -> list[dict[str, Any]]:
    """AdamW groups `body` (norms and biases undecayed apart) and `old_rows`, each with its `peak` rate.

    With `rate_old_rows: 0` the old rows are in no group and ask for no gradient, so that nothing can move them.
    """
    table = module.body.get_input_embeddings().weight
    matrices = [table] if module.tied else [table, module.head.weight]
    known = {id(matrix) for matrix in matrices}
    body = [parameter for parameter in module.parameters() if id(parameter) not in known]
    groups = [
        _group("body", [p for p in body if p.ndim > 1], section.rate, section.beta2, section.weight_decay),
        _group("norms", [p for p in body if p.ndim <= 1], section.rate, section.beta2, 0.0),
    ]
    if section.rate_old_rows:
        groups.append(_group("old_rows", matrices, section.rate_old_rows, section.beta2_rows, 0.0))
    else:
        for matrix in matrices:
            matrix.requires_grad_(False)
    return [group for group in groups if group["params"]]


def _group(name: str, parameters: list[torch.nn.Parameter], rate: float, beta2: float, decay: float) -> dict[str, Any]:
    return {
        "params": parameters,
        "lr": rate,
        "peak": rate,
        "name": name,
        "betas": (BETA1, beta2),
        "weight_decay": decay,
        "eps": EPSILON,
    }


@contextmanager
def resting(module: Split) -> Iterator[None]:
    """Nothing that the engine owns asks for a gradient in here: only the new rows train."""
    moving = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in moving:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in moving:
            parameter.requires_grad_(True)


def changed_rows(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """(rows,) bool: which rows of two matrices of one shape and dtype differ in any bit."""
    import torch

    bits = {2: torch.int16, 4: torch.int32, 8: torch.int64}[before.element_size()]
    return (before.contiguous().view(bits) != after.contiguous().view(bits)).any(dim=1)
