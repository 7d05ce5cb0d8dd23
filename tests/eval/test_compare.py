"""Statistics against published values, scipy, and simulation."""

from __future__ import annotations

import random

import numpy as np
import pytest

from eval import compare
from pipeline.errors import InputError


@pytest.mark.parametrize(("successes", "items"), [(0, 10), (1, 10), (7, 20), (50, 100), (20, 20)])
def test_wilson_is_scipys(successes, items):
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(successes, items).proportion_ci(method="wilson")
    assert compare.wilson(successes, items) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_refuses_what_is_no_share():
    for successes, items in ((1, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="not a share"):
            compare.wilson(successes, items)


def test_smallest_difference_by_the_textbook_formula():
    assert compare.smallest_difference(1000) == pytest.approx((1.959964 + 0.841621) * (0.5 / 1000) ** 0.5, abs=1e-6)
    assert compare.smallest_difference(385) == pytest.approx(0.1010, abs=1e-3)
    assert compare.smallest_difference(1) == 1.0
    assert compare.smallest_difference(100, rate=0.25) < compare.smallest_difference(100)


def test_smallest_paired_difference_solves_connors_sample_size():
    share, items = 0.3, 400
    found = compare.smallest_difference(items, discordant=share)
    needed = (1.959964 * share**0.5 + 0.841621 * (share - found**2) ** 0.5) ** 2 / found**2
    assert needed == pytest.approx(items, rel=1e-4)
    assert found < compare.smallest_difference(items)
    assert compare.smallest_difference(4, discordant=0.2) == 1.0, "so few items can show no paired difference at all"


def test_smallest_paired_difference_has_its_power_in_simulation():
    items, share = 300, 0.4
    found = compare.smallest_difference(items, discordant=share)
    draw = np.random.default_rng(1)
    counts = draw.multinomial(items, [(share + found) / 2, (share - found) / 2, 1 - share], size=2000)
    power = np.mean([compare.mcnemar(int(lost), int(gained)) < 0.05 for gained, lost, _ in counts])
    assert 0.74 < power < 0.84, "the exact test is a little conservative beside the normal approximation"


def test_a_ratio_is_of_the_sums_not_a_mean_of_ratios():
    assert compare.ratio([10.0, 1.0], [10.0, 4.0]).value == pytest.approx(11 / 14)


def test_a_ratios_interval_covers_the_truth():
    covered = 0
    for trial in range(200):
        draw = np.random.default_rng(trial)
        sizes = draw.integers(200, 4000, size=60).astype(float)
        bits = sizes * draw.normal(1.7, 0.3, size=60)
        found = compare.ratio(bits, sizes, seed=trial, resamples=400)
        covered += found.low <= 1.7 <= found.high
    assert 180 <= covered <= 199


def test_a_ratios_interval_agrees_with_scipys_bootstrap():
    stats = pytest.importorskip("scipy.stats")
    draw = np.random.default_rng(3)
    sizes = draw.integers(200, 4000, size=80).astype(float)
    bits = sizes * draw.normal(1.7, 0.3, size=80)
    ours = compare.ratio(bits, sizes, resamples=20_000)
    theirs = stats.bootstrap(
        (bits, sizes), lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis), paired=True, method="percentile",
        n_resamples=20_000, vectorized=True, rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=2e-3)


def test_a_ratio_is_the_same_for_a_seed_whatever_the_blocks(monkeypatch):
    bits, sizes = list(np.linspace(1, 9, 30)), list(np.linspace(2, 4, 30))
    whole = compare.ratio(bits, sizes, seed=5)
    monkeypatch.setattr(compare, "BLOCK", 64)
    assert compare.ratio(bits, sizes, seed=5) == whole
    assert compare.ratio(bits, sizes, seed=6) != whole


def test_one_document_has_no_interval():
    assert compare.ratio([3.0], [2.0]) == compare.Estimate(1.5, None, None)
    assert compare.paired_ratio([3.0], [1.0], [2.0]).p == 1.0


def test_a_ratio_refuses_uneven_and_empty_columns():
    for tops, bottoms in (([1.0], [1.0, 2.0]), ([], []), ([1.0], [0.0])):
        with pytest.raises(ValueError, match="a ratio"):
            compare.ratio(tops, bottoms)


def test_pairing_sees_what_separate_intervals_hide():
    draw = np.random.default_rng(0)
    sizes = np.full(40, 1000.0)
    base = sizes * draw.normal(1.7, 0.4, size=40)
    better = base - sizes * draw.normal(0.05, 0.01, size=40)
    one, two = compare.ratio(base, sizes), compare.ratio(better, sizes)
    assert two.high > one.low, "the two intervals overlap"
    found = compare.paired_ratio(base, better, sizes)
    assert found.high < 0 and found.p < 0.01
    assert found.difference == pytest.approx(two.value - one.value)
    back = compare.paired_ratio(better, base, sizes)
    assert back.difference == pytest.approx(-found.difference) and back.low > 0


def test_equal_models_do_not_differ():
    found = compare.paired_ratio([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    assert (found.difference, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (0, 5), (1, 9), (12, 12), (30, 50), (400, 520)])
def test_mcnemar_is_the_exact_binomial(lost, gained):
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(lost, lost + gained).pvalue if lost + gained else 1.0
    assert compare.mcnemar(lost, gained) == pytest.approx(expected, rel=1e-9)
    assert compare.mcnemar(gained, lost) == pytest.approx(compare.mcnemar(lost, gained))


def test_paired_accuracy_counts_items_that_changed():
    first = [True] * 50 + [False] * 50
    second = [True] * 48 + [False] * 2 + [True] * 12 + [False] * 38
    found = compare.paired_accuracy(first, second)
    assert (found.first, found.second, found.difference, found.items) == (0.5, 0.6, pytest.approx(0.1), 100)
    assert found.p == pytest.approx(compare.mcnemar(2, 12)) and found.low > 0
    with pytest.raises(ValueError, match="same items"):
        compare.paired_accuracy([True], [True, False])


def test_lines_are_joined_by_id_and_a_missing_one_is_named():
    ours = [{"id": "a", "nll": 1}, {"id": "b", "nll": 2}]
    theirs = [{"id": "b", "nll": 3}, {"id": "a", "nll": 4}]
    assert [(a["nll"], b["nll"]) for a, b in compare.paired_lines(ours, theirs, "bpb/x")] == [(1, 4), (2, 3)]
    with pytest.raises(InputError, match="bpb/x: 'b' was scored for one"):
        compare.paired_lines(ours, theirs[1:], "bpb/x")


def test_collapse_needs_more_than_a_lopsided_gold():
    chance = random.Random(0)
    gold = [chance.randrange(4) for _ in range(100)]
    assert compare.collapse([2] * 100, gold)["collapsed"]
    assert not compare.collapse(gold, gold)["collapsed"]
    found = compare.collapse([1] * 99 + [0], [1] * 99 + [0])
    assert found == {"prediction": 1, "share": 0.99, "gold_share": 0.99, "collapsed": False}
    assert not compare.collapse([0, 0, 0], [0, 1, 2])["collapsed"], "three items cannot show it"
