"""Continual pretraining from end to end on a toy: every ZeRO stage, ranks, kills, stops, gates."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import training.engine
from pipeline.errors import ConfigError, InputError, Interrupted, StageFailed
from tests.training import making
from tokenizer.cost import Shape
from tokenizer.embed import EMBEDDING
from training.config import Dapt, Gate
from training.dapt import run as dapt

OFF = {"mode": "disabled"}


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def either(request, tmp_path_factory):
    return making.inputs(tmp_path_factory.mktemp("either"), tied=request.param)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return making.inputs(tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="module")
def whole(given, tmp_path_factory):
    """The unbroken run that the others are compared with."""
    return making.trained(tmp_path_factory.mktemp("whole") / "out", section(), given, wandb=OFF)


@pytest.fixture(autouse=True)
def partitioned(monkeypatch):
    """A toy's parameters are all small: ZeRO-3 is to cut them none the less."""
    monkeypatch.setattr(training.engine, "PERSISTENT", 0)


def section(**change):
    return Dapt(**{"budget": 64 * 24, "sequence": 64, "batch": 128, "checkpoint_every": 4, **change})


def weights(folder):
    return load_file(folder / "model" / "model.safetensors")


def log(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def near(mine, theirs, tolerance=1e-5):
    found, wanted = weights(mine), weights(theirs)
    assert set(found) == set(wanted)
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, wanted[name], rtol=0, atol=tolerance, msg=name)


def same(mine, theirs):
    names = sorted(path.name for path in (mine / "model").iterdir())
    assert names == sorted(path.name for path in (theirs / "model").iterdir())
    for name in names:
        assert (mine / "model" / name).read_bytes() == (theirs / "model" / name).read_bytes(), name
    assert (mine / "log.jsonl").read_bytes() == (theirs / "log.jsonl").read_bytes()


