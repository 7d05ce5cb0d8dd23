"""One pace per host: the rate is shared, refusals are waited out, and what goes on refusing is left in peace."""

import json
import threading
import time

import pytest

from corpus.web.patience import GIVE_UP
from corpus.web.polite import JITTER, Host, Manners, Refused
from pipeline.errors import Interrupted


def host(tmp_path, **changes):
    habits = Manners(**{"rate": 1000.0, "first": 0.01, "longest": 2.0, "tries": 3, **changes})
    return Host("a.example", tmp_path / "hosts", habits)


def test_two_threads_and_two_runs_share_one_rate(tmp_path):
    one, other = host(tmp_path, rate=50.0), host(tmp_path, rate=50.0)
    came = []

    def ask(which):
        for _ in range(5):
            came.append(which.turn())

    threads = [threading.Thread(target=ask, args=(which,)) for which in (one, other, one)]
    started = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 15 and time.time() - started >= 14 / 50 * 0.95


def pause(tmp_path):
    """Seconds of the pause that was noted last."""
    state = json.loads(next((tmp_path / "hosts").iterdir()).read_text())
    return state["hold"] - state["since"]


def test_pauses_double_and_a_burst_counts_once(tmp_path):
    at = host(tmp_path, first=0.05)
    sent = time.time()
    at.refused(sent, 503, "", "x")
    at.refused(sent, 503, "", "y")  # was under way with the first
    assert 0.05 <= pause(tmp_path) <= 0.05 * (1 + JITTER) + 1e-6
    started = time.time()
    at.turn()
    assert time.time() - started >= 0.04
    at.refused(time.time(), 503, "", "x")
    assert 0.1 <= pause(tmp_path) <= 0.1 * (1 + JITTER) + 1e-6
    at.turn()
    at.served()
    at.refused(time.time(), 503, "", "x")
    assert 0.05 <= pause(tmp_path) <= 0.05 * (1 + JITTER) + 1e-6


def test_retry_after_is_waited_for_and_a_long_one_ends_the_run(tmp_path):
    at = host(tmp_path)
    at.refused(time.time(), 429, "1", "x")
    started = time.time()
    at.turn()
    assert time.time() - started >= 1.0
    with pytest.raises(Refused, match="a.example answers 429 and asks to come back in 3600 seconds"):
        at.refused(time.time(), 429, "3600", "x")
    with pytest.raises(Refused, match=r"asks to be left alone for (3[5-9]|4)\d\d"):
        host(tmp_path).turn()  # the next run does not even ask


def test_a_host_that_goes_on_refusing_is_given_up(tmp_path):
    at = host(tmp_path, first=0.0001)
    for _ in range(GIVE_UP - 1):
        at.refused(time.time(), 403, "", "x")
    with pytest.raises(Refused, match=f"a.example answers 403 for the {GIVE_UP}th time in a row"):
        at.refused(time.time(), 403, "", "x")


def test_jitter_comes_from_the_seed(tmp_path):
    one, same = host(tmp_path), host(tmp_path)
    other = Host("a.example", tmp_path / "hosts", one.manners, seed=1)
    assert one.jitter("x", 1) == same.jitter("x", 1) != other.jitter("x", 1)
    assert 1 <= one.jitter("x", 2) <= 1 + JITTER


def test_a_stop_ends_a_wait(tmp_path):
    at = host(tmp_path, rate=0.01)
    at.turn()
    threading.Timer(0.1, at.stop.set).start()
    started = time.time()
    with pytest.raises(Interrupted):
        at.turn()
    assert time.time() - started < 2


def test_a_damaged_pace_begins_anew(tmp_path):
    at = host(tmp_path)
    at.turn()
    (path,) = (tmp_path / "hosts").iterdir()
    for damage in ("", "{", "[1]", '{"next": "x", "hold": null}'):
        path.write_text(damage)
        at.turn()
