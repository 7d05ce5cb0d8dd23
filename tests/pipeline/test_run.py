"""Plans and runs with the two cheapest real stages: adopted documents and an adopted model folder."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from pipeline import graph
from pipeline.errors import InputError
from pipeline.load import load
from pipeline.run import Records, execute, plan
from pipeline.stages import STAGES

MODELS = {name: stage.section for name, stage in STAGES.items()}


@pytest.fixture
def house(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"text": "한국어 문서"}\n{"text": "둘째 문서"}\n')
    config = tmp_path / "c.yaml"
    config.write_text(
        f"run: {{root: {tmp_path / 'runs'}, name: t}}\nrefine: {{use: {tmp_path / 'd.jsonl'}}}\nmix: {{heldout: 0.5}}\n"
    )

    class House:
        path, root = config, tmp_path / "runs"

        def steps(self, *overrides):
            self.config = load(config, overrides, MODELS)
            return plan(list(graph.build(self.config).values()), self.config.run)

        def run(self, *overrides):
            return execute(self.steps(*overrides), self.config.run)

        def states(self, *overrides):
            return {step.node.name: step.state for step in self.steps(*overrides)}

        def command(self, *arguments, **options):
            return subprocess.run(
                [sys.executable, "-P", "-m", "pipeline.stage", *arguments, "--config", str(config)],
                capture_output=True, text=True, timeout=120, **options,
            )  # fmt: skip

    return House()


def files(root):
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file() and "logs" not in path.parts}


def test_a_second_run_is_cached_and_changes_no_published_file(house):
    assert house.states() == {"refine": "run", "mix": "run"}
    house.run()
    before = files(house.root)
    assert [row["state"] for row in house.run()] == ["cached", "cached"]
    assert files(house.root) == before


def test_the_plan_says_which_key_changed(house):
    house.run()
    steps = house.steps("mix.seed=3")
    assert [(step.state, step.reason) for step in steps][1] == ("run", "mix.seed changed from 0 to 3")
    assert steps[0].state == "cached"


def test_the_plan_says_which_input_changed(house, tmp_path):
    house.run()
    (tmp_path / "d.jsonl").write_text('{"text": "다른 문서"}\n{"text": "둘째"}\n')
    reasons = [step.reason for step in house.steps()]
    assert reasons[0] == "the content of refine.use changed"
    assert reasons[1] == "its input documents changed"


def test_links_and_manifest(house):
    house.run()
    link = house.root / "by-name" / "t" / "mix"
    manifest = json.loads((link / "manifest.json").read_text())
    parent = json.loads((house.root / "by-name" / "t" / "refine" / "manifest.json").read_text())
    assert manifest["inputs"]["documents"]["fingerprint"] == parent["fingerprint"]
    assert link.resolve().name == manifest["fingerprint"]
    assert str(house.root) not in json.dumps({key: manifest[key] for key in manifest if key != "provenance"})


def test_a_parent_rebuilt_with_other_bytes_reruns_the_child(house):
    house.run()
    parent = (house.root / "by-name" / "t" / "refine").resolve()
    manifest = json.loads((parent / "manifest.json").read_text())
    manifest["metrics"]["added"] = 1
    (parent / "manifest.json").write_text(json.dumps(manifest))
    step = house.steps()[1]
    assert step.state == "run"
    assert "rebuilt with other content" in step.reason
    house.run()
    assert house.states() == {"refine": "cached", "mix": "cached"}


def test_a_parent_rebuilt_with_the_same_bytes_does_not(house):
    house.run()
    import shutil

    shutil.rmtree((house.root / "by-name" / "t" / "refine").resolve())
    rows = house.run()
    assert [row["state"] for row in rows] == ["built", "cached"]


def test_a_failing_stage_publishes_nothing_and_keeps_its_code(house, tmp_path):
    (tmp_path / "d.jsonl").write_text('{"text": "좋다"}\n{"txt": 1}\n')
    with pytest.raises(InputError, match="record 2"):
        house.run()
    assert not [path for path in (house.root / "refine").iterdir() if path.suffix != ".part"]
    assert house.command("all").returncode == 3


def start(house, *overrides):
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "pipeline.stage", "all", "--config", str(house.path), *overrides],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.6, 2.4])
def test_kill_9_leaves_nothing_valid_looking_and_the_next_run_finishes(house, seconds):
    child = start(house)
    time.sleep(seconds)
    child.kill()
    child.wait()
    for folder in house.root.glob("*/*"):
        if (folder / "manifest.json").exists() and folder.suffix != ".part":
            from pipeline.artifact import Artifact

            assert Artifact(folder).problems() == []
    assert house.command("all").returncode == 0
    assert house.command("verify").returncode == 0


def test_two_runners_at_once_give_one_result(house):
    first, second = start(house), start(house)
    codes = {first.wait(), second.wait()}
    assert codes <= {0, 5}
    assert 0 in codes
    assert len(list((house.root / "mix").iterdir())) == 1
    assert house.command("verify").returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGINT, 130)])
def test_signals_end_in_their_exit_codes_and_resume(house, tmp_path, number, code):
    with (tmp_path / "d.jsonl").open("w") as file:
        for line in range(400_000):
            file.write(json.dumps({"text": f"긴 문서 {line} " * 5}) + "\n")
    child = start(house)
    events = Records(load(house.path, [], MODELS).run).events
    while not events.exists() or b'"progress"' not in events.read_bytes():
        assert child.poll() is None
        time.sleep(0.05)
    os.kill(child.pid, number)
    assert child.wait(timeout=30) == code
    assert not (house.root / "by-name" / "t" / "refine").exists()


def test_events_and_node_logs_are_kept(house):
    house.run()
    lines = [json.loads(line) for line in (house.root / "logs" / "t" / "events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines if line["event"] != "progress"] == [
        "run_started", "node_started", "node_done", "node_started", "node_done", "run_done",
    ]  # fmt: skip
    assert (house.root / "logs" / "t" / "mix.log").exists()
