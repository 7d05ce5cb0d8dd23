import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.artifact import Artifact, publish
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, Interrupted, StageFailed
from tests.toys import toy_llama
from training import sft
from training.config import Sft

SETTINGS = {
    "sequence": 64, "batch": 4, "epochs": 2.0, "rate": 2e-2, "checkpoint_every": 3,
    "lora": {"rank": 8, "alpha": 16, "dropout": 0.1},
}  # fmt: skip
PAIRS = [(f"What is item {n}?", f"Item {n} is number {n * n}.") for n in range(14)]
CHILD = """
import json, os, signal, sys
from pathlib import Path
from pipeline.artifact import Artifact
from pipeline.config import Run
from pipeline.context import Context
from training import sft
from training.config import Sft
job = json.loads(sys.argv[1])
plain = sft._step
def step(tuning, number, rate):
    if number == job.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(tuning, number, rate)
sft._step = step
rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
context = Context(node="sft", path=Path(job["part"]), inputs={"model": Artifact(Path(job["base"]))},
                  run=Run(**job["run"]), rank=rank, world=world)
print(json.dumps(sft.run(Sft(**job["section"]), context)))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A published base model and a chat file."""
    folder = tmp_path_factory.mktemp("sft")
    part = folder / "base.part"
    toy_llama(part / "model", hidden=64)
    (part / "model" / "extension.json").write_text('{"old_vocabulary": 400, "added": 0}\n')
    manifest = {"stage": "base", "version": 1, "fingerprint": "f00d", "section": {}, "inputs": {}, "counts": {}}
    publish(part, folder / "f00d", {**manifest, "metrics": {}, "provenance": {}})
    lines = (json.dumps({"prompt": prompt, "response": response}) + "\n" for prompt, response in PAIRS)
    (folder / "talk.jsonl").write_text("".join(lines))
    return folder


def section_of(home, **settings):
    return Sft(data={"talk": {"file": str(home / "talk.jsonl"), "license": "MIT"}}, **{**SETTINGS, **settings})


def context_of(home, part, **settings):
    part.mkdir(parents=True, exist_ok=True)
    run = Run(root=str(home / "runs"), threads=1, wandb={"mode": "disabled"}, **settings)
    return Context(node="sft", path=part, inputs={"model": Artifact(home / "f00d")}, run=run)


def contents(part):
    return {
        str(path.relative_to(part)): path.read_bytes()
        for path in sorted(part.rglob("*"))
        if path.is_file() and ".work" not in path.parts
    }


@pytest.fixture(scope="module")
def unbroken(home):
    context = context_of(home, home / "unbroken.part")
    return sft.run(section_of(home), context), contents(context.path), context


def weights_of(content):
    from safetensors.torch import load

    return load(content["adapter/adapter_model.safetensors"])


def test_it_learns_and_says_what_it_did(unbroken):
    metrics, made, context = unbroken
    assert metrics["steps"] == 7
    assert metrics["conversations"] == 14
    assert metrics["trained_parameters"] == sum(tensor.numel() for tensor in weights_of(made).values())
    assert metrics["loss"]["last"] < metrics["loss"]["first"] - 0.2
    assert metrics["data"]["talk"]["license"] == "MIT"
    assert metrics["data"]["talk"]["made"] is False
    assert metrics["answer_tokens"] == metrics["data"]["talk"]["answer_tokens"]
    assert metrics["template"] == {"end_of_turn": "<|im_end|>", "made": False}
    assert context.counts == {"read": 14, "kept": 14, "dropped": 0, "failed": 0}
    log = [json.loads(line) for line in made["log.jsonl"].decode().splitlines()]
    assert [line["step"] for line in log] == list(range(1, 8))
    assert all(line["loss"] > 0 and line["rate"] > 0 and line["answer_tokens"] > 0 for line in log)
    json.dumps(metrics, allow_nan=False)


