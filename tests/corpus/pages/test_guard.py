from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from corpus.pages.guard import Guard, Lost


def make(alive):
    def work(question):
        if question == "long":
            for _ in range(8):
                time.sleep(0.25)
                alive()
        if question == "die":
            os._exit(9)
        if question == "hang":
            time.sleep(600)
        if question == "eat":
            return len(bytes(3 << 30))
        if question == "raise":
            raise KeyError("x")
        return question * 2

    return work


def make_nothing(alive):
    raise ValueError("no rules")


@pytest.fixture(scope="module")
def guard():
    found = Guard(make, seconds=5)
    yield found
    found.close()


@pytest.mark.parametrize(("question", "reason"), [("die", "crash"), ("raise", "KeyError"), ("eat", "MemoryError")])
def test_a_loss_costs_one_question(guard, question, reason):
    assert guard.ask("a") == "aa"
    with pytest.raises(Lost, match=reason):
        guard.ask(question)
    assert guard.ask("b") == "bb"


def test_a_hang_is_ended():
    guard = Guard(make, seconds=1)
    with pytest.raises(Lost, match="timeout"):
        guard.ask("hang")
    assert guard._child is None


def test_a_long_question_that_gives_signs_of_life_is_no_hang():
    guard = Guard(make, seconds=1)
    assert guard.ask("long") == "longlong"
    guard.close()


def test_a_question_may_be_asked_once():
    once = Guard(make, seconds=5, tries=1)
    once.ask("a")
    once._child.kill()
    once._child.wait()
    with pytest.raises(Lost, match="crash"):
        once.ask("b")
    once.close()


def test_a_child_killed_from_outside_costs_nothing(guard):
    guard.ask("a")
    guard._child.kill()
    guard._child.wait()
    assert guard.ask("b") == "bb"


def test_signals_to_the_whole_group_do_not_end_the_child(guard):
    import signal

    guard.ask("a")
    child = guard._child.pid
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        os.kill(child, sign)
    assert guard.ask("b") == "bb" and guard._child.pid == child


def test_a_child_that_cannot_start_is_no_lost_page():
    with pytest.raises(RuntimeError, match="no rules"):
        Guard(make_nothing, seconds=5).ask("a")


def test_a_parent_that_ends_with_sigterm_ignored_does_not_wait(tmp_path):
    """multiprocessing would end the child by SIGTERM and join it: for ever in a worker that ignores SIGTERM."""
    import subprocess
    import sys

    code = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "from corpus.pages.guard import Guard\nfrom tests.corpus.pages.test_guard import make\n"
        "if __name__ == '__main__':\n    print(Guard(make, 5).ask('a'))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, timeout=60, env=env)
    assert done.stdout == b"aa\n", done.stderr
