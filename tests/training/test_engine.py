"""The engine against a plain torch loop, and what it must not do to the machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

import training.engine
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError
from training.engine import any_rank, open_engine, prepare, threads, zero_stage


def context(folder, world=1, **run):
    settings = Run(**{"root": str(folder / "root"), "device": "cpu", "threads": 1, **run})
    return Context(node="x", path=folder, inputs={}, run=settings, world=world)


def network():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))


def batches():
    draw = torch.Generator().manual_seed(2)
    return [(torch.randn(3, 8, generator=draw), torch.randn(3, 4, generator=draw)) for _ in range(8)]


def plain(dtype=torch.float32):
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    found = []
    for number, (given, wanted) in enumerate(batches()):
        loss = torch.nn.functional.mse_loss(model(given), wanted) * 5
        (loss / 2).backward()
        found.append(loss.item())
        if number % 2:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            optimizer.zero_grad()
    return found


@pytest.mark.parametrize(
    ("zero", "precision"),
    [(0, "fp32"), (1, "fp32"), (2, "fp32"), (3, "fp32"), (0, "bf16"), (3, "bf16")],
)
def test_losses_are_those_of_a_plain_loop(tmp_path, monkeypatch, zero, precision):
    monkeypatch.setattr(training.engine, "PERSISTENT", 0)
    where = context(tmp_path, zero=zero)
    prepare(where)
    dtype = torch.float32 if precision == "fp32" else torch.bfloat16
    model = network().to(dtype)
    engine = open_engine(
        model,
        [{"params": list(model.parameters()), "lr": 1e-2, "weight_decay": 0.1}],
        precision=precision,
        micro_batch=3,
        accumulation=2,
        clip=0.5,
        context=where,
    )
    found = []
    for given, wanted in batches():
        loss = torch.nn.functional.mse_loss(engine(given.to(dtype)).float(), wanted) * 5
        engine.backward(loss)
        engine.step()
        found.append(loss.item())
    assert found == pytest.approx(plain(), rel=1e-5 if precision == "fp32" else 0.05)
    assert engine.global_steps == 4


def test_bf16_keeps_its_sums_in_fp32(tmp_path):
    assert zero_stage(context(tmp_path, zero=0), "bf16") == 1
    assert zero_stage(context(tmp_path, zero=0), "fp32") == 0
    assert zero_stage(context(tmp_path, zero=3), "bf16") == 3


def test_prepare_sets_threads_and_repeats(tmp_path):
    device = prepare(context(tmp_path, threads=1))
    assert device.type == "cpu" and torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
    assert prepare(context(tmp_path, threads=1)) == device
    assert any_rank(True, device) and not any_rank(False, device)


def test_threads_come_from_run_then_the_environment_then_the_cores(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads(context(tmp_path, threads=2)) == 2
    assert threads(context(tmp_path, threads=None)) == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads(context(tmp_path, threads=None, world=1000)) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigError, match="0 GPUs"):
        prepare(context(tmp_path, device="cuda"))


def test_another_world_in_the_same_process_is_refused(tmp_path):
    prepare(context(tmp_path))
    with pytest.raises(ConfigError, match="rank 0 of 1"):
        prepare(context(tmp_path, world=2))


def test_no_compiler_is_called_and_stdout_stays_free(tmp_path):
    """With no compiler on PATH, in a fresh process, opening an engine works, builds nothing and prints nothing."""
    script = """
import sys, torch
from pathlib import Path
from pipeline.config import Run
from pipeline.context import Context
from training.engine import open_engine, prepare
context = Context(node="x", path=Path(sys.argv[1]), inputs={}, run=Run(root=sys.argv[1], device="cpu", zero=2))
prepare(context)
model = torch.nn.Linear(4, 4)
engine = open_engine(model, [{"params": list(model.parameters()), "lr": 1e-3}], precision="fp32", micro_batch=1,
                     accumulation=1, clip=1.0, context=context)
engine.backward(engine(torch.ones(1, 4)).sum()); engine.step()
"""
    environment = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    environment |= {"PATH": str(tmp_path), "OMP_NUM_THREADS": "1", "CC": "none", "CXX": "none"}
    environment["TORCH_EXTENSIONS_DIR"] = str(tmp_path / "extensions")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == ""
    assert not list((tmp_path / "extensions").rglob("*.so"))


def test_a_rank_without_an_address_says_so(tmp_path):
    script = """
import sys
from pathlib import Path
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError
from training.engine import prepare
try:
    prepare(Context(node="x", path=Path(sys.argv[1]), inputs={}, run=Run(root=sys.argv[1], device="cpu"), world=2))
except ConfigError as error:
    print(error)
"""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MASTER_")}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=environment, capture_output=True, text=True
    )
    assert "without MASTER_ADDR and MASTER_PORT" in done.stdout, done.stderr[-2000:]
