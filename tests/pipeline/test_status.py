import os

import pytest

from pipeline.config import Run
from pipeline.run import Records
from pipeline.status import status


@pytest.fixture
def records(tmp_path):
    return Records(Run(root=str(tmp_path), name="t"))


def test_never_run(records):
    assert status(records)["state"] == "never run"


def test_a_run_in_progress_shows_the_node_at_work(records):
    records.write({"event": "run_started", "pid": os.getpid(), "nodes": ["base", "mix", "dapt"]})
    records.write({"event": "cached", "node": "base", "fingerprint": "f"})
    records.write({"event": "node_started", "node": "mix", "fingerprint": "f", "reason": "new"})
    records.write({"event": "progress", "node": "mix", "done": 3, "total": 9, "unit": "documents"})
    answer = status(records)
    assert answer["state"] == "running"
    assert [(row["node"], row["state"]) for row in answer["nodes"]] == [
        ("base", "cached"), ("mix", "running"), ("dapt", "waiting"),
    ]  # fmt: skip
    assert answer["nodes"][1]["done"] == 3


def test_a_process_that_is_gone_is_said_to_be(records):
    records.write({"event": "run_started", "pid": 2**22 + 1, "nodes": ["base"]})
    assert status(records)["state"] == "gone"


def test_only_the_last_run_counts_and_a_cut_line_is_passed_over(records):
    records.write({"event": "run_started", "pid": 1, "nodes": ["base"]})
    records.write({"event": "run_failed", "code": 4, "message": "disk"})
    with records.events.open("a") as file:
        file.write('{"event": "prog\n')
    records.write({"event": "run_started", "pid": os.getpid(), "nodes": ["mix"]})
    records.write({"event": "run_done"})
    answer = status(records)
    assert (answer["state"], [row["node"] for row in answer["nodes"]]) == ("done", ["mix"])
