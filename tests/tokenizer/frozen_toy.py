"""24 new ids and text in them, for the tests of fitted rows; the base is the fixture `frozen`."""

from __future__ import annotations

import torch

from tokenizer.frozen import Frozen

PARTS = [[10 + n, 40 + 3 * n % 50, 100 + n][: 2 + n % 2] for n in range(24)]


def streams(frozen: Frozen, count: int, seed: int = 0) -> list[list[int]]:
    """Ids in which a new one is followed by the next new one, old ones between."""
    choose = torch.Generator().manual_seed(seed)
    found = []
    for number in range(count):
        at = int(torch.randint(24, (1,), generator=choose))
        ids = [0]
        for _ in range(8 + number % 5):
            ids += [frozen.old + at, 60 + at]
            at = (at + 1) % 24
        found.append(ids)
    return found
