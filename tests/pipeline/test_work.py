"""A child's end of the bargain: one result or one error line, whatever the stage prints or raises."""

import json
import subprocess
import sys

import pytest

from pipeline.config import Run
from pipeline.work import write_job


@pytest.fixture
def child(tmp_path):
    def child(section, stdin=subprocess.PIPE):
        job = {"node": "mix", "stage": "mix", "section": section, "inputs": {}, "shard": None}
        path = write_job(tmp_path / "x.part", {**job, "run": Run(root=str(tmp_path)).model_dump(mode="json")})
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "pipeline.stage", "work", str(path)],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    return child


def answers(process):
    lines = process.stdout.read().splitlines()
    return process.wait(timeout=60), [json.loads(line) for line in lines]


def test_a_result_carries_metrics_counts_and_measured_provenance(child, tmp_path):
    (tmp_path / "d.jsonl").write_text('{"text": "문서"}\n')
    code, events = answers(child({"use": str(tmp_path / "d.jsonl")}))
    assert code == 0
    assert events[-1]["event"] == "result"
    assert events[-1]["counts"] == {"read": 1, "kept": 1, "dropped": 0, "failed": 0}
    assert {"wall_seconds", "cpu_seconds", "peak_memory_bytes"} <= set(events[-1]["provenance"])


def test_an_error_carries_its_code_and_sentence(child, tmp_path):
    (tmp_path / "d.jsonl").write_text("nonsense\n")
    code, events = answers(child({"use": str(tmp_path / "d.jsonl")}))
    assert code == 3
    assert "line 1" in events[-1]["message"]


def test_a_child_dies_with_its_parent(child, tmp_path):
    (tmp_path / "d.jsonl").write_text('{"text": "문서"}\n' * 300_000)
    process = child({"use": str(tmp_path / "d.jsonl")})
    process.stdout.readline()
    process.stdin.close()
    assert process.wait(timeout=20) == -9
