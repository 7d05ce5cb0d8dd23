"""Bootstrap over documents: joint draws, intervals that hold the value, the same figures every time."""

import numpy as np
import pytest

from tokenizer.intervals import estimate, resampled


def test_draws_are_shared_by_all_columns_and_repeat():
    counts = np.arange(1, 41)
    sums = resampled([counts, 2 * counts])
    assert sums.whole.tolist() == [820, 1640]
    assert (sums.drawn[:, 1] == 2 * sums.drawn[:, 0]).all() and sums.drawn[:, 0].std() > 0
    assert (resampled([counts, 2 * counts]).drawn == sums.drawn).all()


def test_a_large_sample_is_drawn_in_blocks(monkeypatch):
    counts = np.arange(50)
    whole = resampled([counts], resamples=10)
    monkeypatch.setattr("tokenizer.intervals.BLOCK", 150)
    parts = resampled([counts], resamples=10)
    assert parts.drawn.shape == whole.drawn.shape == (10, 1)
    assert (parts.drawn == whole.drawn).all()


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    choose = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        sample = choose.gamma(4.0, 25.0, 60)
        sums = resampled([sample, np.ones(60)], resamples=300)
        found = estimate(sums.whole[0] / 60, sums.drawn[:, 0] / 60, 60)
        inside += found["low"] <= 100 <= found["high"]
    assert 178 <= inside <= 200


@pytest.mark.parametrize(("drawn", "documents"), [([1.0], 1), ([np.nan, np.nan], 5), ([], 3)])
def test_no_interval_where_there_is_none(drawn, documents):
    assert estimate(0.5, drawn, documents) == {"value": 0.5, "low": None, "high": None}