def launched(folder, given, ranks=1, **job):
    """Start the stage in processes of its own, as the launcher does; returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder.with_name(f"{folder.name}-job.json")
    file.write_text(
        json.dumps(
            {
                "inputs": {name: str(artifact.path) for name, artifact in given.items()},
                "folder": str(folder),
                "run": {"threads": 1, "world": ranks, "wandb": OFF, **job.pop("run", {})},
                "section": section(**job).model_dump(mode="json"),
            }
        )
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1"}
    return [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.training.making", str(file)],
            env={**environment, "MASTER_PORT": str(port), "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.DEVNULL,
            stderr=(folder.parent / f"{folder.name}-{rank}.log").open("wb"),
            cwd=Path(__file__).parents[2],
        )
        for rank in range(ranks)
    ]


def test_what_comes_out_is_a_model_and_a_log(given, whole):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, metrics = whole
    model = AutoModelForCausalLM.from_pretrained(str(folder / "model"))
    ids = AutoTokenizer.from_pretrained(str(folder / "model"))("문서를 저장", return_tensors="pt")["input_ids"]
    assert torch.isfinite(model(ids).logits).all()
    source = given["model"].path / "model"
    for name in ("tokenizer.json", "tokenizer_config.json", "extension.json", "config.json", "chat_template.jinja"):
        assert (folder / "model" / name).read_bytes() == (source / name).read_bytes()

    lines = log(folder)
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 13))
    assert [line["phase"] for line in steps] == ["new_rows"] * 4 + ["all"] * 8
    assert [line["step"] for line in lines if "bpb" in line] == [0, 4, 8, 12]
    assert not {key for line in lines for key in line} & {"time", "seconds", "host"}
    assert metrics["steps"] == 12 and metrics["tokens"] == {"ko": 64 * 18, "en": 64 * 6}
    assert metrics["ledger"]["ko"]["end"] < metrics["ledger"]["ko"]["start"]
    assert metrics["gate"]["passed"] is True and metrics["gate"]["action"] == "warn"
    assert metrics["phases"][0]["parameters"] == len(making.PIECES) * 32 < metrics["phases"][1]["parameters"]
    assert set(metrics["loss"]) == {"ko", "en"}
    shape = Shape.of(folder / "model")
    assert metrics["flops_per_token"] == 6 * (shape.body + shape.rows * shape.hidden) > 0
    json.dumps(metrics, allow_nan=False)


def test_it_learns(given, tmp_path):
    _, metrics = making.trained(
        tmp_path / "out",
        section(budget=64 * 160, rate=1e-2, rate_new_rows=1e-2, rate_old_rows=1e-2, checkpoint_every=100),
        given,
        wandb=OFF,
    )
    assert metrics["ledger"]["ko"]["change"] < -0.15 and metrics["ledger"]["en"]["change"] < 0


def test_in_the_first_phase_only_present_new_rows_move(given, tmp_path):
    phases = [{"train": "new_rows", "share": 1.0}]
    folder, metrics = making.trained(tmp_path / "out", Dapt.model_validate(
        section().model_dump() | {"phases": phases}), given, wandb=OFF)  # fmt: skip
    before = load_file(given["model"].path / "model" / "model.safetensors")
    after = weights(folder)
    assert [name for name in after if not torch.equal(after[name], before[name])] == [EMBEDDING]
    assert metrics["rows"]["old_rows_changed"] == 0 < metrics["rows"]["new_rows_changed"] < len(making.PIECES)


@pytest.mark.parametrize(
    "zero", [0, 3, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
def test_old_rows_are_frozen_to_the_bit(either, tmp_path, zero):
    """Tied and untied, with decay on, under every stage; a row in no batch does not move either."""
    folder, metrics = making.trained(
        tmp_path / "out", section(rate_old_rows=0.0, weight_decay=0.1, rate=1e-2), either, zero=zero, wandb=OFF
    )
    before, after = load_file(either["model"].path / "model" / "model.safetensors"), weights(folder)
    old = metrics["rows"]["old_rows"]
    for name in {EMBEDDING, "lm_head.weight"} & set(after):
        assert torch.equal(after[name][:old].view(torch.int32), before[name][:old].view(torch.int32))
        assert not torch.equal(after[name][old:], before[name][old:])
    rows = metrics["rows"]
    assert rows["old_rows_changed"] == rows["unseen_rows_changed"] == 0
    assert rows["new_rows_changed"] == rows["new_rows"] - rows["new_rows_unseen"] > 0
    assert rows["new_rows_unseen"] >= 1


@pytest.mark.parametrize("zero", [3, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_every_zero_stage_trains_the_same_weights(given, whole, tmp_path, zero):
    folder, metrics = making.trained(tmp_path / "out", section(), given, zero=zero, wandb=OFF)
    near(folder, whole[0])
    assert metrics["phases"] == whole[1]["phases"] and metrics["rows"] == whole[1]["rows"]


@pytest.mark.parametrize("zero", [3, *(pytest.param(zero, marks=pytest.mark.slow) for zero in (0, 1, 2))])
def test_two_ranks_train_the_same_weights(given, whole, tmp_path, zero):
    ranks = launched(tmp_path / "out", given, ranks=2, run={"zero": zero})
    codes = [rank.wait(timeout=300) for rank in ranks]
    assert codes == [0, 0], (tmp_path / "out-0.log").read_text()[-3000:]
    near(tmp_path / "out", whole[0])
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["tokens"] == whole[1]["tokens"] and metrics["rows"] == whole[1]["rows"]


def test_the_micro_batch_is_circumstance(given, whole, tmp_path):
    folder, _ = making.trained(tmp_path / "out", section(), given, micro_batch=2, wandb=OFF)
    near(folder, whole[0])


@pytest.mark.parametrize(
    ("moment", "zero"),
    [
        ("step-00000004", 0),
        *(pytest.param(moment, zero, marks=pytest.mark.slow) for moment, zero in
          [("step-00000004.tmp", 0), ("step-00000008.tmp", 0), ("step-00000008", 2), ("step-00000004", 3)]),
    ],
)  # fmt: skip
def test_after_kill_9_the_same_command_ends_in_the_same_bits(given, whole, tmp_path, moment, zero):
    [victim] = launched(tmp_path / "out", given, run={"zero": zero})
    target = tmp_path / "out" / ".work" / "checkpoints" / moment
    deadline = time.monotonic() + 120
    while not target.exists() and victim.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL, (tmp_path / "out-0.log").read_text()[-3000:]
    assert not (tmp_path / "out" / "log.jsonl").exists()
    context = making.context_for(tmp_path / "out", given, zero=zero, wandb=OFF)
    metrics = dapt(section(), context)
    if not moment.endswith(".tmp"):
        assert context.provenance["resumed_at_step"] >= int(moment.removeprefix("step-"))
    if zero:
        unbroken, _ = making.trained(tmp_path / "unbroken", section(), given, zero=zero, wandb=OFF)
        same(tmp_path / "out", unbroken)
    else:
        same(tmp_path / "out", whole[0])
        assert metrics == whole[1]


def test_a_finished_run_repeats_its_bytes_without_training(given, whole, tmp_path):
    """A kill between the last step and publishing: the same command writes the same files again."""
    folder, metrics = making.trained(tmp_path / "out", section(), given, wandb=OFF)
    same(folder, whole[0])
    (folder / "model" / "left-over").write_text("half a file")
    context = making.context_for(folder, given, wandb=OFF)
    assert dapt(section(), context) == metrics
    assert context.provenance["resumed_at_step"] == 12
    same(folder, whole[0])


@pytest.mark.parametrize("step", [2, 8])
def test_a_stop_leaves_a_checkpoint_and_changes_nothing(given, whole, tmp_path, step):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) >= step

    context = making.context_for(tmp_path / "out", given, stop, wandb=OFF)
    with pytest.raises(Interrupted, match=f"after step {step}"):
        dapt(section(), context)
    assert not (tmp_path / "out" / "model").exists()
    folder, metrics = making.trained(tmp_path / "out", section(), given, wandb=OFF)
    same(folder, whole[0])
    assert metrics == whole[1]


def test_another_section_does_not_take_over_the_checkpoints(given, tmp_path):
    context = making.context_for(tmp_path / "out", given, lambda: True, wandb=OFF)
    with pytest.raises(Interrupted):
        dapt(section(), context)
    again = making.context_for(tmp_path / "out", given, wandb=OFF)
    dapt(section(seed=1), again)
    assert again.provenance["resumed_at_step"] == 0


def test_another_zero_stage_does_not_read_the_checkpoints(given, tmp_path):
    with pytest.raises(Interrupted):
        dapt(section(), making.context_for(tmp_path / "out", given, lambda: True, zero=2, wandb=OFF))
    with pytest.raises(ConfigError, match=r"run\.zero"):
        dapt(section(), making.context_for(tmp_path / "out", given, wandb=OFF))


@pytest.mark.parametrize("action", ["warn", "stop"])
def test_the_gate_warns_or_stops(given, tmp_path, action):
    """A wild rate without replay ruins the English: the gate must say so, and a stop keeps the checkpoint."""
    wild = section(rate=0.5, replay={}, gate=Gate(lang="en", limit=0.0, action=action))
    folder = tmp_path / "out"
    for _ in range(2):  # and says it again at the next try
        context = making.context_for(folder, given, wandb=OFF)
        if action == "stop":
            with pytest.raises(StageFailed, match="'en' rose by"):
                dapt(wild, context)
            assert list((folder / ".work" / "checkpoints").glob("step-00000012/checkpoint.json"))
            assert not (folder / "model").exists()
        else:
            gate = dapt(wild, context)["gate"]
            assert gate["passed"] is False and gate["value"] > 0


def test_a_loss_that_is_not_finite_names_its_step(given, tmp_path):
    with pytest.raises(StageFailed, match=r"at step \d+ is (nan|inf)"):
        making.trained(tmp_path / "out", section(rate=1e20, clip=1e20), given, wandb=OFF)
    assert not (tmp_path / "out" / "model").exists()


@pytest.mark.parametrize("place", ["body", "new rows"])
def test_a_weight_that_is_not_finite_reaches_no_checkpoint(given, tmp_path, monkeypatch, place):
    import training.dapt as room

    plain = room._step

    def step(training, number, span, share):
        found = plain(training, number, span, share)
        if number == 5:
            weights = training.module.rows.matrices() if place == "new rows" else training.module.body.parameters()
            next(iter(weights)).data[0] = math.nan
        return found

    monkeypatch.setattr(room, "_step", step)
    with pytest.raises(StageFailed, match="weights are not finite after step 6"):
        making.trained(tmp_path / "out", section(checkpoint_every=6), given, wandb=OFF)
    assert not list((tmp_path / "out" / ".work" / "checkpoints").glob("step-*"))


def test_damaged_weights_are_found_before_the_first_step(given, tmp_path):
    from safetensors.torch import save_file

    part = tmp_path / "damaged"
    shutil.copytree(given["model"].path / "model", part / "model")
    state = load_file(part / "model" / "model.safetensors")
    state["model.norm.weight"].fill_(math.nan)
    save_file(state, part / "model" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(StageFailed, match="held-out"):
        making.trained(tmp_path / "out", section(), given | {"model": making.artifact(part, "extend")}, wandb=OFF)


def test_without_extension_every_row_is_old_and_every_phase_trains_all(tmp_path):
    plain = making.inputs(tmp_path, plain=True)
    folder, metrics = making.trained(tmp_path / "out", section(rate_old_rows=0.0), plain, wandb=OFF)
    assert [phase["train"] for phase in metrics["phases"]] == ["all"]
    assert metrics["rows"]["new_rows"] == 0 and metrics["rows"]["old_rows_changed"] == 0
    assert not (folder / "model" / "extension.json").exists()
    assert metrics["ledger"]["ko"]["end"] < metrics["ledger"]["ko"]["start"]
    assert not any("rate_new_rows" in line for line in log(folder))


def test_streams_of_another_model_are_refused(given, tmp_path):
    other = making.model_artifact(tmp_path / "other", plain=True)
    with pytest.raises(InputError, match="another tokenizer"):
        making.trained(tmp_path / "out", section(), given | {"model": other}, wandb=OFF)


@pytest.mark.slow
@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_half_precision_trains_and_freezes(given, whole, tmp_path, zero):
    folder, metrics = making.trained(
        tmp_path / "out", section(precision="bf16", rate_old_rows=0.0), given, zero=zero, wandb=OFF
    )
    assert weights(folder)[EMBEDDING].dtype == torch.bfloat16
    assert metrics["rows"]["old_rows_changed"] == 0 < metrics["rows"]["new_rows_changed"]
    assert metrics["ledger"]["ko"]["end"] == pytest.approx(whole[1]["ledger"]["ko"]["end"], rel=0.02)
