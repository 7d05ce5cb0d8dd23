"""Loading the model under evaluation."""

from __future__ import annotations

import json

import pytest

from eval import subject
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError
from tests.toys import toy_llama


@pytest.fixture
def context(tmp_path):
    def context(**run):
        return Context(node="evaluate@base", path=tmp_path, inputs={}, run=Run(device="cpu", **run))

    return context


def test_a_model_is_loaded_with_its_prefix_threads_and_words(tmp_path, context):
    import torch

    before = torch.get_num_threads()
    try:
        given = context(threads=2)
        found = subject.load(toy_llama(tmp_path / "model"), given, None)
        assert found.window == 512  # all that the toy has; 1024 is the most without being asked
    finally:
        torch.set_num_threads(before)
    assert (found.prefix, found.vocabulary) == (0, 400)
    assert found.model.dtype == torch.float32 and not found.model.training
    assert (given.provenance["device"], given.provenance["precision"], given.provenance["threads"]) == (
        "cpu",
        "fp32",
        2,
    )


def test_the_words_are_what_extension_json_says(tmp_path):
    assert subject.words(tmp_path, 128) == 128
    path = tmp_path / "extension.json"
    path.write_text(json.dumps({"old_vocabulary": 100, "added": 20, "vocabulary": 128, "padded_to": 64}))
    assert subject.words(tmp_path, 128) == 120
    for text, said in (
        ("{", "does not say"),
        ('{"added": 1}', "does not say"),
        ('{"old_vocabulary": 100, "added": 29}', "129 words"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=said):
            subject.words(tmp_path, 128)


def test_what_cannot_be_evaluated_is_said_before_any_work(tmp_path, context, monkeypatch):
    folder = toy_llama(tmp_path / "model")
    with pytest.raises(InputError, match=r"config\.json is missing"):
        subject.load(tmp_path / "nothing", context(), 512)
    with pytest.raises(ConfigError, match="window: 513 exceeds the 512 positions"):
        subject.load(folder, context(), 513)
    (folder / "extension.json").write_text('{"old_vocabulary": 400, "added": 10}')
    with pytest.raises(InputError, match="410 words, the model has 400 rows"):
        subject.load(folder, context(), 512)


def test_cuda_that_is_not_there_is_a_config_error(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for device, expected in (("auto", "cpu"), ("cpu", "cpu")):
        assert subject.device_of(Context(node="e", path=tmp_path, inputs={}, run=Run(device=device))) == expected
    with pytest.raises(ConfigError, match=r"run\.device is cuda"):
        subject.device_of(Context(node="e", path=tmp_path, inputs={}, run=Run(device="cuda")))
