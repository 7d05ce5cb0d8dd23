from __future__ import annotations

import torch

from tokenizer.fitted import Fitted


def fit(rates: tuple[float, float], steps: int = 150) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows fitted to a linear map of their features, of which every second row gives a gradient."""
    torch.manual_seed(0)
    features, start = torch.randn(40, 6), torch.randn(40, 5)
    aim = start + features @ torch.randn(6, 5)
    fitted = Fitted(start, features, 0.1, rates)
    for step in range(steps):
        (fitted.rows()[::2] - aim[::2]).square().sum().backward()
        fitted.step(1 - step / steps)
    with torch.no_grad():
        return start, aim, fitted.rows()


def test_the_shared_map_reaches_rows_that_were_never_seen() -> None:
    start, aim, rows = fit((1.0, 0.0))
    assert (rows - aim)[1::2].norm() < 0.1 * (start - aim)[1::2].norm()


def test_a_row_of_its_own_moves_only_where_it_was_seen() -> None:
    start, aim, rows = fit((0.0, 0.5))
    assert torch.equal(rows[1::2], start[1::2])
    assert (rows - aim)[::2].norm() < 0.2 * (start - aim)[::2].norm()


def test_nothing_moves_at_rate_zero() -> None:
    start, _, rows = fit((0.0, 0.0), 3)
    assert torch.equal(rows, start)
