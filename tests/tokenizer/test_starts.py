from __future__ import annotations

from collections import Counter

import torch

from tokenizer.starts import first, focus, mean, neighbours, weighted

MATRIX = torch.arange(20.0).reshape(10, 2)
PARTS = [[1, 3], [2], [1, 4, 4]]


def test_mean_and_first() -> None:
    assert mean(MATRIX, PARTS).tolist() == [[4, 5], [4, 5], [6, 7]]
    assert first(MATRIX, PARTS).tolist() == [[2, 3], [4, 5], [2, 3]]
    half = mean(MATRIX.bfloat16(), PARTS)
    assert half.dtype == torch.float32 and torch.equal(half, mean(MATRIX, PARTS))


def test_a_rare_sub_token_weighs_more() -> None:
    even = weighted(MATRIX, PARTS, Counter({1: 5, 3: 5, 2: 1, 4: 5}))
    torch.testing.assert_close(even, mean(MATRIX, PARTS))
    skewed = weighted(MATRIX, PARTS, Counter({1: 900, 3: 1, 2: 1, 4: 900}))
    assert (skewed[0] - MATRIX[3]).norm() < 0.6 * (MATRIX[1] - MATRIX[3]).norm() / 2
    torch.testing.assert_close(skewed[1], MATRIX[2])


def test_focus_borrows_from_what_is_used_alike() -> None:
    # 10 stands where 5 stands, 11 where 6 does; 12 is never seen
    streams = [[1, 5, 2, 7], [1, 10, 2, 7], [3, 6, 4, 8], [3, 11, 4, 8]] * 40
    vectors = neighbours(streams, 13)
    assert vectors[10] @ vectors[5] > 0.9 > 0.5 > vectors[10] @ vectors[6] and not vectors[12].any()
    rows = focus(MATRIX, PARTS, streams)
    assert (rows[0] - MATRIX[5]).norm() < 1 and (rows[1] - MATRIX[6]).norm() < 1
    assert torch.equal(rows[2], mean(MATRIX, PARTS)[2])
    assert torch.equal(focus(MATRIX, PARTS, [[10, 11]]), mean(MATRIX, PARTS))
