"""Training goes on from a tied base whose new output rows are not its new input rows: it comes untied."""

from __future__ import annotations

import json
import shutil

import torch
from safetensors.torch import load_file

from tests.training import making
from tokenizer.embed import EMBEDDING, HEAD, resize
from training.config import Dapt


def test_old_rows_stay_and_both_new_matrices_learn(tmp_path):
    made = making.extended(tmp_path / "made")
    base = tmp_path / "made" / "base"
    padded = json.loads((made / "config.json").read_text())["vocab_size"]
    torch.manual_seed(1)
    rows = {name: 0.02 * torch.randn(len(making.PIECES), 32) for name in ("inputs", "outputs")}
    resize(base, made, [[5]] * len(making.PIECES), padded, rows)
    part = tmp_path / "model.part"
    shutil.copytree(made, part / "model")
    model = making.artifact(part, "extend")
    given = {"model": model, "tokens": making.packed(tmp_path, model)}
    section = Dapt(budget=64 * 12, sequence=64, batch=128, rate_old_rows=0.0, weight_decay=0.1, rate=1e-2)
    folder, metrics = making.trained(tmp_path / "out", section, given, wandb={"mode": "disabled"})
    before, after = (load_file(path / "model" / "model.safetensors") for path in (model.path, folder))
    old = metrics["rows"]["old_rows"]
    assert torch.equal(before[HEAD][:old], before[EMBEDDING][:old])
    for name in (EMBEDDING, HEAD):
        assert torch.equal(after[name][:old], before[name][:old])
        assert not torch.equal(after[name][old:], before[name][old:])
    assert not torch.equal(after[HEAD][old:], after[EMBEDDING][old:])
    assert metrics["rows"]["old_rows_changed"] == metrics["rows"]["unseen_rows_changed"] == 0
    assert json.loads((folder / "model" / "config.json").read_text())["tie_word_embeddings"] is False