def test_the_artifact_is_a_plain_model_and_an_adapter(home, unbroken):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _, made, context = unbroken
    names = {"adapter/adapter_config.json", "adapter/adapter_model.safetensors", "log.jsonl", "model/config.json",
             "model/extension.json", "model/model.safetensors", "model/tokenizer.json"}  # fmt: skip
    assert names <= set(made)
    assert not any(str(home).encode() in content for content in made.values())
    plain = AutoModelForCausalLM.from_pretrained(str(context.path / "model"))
    base = AutoModelForCausalLM.from_pretrained(str(home / "f00d" / "model"))
    moved = {name for name, tensor in plain.state_dict().items() if (tensor != base.state_dict()[name]).any()}
    assert moved == {name for name in base.state_dict() if name.endswith("_proj.weight")}
    tokenizer = AutoTokenizer.from_pretrained(str(context.path / "model"))
    assert tokenizer.chat_template
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": PAIRS[0][0]}], add_generation_prompt=True, return_tensors="pt"
    )["input_ids"]
    with torch.no_grad():
        found = plain.generate(ids, max_new_tokens=3, do_sample=False)
    assert found.shape[1] > ids.shape[1]


def test_the_same_run_gives_the_same_bytes(home, tmp_path, unbroken):
    metrics, made, _ = unbroken
    context = context_of(home, tmp_path / "again.part")
    assert sft.run(section_of(home), context) == metrics
    assert contents(context.path) == made


def test_micro_batches_do_not_change_what_is_learned(home, tmp_path):

    found = []
    for size in (1, 4):
        context = context_of(home, tmp_path / f"{size}.part", micro_batch=size)
        sft.run(section_of(home, lora={"rank": 8, "alpha": 16, "dropout": 0.0}), context)
        found.append(weights_of(contents(context.path)))
    for name, tensor in found[0].items():
        difference = (tensor - found[1][name]).abs()
        assert difference.mean() < 2e-5 and difference.max() < 5e-3, (name, difference.mean(), difference.max())


class Died(BaseException):
    """What no handler catches."""


@pytest.mark.parametrize("at", [2, 5])
def test_a_broken_run_ends_in_the_same_bytes(home, tmp_path, unbroken, monkeypatch, at):
    plain = sft._step

    def step(tuning, number, rate):
        if number == at:
            raise Died
        return plain(tuning, number, rate)

    context = context_of(home, tmp_path / "broken.part")
    monkeypatch.setattr(sft, "_step", step)
    with pytest.raises(Died):
        sft.run(section_of(home), context)
    monkeypatch.setattr(sft, "_step", plain)
    assert sft.run(section_of(home), context) == unbroken[0]
    assert context.provenance["resumed_at_step"] == at // 3 * 3
    assert contents(context.path) == unbroken[1]


def test_a_stop_leaves_a_checkpoint_and_the_next_run_ends_the_same(home, tmp_path, unbroken, monkeypatch):
    done = []
    plain = sft._step
    monkeypatch.setattr(sft, "_step", lambda tuning, number, rate: done.append(number) or plain(tuning, number, rate))
    context = context_of(home, tmp_path / "stopped.part")
    context.stop_requested = lambda: len(done) >= 2
    with pytest.raises(Interrupted, match="stopped after step 2"):
        sft.run(section_of(home), context)
    assert (context.work / "checkpoints" / "step-00000002").is_dir()
    assert sum(path.stat().st_size for path in (context.work / "checkpoints").rglob("*") if path.is_file()) < 1 << 20
    context.stop_requested = lambda: False
    sft.run(section_of(home), context)
    assert done == list(range(7))
    assert contents(context.path) == unbroken[1]


def test_a_loss_that_is_not_finite_names_its_step(home, tmp_path):
    context = context_of(home, tmp_path / "nan.part")
    with pytest.raises(StageFailed, match=r"sft: the loss at step [2-7] is (nan|inf)"):
        sft.run(section_of(home, rate=1e30, warmup=0.0), context)
    assert not (context.path / "model").exists()


def test_a_weight_that_is_not_finite_reaches_no_checkpoint(home, tmp_path, monkeypatch):
    plain = sft._step

    def step(tuning, number, rate):
        found = plain(tuning, number, rate)
        if number == 5:
            next(one for one in tuning.adapted.parameters() if one.requires_grad).data[0] = float("nan")
        return found

    monkeypatch.setattr(sft, "_step", step)
    context = context_of(home, tmp_path / "poisoned.part")
    with pytest.raises(StageFailed, match="the adapter is not finite after step 6"):
        sft.run(section_of(home), context)
    assert [path.name for path in (context.work / "checkpoints").iterdir()] == ["step-00000003"]


