"""Rows of one language, cut from a line or fitted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training import making
from training.data import streams_of
from training.lines import IGNORED, Fitted, Line, shuffled


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    return streams_of(making.inputs(tmp_path_factory.mktemp("lines"))["tokens"], "train", "ko")


def documents(streams) -> list[list[int]]:
    return [stream.document(number).tolist() for stream in streams for number in range(len(stream))]


def test_a_line_holds_every_document_once_an_epoch_and_never_twice_in_one_order(streams):
    line = Line(streams, "ko", seed=3)
    epochs = []
    for epoch in range(2):
        ids, begins = line.cut(epoch * line.tokens, line.tokens)
        epochs.append([part.tolist() for part in np.split(ids, begins[1:])])
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(documents(streams))
    assert epochs[0] != epochs[1]


def test_a_cut_is_the_same_whatever_was_cut_before(streams):
    line = Line(streams, "ko", seed=0)
    whole, begins = line.cut(0, line.tokens + 500)
    fresh = Line(streams, "ko", seed=0)
    for start in (line.tokens - 20, 7, 400, line.tokens + 30):
        ids, opens = fresh.cut(start, 97)
        assert ids.tolist() == whole[start : start + 97].tolist()
        assert set((opens[1:] + start).tolist()) == {b for b in begins.tolist() if start < b < start + 97}
    assert Line(streams, "ko", seed=1).cut(0, 200)[0].tolist() != whole[:200].tolist()


def test_positions_restart_and_nothing_is_predicted_across_documents(streams):
    line = Line(streams, "ko", seed=0)
    flat, begins = line.cut(0, 10 * 64 + 1)
    ids, targets, positions = line.rows(0, 10, 64)
    assert ids.ravel().tolist() == flat[:-1].tolist()
    opens = set(begins.tolist())
    for place in range(640):
        begun = place in opens or place % 64 == 0
        assert positions.ravel()[place] == (0 if begun else positions.ravel()[place - 1] + 1)
        assert targets.ravel()[place] == (IGNORED if place + 1 in opens else flat[place + 1])


@pytest.mark.parametrize("sequence", [48, 64])
def test_fitted_rows_hold_every_document_whole_once_an_epoch(streams, sequence):
    fitted = Fitted(streams, "ko", seed=0, sequence=sequence)
    found = documents(streams)
    for epoch in range(2):
        ids, targets, positions = fitted.rows(epoch * fitted.count, fitted.count, sequence)
        wanted = sorted(token for one in found for token in one[1:])
        assert sorted(targets[targets != IGNORED].tolist()) == wanted
        pairs = {
            (row.tolist()[p], goal.tolist()[p])
            for row, goal in zip(ids, targets, strict=True)
            for p in np.flatnonzero(goal != IGNORED).tolist()
        }
        assert pairs <= {(one[n], one[n + 1]) for one in found for n in range(len(one) - 1)}
        assert (positions[:, 0] == 0).all()
    first, second = (fitted.rows(epoch * fitted.count, fitted.count, sequence)[0] for epoch in range(2))
    assert not np.array_equal(first, second)
    assert 0.5 < fitted.useful <= 1


def test_a_document_that_fits_is_in_one_row(streams):
    longest = max(map(len, documents(streams)))
    fitted = Fitted(streams, "ko", seed=0, sequence=longest - 1)
    _, targets, _ = fitted.rows(0, fitted.count, longest - 1)
    runs = [
        part[part != IGNORED].tolist()
        for row in targets
        for part in np.split(row, np.flatnonzero(row == IGNORED))
        if (part != IGNORED).any()
    ]
    assert sorted(runs) == sorted(one[1:] for one in documents(streams))


def test_fitted_rows_are_the_same_alone_and_together(streams):
    fitted = Fitted(streams, "ko", seed=0, sequence=64)
    whole = fitted.rows(0, fitted.count + 3, 64)
    fresh = Fitted(streams, "ko", seed=0, sequence=64)
    for row in (fitted.count + 2, 1, 0):
        for one, other in zip(fresh.rows(row, 1, 64), whole, strict=True):
            assert one[0].tolist() == other[row].tolist()


def test_the_order_is_the_same_on_any_machine():
    assert shuffled(10, "0/ko/0").tolist() == [1, 2, 6, 9, 8, 5, 0, 4, 3, 7]
    assert sorted(shuffled(1000, "x").tolist()) == list(range(1000))
    assert shuffled(0, "x").tolist() == []
