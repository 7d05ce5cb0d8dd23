"""Rows of whole documents: nothing lost, nothing cut that fits, hardly any padding."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.packing import best_fit, pieces


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=40), st.integers(2, 30))
def test_pieces_predict_every_token_once_and_cut_only_what_is_too_long(lengths: list[int], width: int):
    document, skip, length = pieces(np.array(lengths), width)
    for number, whole in enumerate(lengths):
        mine = [(int(s), int(n)) for d, s, n in zip(document, skip, length, strict=True) if d == number]
        predicted = [token for start, n in mine for token in range(start + 1, start + n)]
        assert predicted == list(range(1, whole))
        assert (len(mine) == 1) == (whole <= width)
    assert length.max() <= width and length.min() >= 2


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=60))
def test_rows_hold_each_piece_once_and_never_overflow(lengths: list[int]):
    order, place, first = best_fit(np.array(lengths), 30)
    assert sorted(order.tolist()) == list(range(len(lengths)))
    assert first[0] == 0 and first[-1] == len(lengths) and (np.diff(first) > 0).all()
    filled = []
    for start, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        at = 0
        for one in range(start, end):
            assert place[one] == at
            at += lengths[int(order[one])]
        assert at <= 30
        filled.append(at)
    assert sum(sorted(filled)[:2]) > 30 or len(filled) == 1  # a row is begun where a piece fits in none


def test_a_document_goes_where_it_leaves_least_room():
    order, place, first = best_fit(np.array([6, 5, 4, 5]), 10)
    rows = [order[a:b].tolist() for a, b in zip(first[:-1].tolist(), first[1:].tolist(), strict=True)]
    assert rows == [[0, 2], [1, 3]]
    assert place.tolist() == [0, 6, 0, 5]


def test_fifty_thousand_documents_leave_next_to_no_padding():
    choose = np.random.default_rng(0)
    lengths = np.maximum(8, choose.lognormal(np.log(400), 1.0, 50_000)).astype(np.int64)
    _, _, length = pieces(lengths, 2049)
    _, _, first = best_fit(length, 2049)
    assert length.sum() / ((len(first) - 1) * 2049) >= 0.999