def test_a_base_without_a_chat_template_gets_one(home, tmp_path):
    from transformers import AutoTokenizer

    part = tmp_path / "plain.part"
    shutil.copytree(home / "f00d" / "model", part / "model")
    (part / "model" / "chat_template.jinja").unlink()
    manifest = {"stage": "base", "version": 1, "fingerprint": "plain", "section": {}, "inputs": {}, "counts": {}}
    base = publish(part, tmp_path / "plain", {**manifest, "metrics": {}, "provenance": {}})
    context = context_of(home, tmp_path / "sft.part")
    context.inputs = {"model": base}
    metrics = sft.run(section_of(home, epochs=0.1), context)
    assert metrics["template"] == {"end_of_turn": "<|im_end|>", "made": True}
    assert "### User:" in AutoTokenizer.from_pretrained(str(context.path / "model")).chat_template


def test_what_cannot_be_trained_is_refused_in_a_sentence(home, tmp_path):
    with pytest.raises(ConfigError, match=r"no layer 'q_prj'; did you mean 'q_proj'"):
        sft.run(section_of(home, lora={"targets": ["q_prj"]}), context_of(home, tmp_path / "a.part"))
    with pytest.raises(ConfigError, match=r"run.zero 3 cannot share an adapter"):
        sft.run(section_of(home, lora={"targets": ["lm_head"]}), context_of(home, tmp_path / "b.part", zero=3))
    with pytest.raises(InputError, match="no conversation to train on"):
        sft.run(section_of(home, sequence=8), context_of(home, tmp_path / "c.part"))
    with pytest.raises(ConfigError, match="batch 4 conversations does not divide"):
        section_of(home).check(Run(micro_batch=3))
    with pytest.raises(ValueError, match="exactly one of file, made"):
        Sft(data={"talk": {"license": "MIT"}})


def children(home, part, section, world=1, kill=None, **run):
    """Run the stage in processes of its own, perhaps killed before a step; returns their exit codes."""
    job = {
        "part": str(part), "base": str(home / "f00d"), "kill": kill, "section": section.model_dump(mode="json"),
        "run": {"root": str(home / "runs"), "threads": 1, "wandb": {"mode": "disabled"}, "world": world, **run},
    }  # fmt: skip
    part.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, json.dumps(job)],
            cwd=Path(sft.__file__).parent.parent,
            env={**os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world),
                 "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "PYTHONPATH": "."},
        )
        for rank in range(world)
    ]  # fmt: skip
    return [child.wait(timeout=300) for child in started]


@pytest.mark.slow
def test_kill_9_and_the_same_command_end_in_the_same_bytes(home, tmp_path, unbroken):
    part = tmp_path / "killed.part"
    assert children(home, part, section_of(home), kill=4) == [-signal.SIGKILL]
    assert children(home, part, section_of(home)) == [0]
    assert contents(part) == unbroken[1]


@pytest.mark.slow
@pytest.mark.parametrize(("world", "zero"), [(1, 1), (1, 2), (1, 3), (2, 0), (2, 2), (2, 3)])
def test_ranks_and_zero_stages_learn_the_same(home, tmp_path, world, zero):
    import torch

    plain = section_of(home, lora={"rank": 8, "alpha": 16, "dropout": 0.0})
    context = context_of(home, tmp_path / "one.part")
    sft.run(plain, context)
    part = tmp_path / "ranks.part"
    assert -signal.SIGKILL in children(home, part, plain, world=world, zero=zero, kill=4)
    assert children(home, part, plain, world=world, zero=zero) == [0] * world
    wanted, found = weights_of(contents(context.path)), weights_of(contents(part))
    assert wanted.keys() == found.keys()
    for name, tensor in wanted.items():
        assert torch.allclose(tensor, found[name], atol=2e-3), name
