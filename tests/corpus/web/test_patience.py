"""Back-off: how long a host is left alone, when a request is tried again, when the host is given up."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from corpus.web.patience import GIVE_UP, LONGEST, Patience, seconds


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_pauses_double_and_an_answer_ends_them():
    clock = Clock()
    patience = Patience(2.0, clock)
    assert patience.wait("a") == 0
    waits = []
    for _ in range(3):
        assert patience.answered("a", 503)
        waits.append(patience.wait("a"))
        clock.now += waits[-1]
    assert waits == [2.0, 4.0, 8.0] and patience.wait("b") == 0
    patience.answered("a", 404)
    assert patience.moods["a"].refusals == 3, "a page that is missing says nothing of the host's mood"
    patience.answered("a", 200)
    patience.answered("a", 429)
    assert patience.wait("a") == 2.0


def test_retry_after_is_obeyed_up_to_a_limit():
    clock = Clock()
    patience = Patience(1.0, clock)
    assert patience.answered("a", 429, "30") and patience.wait("a") == 30
    patience.answered("a", 429, "1")
    assert patience.wait("a") == 30, "a shorter pause does not cut a longer one"
    assert not patience.answered("b", 503, str(int(LONGEST) + 1)) and patience.given_up("b")


def test_tries_and_giving_up():
    patience = Patience(0.0, Clock())
    assert patience.answered("a", 403, tried=1) and not patience.answered("a", 403, tried=2)
    assert patience.answered("b", 503, tried=3) and not patience.answered("b", 503, tried=4)
    assert not patience.given_up("b")
    for _ in range(GIVE_UP):
        patience.answered("c", 403)
    assert patience.given_up("c") and not patience.given_up("b")


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5.0), (" 0 ", 0.0), ("-1", None), ("soon", None), ("", None), ("\u0665", None)]
)
def test_retry_after(text, value):
    assert seconds(text) == value


def test_retry_after_as_a_date():
    assert seconds(formatdate(time.time() + 60, usegmt=True)) == pytest.approx(60, abs=5)
    assert seconds("Thu, 02 Jan 2020 03:04:05 GMT") == 0.0
