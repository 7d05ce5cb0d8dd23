from __future__ import annotations

import itertools
from collections import Counter

import pytest
import torch

from tests.tokenizer.frozen_toy import PARTS, streams
from tokenizer import alone, heads
from tokenizer.followers import Followers
from tokenizer.frozen import Frozen
from tokenizer.starts import mean


def test_output_rows_learn_what_follows_and_leave_english_be(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "EPOCHS", 8)
    monkeypatch.setattr(heads, "BATCH", 64)
    inputs, start = mean(frozen.table, PARTS), mean(frozen.head, PARTS)
    fitted = heads.Positions.of(frozen, inputs, streams(frozen, 24))
    other = heads.Positions.of(frozen, inputs, streams(frozen, 12, 9))
    english = heads.Positions.of(frozen, inputs, [[0, *range(50, 90)]])
    features = heads.features(frozen, alone.isolated(frozen), {frozen.old: 3})
    assert features.shape[0] == len(PARTS) and bool((features[:, -1] == 1).all())

    def nll(out: torch.Tensor, where: heads.Positions) -> float:
        with torch.no_grad():
            return float(frozen.nll(where.states, where.targets, out, where.mass).mean())

    pairs = Counter(pair for stream in streams(frozen, 40, 3) for pair in itertools.pairwise(stream))
    followers = Followers.of(pairs, frozen.old + len(PARTS))
    out = heads.fit(frozen, start, features, fitted, english, followers)
    assert nll(out, other) < 0.9 * nll(start, other)
    assert torch.equal(out, heads.fit(frozen, start, features, fitted, english, followers))
    monkeypatch.setattr(heads, "PENALTY", 0.0)
    careless = heads.fit(frozen, start, features, fitted, english, followers)
    assert nll(out, english) <= nll(careless, english) + 1e-4


def test_streams_run_together_as_they_do_alone(frozen: Frozen) -> None:
    inputs = mean(frozen.table, PARTS)
    given = [[0, frozen.old, 5], [0, 7, frozen.old + 3], [0, 9, frozen.old + 1, frozen.old + 2, 6], [0, 4, 5]]
    found = heads.Positions.of(frozen, inputs, given)
    assert found.before.tolist() == [0, frozen.old, 0, 7, 0, 9, frozen.old + 1, frozen.old + 2, 0, 4]
    assert found.targets.tolist() == [number for stream in given for number in stream[1:]]
    alone = [heads.Positions.of(frozen, inputs, [stream]) for stream in given]
    torch.testing.assert_close(found.states, torch.cat([one.states for one in alone]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.mass, torch.cat([one.mass for one in alone]), rtol=1e-4, atol=1e-4)


def test_what_follows_elsewhere_is_learned_too(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "EPOCHS", 20)
    inputs, start = mean(frozen.table, PARTS), mean(frozen.head, PARTS)
    features = heads.features(frozen, alone.isolated(frozen), {})
    fitted = heads.Positions.of(frozen, inputs, [[0, frozen.old, 5, frozen.old, 5]] * 40)
    seldom = torch.tensor([frozen.old + 9])

    def chance(pairs: Counter[tuple[int, int]]) -> float:
        out = heads.fit(frozen, start, features, fitted, None, Followers.of(pairs, frozen.old + len(PARTS)))
        with torch.no_grad():
            return float(-frozen.nll(fitted.states[1:2], seldom, out, fitted.mass[1:2]))

    assert chance(Counter({(frozen.old, frozen.old + 9): 1})) > chance(Counter({(frozen.old, 5): 1})) + 1


def test_counts_tell_which_new_id_follows_and_not_whether_one_does() -> None:
    torch.manual_seed(0)
    logits, mass = torch.randn(2, 5), torch.randn(2)
    every = logits.logsumexp(1)
    both = torch.logaddexp(every, mass)
    found = heads.cost(logits, torch.tensor([[3, 1, -7], [-2, 4, 4]]), mass)
    which = every[:, None] - logits
    drawn = heads.SHARE * torch.stack([which[0, 1] / 2, which[1, 4]])
    wanted = torch.stack([both[0] - every[0] + (1 - heads.SHARE) * which[0, 3], both[1] - mass[1]]) + drawn
    torch.testing.assert_close(found, wanted)
    old = heads.cost(logits, torch.tensor([[3, -1, -1], [-2, -1, -1]]), mass)
    torch.testing.assert_close(old, wanted - drawn)
