"""W&B: where its files go, and that it never matters."""

from __future__ import annotations

import pytest

from pipeline.config import Run
from pipeline.context import Context
from training.tracking import Tracker


def context(folder, rank=0, events=None, **wandb):
    return Context(
        node="dapt",
        path=folder / "part",
        inputs={},
        run=Run(root=str(folder / "root"), wandb=wandb or {}),
        rank=rank,
        emit=lambda kind, **fields: events.append((kind, fields)) if events is not None else None,
    )


@pytest.mark.parametrize("how", ["environment", "configuration", "rank"])
def test_switched_off_it_writes_nothing(tmp_path, monkeypatch, how):
    monkeypatch.setenv("WANDB_MODE", "disabled" if how == "environment" else "offline")
    made = context(tmp_path, rank=int(how == "rank"), mode="disabled" if how == "configuration" else "offline")
    tracker = Tracker(made, {})
    tracker.log(1, loss={"ko": 1.0})
    tracker.finish()
    assert not (tmp_path / "root").exists()


def test_an_error_is_an_event_and_training_goes_on(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    events = []
    made = context(tmp_path, events=events)
    (made.cache / "wandb").write_text("a file where the folder should be")
    tracker = Tracker(made, {})
    tracker.log(1, loss={"ko": 1.0})
    tracker.finish()
    assert [kind for kind, _ in events] == ["wandb_off"]


@pytest.mark.slow
def test_offline_its_files_lie_below_the_root(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.chdir(tmp_path)
    events = []
    tracker = Tracker(context(tmp_path, events=events), {"rate": 1e-3})
    tracker.log(1, loss={"ko": 1.0}, rate=0.1)
    tracker.finish()
    assert events == []
    assert list((tmp_path / "root" / "cache" / "wandb").rglob("*.wandb"))
    assert [path.name for path in tmp_path.iterdir()] == ["root"]
