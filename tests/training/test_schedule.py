"""Phases and rates."""

from __future__ import annotations

import pytest

from training.config import Phase
from training.schedule import Span, factor, span_at, spans

TWO = [Phase(train="new_rows", share=0.3), Phase(train="all", share=0.7)]


def test_phases_cut_the_steps_by_their_shares():
    assert spans(TWO, 140, True) == [Span("new_rows", 0, 42), Span("all", 42, 140)]
    assert spans([Phase(train="all", share=1 / 3)] * 3, 10, True)[-1].last == 10


def test_without_new_rows_everything_is_one_phase():
    assert spans(TWO, 140, False) == [Span("all", 0, 140)]


def test_a_phase_too_short_for_a_step_falls_away():
    assert spans([Phase(train="new_rows", share=0.01), Phase(train="all", share=0.99)], 10, True) == [
        Span("all", 0, 10)
    ]


def test_the_rate_warms_up_and_falls_in_each_phase():
    for span in spans(TWO, 200, True):
        found = [factor(span, step, 0.05, 0.02) for step in range(span.first, span.last)]
        rising = round(0.05 * len(found))
        assert found[:rising] == pytest.approx([(number + 1) / rising for number in range(rising)])
        assert max(found) == found[rising] == 1
        assert found[rising:] == sorted(found[rising:], reverse=True)
        assert found[-1] == pytest.approx(0.02)


def test_one_step_and_no_warm_up():
    assert factor(Span("all", 0, 1), 0, 0.05, 0.02) == 1
    assert factor(Span("all", 3, 13), 3, 0.0, 0.5) == 1
    assert factor(Span("all", 3, 13), 12, 0.0, 0.5) == pytest.approx(0.5)


def test_every_step_has_its_span():
    cut = spans(TWO, 10, True)
    assert [span_at(cut, step).train for step in range(10)] == ["new_rows"] * 3 + ["all"] * 7
