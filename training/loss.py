"""Cross-entropy over a large vocabulary, a block of positions at a time, with its gradients made in the same pass.

Logits of a block live only while their gradient is made (as in Liger Kernel's fused linear cross-entropy, Hsu et al.
2024), so memory does not grow with batch x vocabulary. The gradient of the matrices is made only for the rows named:
an absent row is pushed down a little by every softmax, and Adam would turn that into a step of full size.

Imported inside functions: its classes are torch's.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as functional

BLOCK_BYTES = 256 << 20  # fp32 logits that exist at once


class FusedLoss(torch.autograd.Function):
    """(hidden [n, h], old [v, h], new [w, h] or None, targets [n], present, scale) -> (scale * sum of nll, nll [n]).

    The vocabulary is old's rows, then new's. `present` holds the ids whose rows get a gradient, sorted.
    """

    @staticmethod
    def forward(
        context: Any,
        hidden: torch.Tensor,
        old: torch.Tensor,
        new: torch.Tensor | None,
        targets: torch.Tensor,
        present: torch.Tensor,
        scale: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows = len(old) + (0 if new is None else len(new))
        nll = torch.empty(len(targets), dtype=torch.float32, device=hidden.device)
        wants_hidden, wants_old, wants_new = context.needs_input_grad[:3]
        grad_hidden = torch.empty_like(hidden) if wants_hidden else None
        split = int((present < len(old)).sum())
        old_ids, new_ids = present[:split], present[split:] - len(old)
        old_sum = torch.zeros(len(old_ids), old.shape[1], dtype=torch.float32, device=old.device) if wants_old else None
        new_sum = None
        if new is not None and wants_new:
            new_sum = torch.zeros(len(new_ids), new.shape[1], dtype=torch.float32, device=old.device)

        block = max(1, BLOCK_BYTES // (4 * rows))
        for start in range(0, len(targets), block):
            part = slice(start, start + block)
            logits = _joined(hidden[part], old, new).float()
            norm = logits.logsumexp(1)
            index = targets[part, None]
            nll[part] = norm - logits.gather(1, index).squeeze(1)
            if not (wants_hidden or wants_old or wants_new):
                continue
            slope = logits.sub_(norm[:, None]).exp_()  # softmax, in the memory of the logits
            slope.scatter_add_(1, index, torch.full_like(index, -1, dtype=slope.dtype))
            slope = slope.mul_(scale).to(hidden.dtype)
            if grad_hidden is not None:
                grad_hidden[part] = slope[:, : len(old)] @ old
                if new is not None:
                    grad_hidden[part] += slope[:, len(old) :] @ new
            if old_sum is not None:
                old_sum += (slope[:, old_ids].T @ hidden[part]).float()
            if new_sum is not None:
                new_sum += (slope[:, new_ids + len(old)].T @ hidden[part]).float()

        grad_old = None if old_sum is None else torch.zeros_like(old).index_copy_(0, old_ids, old_sum.to(old.dtype))
        grad_new = None
        if new is not None and new_sum is not None:
            grad_new = torch.zeros_like(new).index_copy_(0, new_ids, new_sum.to(new.dtype))
        context.save_for_backward(grad_hidden, grad_old, grad_new)
        context.mark_non_differentiable(nll)
        return nll.sum() * scale, nll

    @staticmethod
    def backward(context: Any, slope: torch.Tensor, *_: Any) -> tuple[torch.Tensor | None, ...]:
        found = [None if grad is None else grad.mul_(slope.to(grad.dtype)) for grad in context.saved_tensors]
        return (*found, None, None, None)


def _joined(hidden: torch.Tensor, old: torch.Tensor, new: torch.Tensor | None) -> torch.Tensor:
    """As `both`, written straight into one tensor."""
    if new is None:
        return hidden @ old.T
    logits = torch.empty(len(hidden), len(old) + len(new), dtype=hidden.dtype, device=hidden.device)
    torch.mm(hidden, old.T, out=logits[:, : len(old)])
    torch.mm(hidden, new.T, out=logits[:, len(old) :])
    return logits


def both(hidden: torch.Tensor, old: torch.Tensor, new: torch.Tensor | None) -> torch.Tensor:
    """Logits over old's rows, then new's: [n, v + w]."""
    logits = functional.linear(hidden, old)
    return logits if new is None else torch.cat([logits, functional.linear(hidden, new)], dim=1)
