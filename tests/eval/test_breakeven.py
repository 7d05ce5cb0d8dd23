import json

import pytest

from eval.breakeven import at, break_even, curves
from pipeline.artifact import Artifact

PLAIN = {"ko": [(0.0, 1.6), (10.0, 1.5), (20.0, 1.4)], "en": [(0.0, 0.9), (20.0, 1.0)]}


def arm(*values):
    return {"ko": [(10.0 * number, value) for number, value in enumerate(values)], "en": [(0.0, 0.9), (20.0, 0.92)]}


def test_a_curve_is_straight_between_its_points_and_ends_with_them():
    assert at([(0, 2.0), (10, 1.0)], 5) == 1.5 and at([(0, 2.0), (10, 1.0)], 10) == 1.0
    assert at([(0, 2.0), (10, 1.0)], -1) == 2.0 and at([(0, 2.0), (10, 1.0)], 99) == 1.0


def test_the_place_where_the_extended_arm_gets_ahead():
    found = break_even(arm(2.0, 1.6, 1.3), PLAIN, "ko")
    assert found["flops"] == pytest.approx(15) and found["up_to"] == 20 and found["probes"] == 3
    assert found["there"]["ko"]["extended"] == pytest.approx(found["there"]["ko"]["plain"])
    assert found["there"]["en"] == {"extended": pytest.approx(0.915), "plain": pytest.approx(0.975)}


def test_only_a_lead_that_lasts_counts():
    assert break_even(arm(1.5, 1.7, 1.3), PLAIN, "ko")["flops"] == pytest.approx(10 + 10 * 2 / 3)
    behind = break_even(arm(1.5, 1.3, 1.5), PLAIN, "ko")
    assert behind["flops"] is None and behind["there"]["ko"] == {"extended": 1.5, "plain": 1.4}


def test_ahead_from_the_start():
    assert break_even(arm(1.5, 1.4, 1.3), PLAIN, "ko")["flops"] == 0


def test_nothing_is_said_beyond_the_shorter_curve_or_without_one():
    short = {"ko": [(0.0, 2.0), (8.0, 1.7)]}
    found = break_even(short, PLAIN, "ko")
    assert found["flops"] is None and found["up_to"] == 8 and found["there"]["ko"]["plain"] == pytest.approx(1.52)
    assert break_even({"ko": [(0.0, 2.0)]}, PLAIN, "ko") is None and break_even({}, PLAIN, "ko") is None


def test_curves_are_read_from_a_training_log(tmp_path):
    lines = [{"step": 0, "bpb": {"ko": 2.0}}, {"step": 1, "loss": {"ko": 3.0}}, {"step": 4, "bpb": {"ko": 1.5}}]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    metrics = {"steps": 4, "tokens": {"ko": 300, "en": 100}, "flops_per_token": 5}
    (tmp_path / "manifest.json").write_text(json.dumps({"fingerprint": "f", "metrics": metrics}))
    assert curves(Artifact(tmp_path)) == {"ko": [(0, 2.0), (2000, 1.5)]}
    (tmp_path / "manifest.json").write_text(json.dumps({"fingerprint": "f", "metrics": {}}))
    assert curves(Artifact(tmp_path)) == {}
