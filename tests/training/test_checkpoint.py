"""Checkpoints: whole or absent, this run's or nobody's."""

from __future__ import annotations

import json

import pytest
import torch

from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError
from training.checkpoint import MARKER, Checkpoints
from training.engine import open_engine, prepare
from training.freeze import RowAdam


class Made:
    """A small engine with rows beside it, and the events of its context."""

    def __init__(self, folder, identity="a", layout=None, zero=0):
        self.events = []
        self.context = Context(
            node="x",
            path=folder,
            inputs={},
            run=Run(root=str(folder / "root"), device="cpu", threads=1, zero=zero),
            emit=lambda kind, **fields: self.events.append((kind, fields)),
        )
        self.device = prepare(self.context)
        torch.manual_seed(0)
        self.model = torch.nn.Linear(4, 4)
        groups = [{"params": list(self.model.parameters()), "lr": 1e-2, "name": "body", "peak": 1e-2}]
        self.engine = open_engine(
            self.model, groups, precision="fp32", micro_batch=1, accumulation=1, clip=1.0, context=self.context
        )
        self.rows = RowAdam([torch.ones(3, 4).requires_grad_()], 0.98, 1.0)
        self.all = Checkpoints(self.context, identity, layout or {"run.zero": zero})
        self.folder = self.context.work / "checkpoints"

    def step(self, number):
        given = torch.randn(1, 4, generator=torch.Generator().manual_seed(number))
        self.engine.backward((self.engine(given) @ self.rows.matrices[0].T).square().sum())
        self.engine.step()
        self.rows.step(torch.tensor([number % 3]), 1e-2, 1)

    def save(self, number):
        self.all.save(number, self.engine, self.rows, f'{{"step": {number}}}\n')

    def resume(self):
        return self.all.resume(self.engine, self.rows, self.device)

    def bits(self):
        return [tensor.detach().clone() for tensor in (*self.model.parameters(), *self.rows.state().values())]


@pytest.mark.parametrize("zero", [0, 2])
def test_going_on_from_a_checkpoint_is_going_on(tmp_path, zero):
    first = Made(tmp_path, zero=zero)
    for number in range(6):
        first.step(number)
        if number == 2:
            first.save(3)
    second = Made(tmp_path, zero=zero)
    assert second.resume() == (3, '{"step": 3}\n')
    for number in range(3, 6):
        second.step(number)
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(second.bits(), first.bits(), strict=True))
    assert second.engine.optimizer.param_groups[0]["peak"] == 1e-2


def test_the_last_two_are_kept_and_half_ones_removed(tmp_path):
    made = Made(tmp_path)
    for number in (1, 2, 3):
        made.save(number)
    (made.folder / "step-00000009.tmp").mkdir()
    assert sorted(path.name for path in made.folder.iterdir() if path.suffix != ".tmp") == [
        "step-00000002",
        "step-00000003",
    ]
    assert made.resume()[0] == 3
    assert not list(made.folder.glob("*.tmp"))


@pytest.mark.parametrize("damage", ["flip", "extra", "missing", "marker"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path, damage):
    made = Made(tmp_path)
    made.save(1)
    made.save(2)
    last = made.folder / "step-00000002"
    engine = next(path for path in last.rglob("*.pt"))
    if damage == "flip":
        data = bytearray(engine.read_bytes())
        data[len(data) // 2] ^= 1
        engine.write_bytes(data)
    elif damage == "extra":
        (last / "engine" / "more.pt").write_bytes(b"x")
    elif damage == "missing":
        engine.unlink()
    else:
        (last / MARKER).write_text("{")
    assert made.resume()[0] == 1
    assert [kind for kind, _ in made.events] == ["checkpoint_refused"]


def test_a_pickle_put_there_by_somebody_else_is_never_opened(tmp_path):
    """A whole folder without this run's marker entries is code, not a checkpoint."""
    made = Made(tmp_path)
    made.save(1)
    other = Made(tmp_path / "other", identity="b")
    other.save(5)
    (other.folder / "step-00000005").rename(made.folder / "step-00000005")
    assert made.resume()[0] == 1
    assert "another section" in made.events[0][1]["reason"]


def test_nothing_there_is_a_start(tmp_path):
    assert Made(tmp_path).resume() == (0, "")


def test_another_layout_is_a_clear_refusal(tmp_path):
    Made(tmp_path).save(4)
    with pytest.raises(ConfigError, match="after 4 steps"):
        Made(tmp_path, layout={"run.zero": 2, "run.world": 2}).resume()


def test_a_marker_holds_no_clock_and_every_file(tmp_path):
    made = Made(tmp_path)
    made.save(1)
    marker = json.loads((made.folder / "step-00000001" / MARKER).read_text())
    assert set(marker) == {"identity", "layout", "step", "files"}
    assert "rows.safetensors" in marker["files"] and "log.jsonl" in marker["files"]
