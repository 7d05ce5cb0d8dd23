from __future__ import annotations

from collections import Counter

import pytest
import torch

from tokenizer.followers import Followers


def drawn(before: int, count: int = 4000) -> dict[int, float]:
    found = Followers.of(Counter({(3, 5): 30, (3, 9): 10, (7, 3): 60}), 10)
    ids = found.draw(torch.tensor([before]), count, torch.Generator().manual_seed(0))[0]
    return {number: times / count for number, times in Counter(ids.tolist()).items()}


def test_ids_are_drawn_as_often_as_they_follow() -> None:
    assert drawn(3) == pytest.approx({5: 0.75, 9: 0.25}, abs=0.03)
    assert drawn(7) == {3: 1.0}


def test_behind_an_id_that_nothing_is_known_of_stands_any() -> None:
    assert drawn(9) == pytest.approx({5: 0.3, 9: 0.1, 3: 0.6}, abs=0.03)
    assert drawn(0) == drawn(9)


def test_positions_have_draws_of_their_own() -> None:
    found = Followers.of(Counter({(1, 2): 1, (1, 3): 1, (4, 5): 1}), 6)
    ids = found.draw(torch.tensor([1, 4, 1]), 50, torch.Generator().manual_seed(1))
    assert ids.shape == (3, 50) and bool((ids[1] == 5).all()) and not torch.equal(ids[0], ids[2])
