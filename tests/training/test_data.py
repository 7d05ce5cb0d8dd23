"""Rows: a pure function of the step, in the shares that replay asks for, documents apart."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from pipeline.artifact import Artifact
from pipeline.errors import InputError
from tests.training import making
from tokenizer.pack import Stream
from training.config import Dapt
from training.data import Data, check, interleaved, micro_batches, shares, streams_of
from training.lines import IGNORED


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return making.inputs(tmp_path_factory.mktemp("data"))


def documents(given, lang):
    return [
        stream.document(number).tolist()
        for stream in streams_of(given["tokens"], "train", lang)
        for number in range(len(stream))
    ]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 1 / 3, 0.5, 0.9])
def test_replay_alone_sets_the_shares_of_tokens(given, share):
    section = Dapt(budget=64 * 200, sequence=64, batch=128, replay={"en": share})
    tokens = Data(section, given["tokens"]).tokens_per_language()
    assert sum(one["tokens"] for one in tokens.values()) == 64 * 200
    assert tokens.get("en", {"tokens": 0})["tokens"] == pytest.approx(share * 64 * 200, abs=64)
    assert ("en" in tokens) == (share > 0)


def test_no_language_is_a_row_behind_its_share_at_any_time():
    wanted = {"ko": 0.7, "en": 0.3}
    found = interleaved(wanted, 1000)
    for number, share in enumerate(wanted.values()):
        behind = share * np.arange(1, 1001) - (found == number).cumsum()
        assert np.abs(behind).max() < 1
    counts = np.bincount(interleaved({"ko": 0.6, "en": 0.3, "code": 0.1}, 1000))
    assert counts.tolist() == [600, 300, 100]


def test_the_rest_goes_to_the_language_that_is_taught():
    assert shares(Dapt(replay={"en": 0.25})) == {"ko": 0.75, "en": 0.25}
    assert shares(Dapt(replay={"en": 0.0})) == {"ko": 1.0}
    assert shares(Dapt(replay={"en": 1.0})) == {"en": 1.0}


@pytest.mark.parametrize("packing", ["cut", "fit"])
def test_a_step_is_the_same_alone_and_in_a_row(given, packing):
    section = Dapt(budget=64 * 60, sequence=64, batch=128, packing=packing)
    data = Data(section, given["tokens"])
    steps = [data.step(step) for step in range(data.steps)]
    fresh = Data(section, given["tokens"])
    for step in (17, 0, 29, 5):
        again = fresh.step(step)
        assert again.langs == steps[step].langs
        for name in ("ids", "targets", "positions"):
            assert np.array_equal(getattr(again, name), getattr(steps[step], name))
    assert data.steps == 30 and steps[0].ids.shape == (2, 64)


def test_every_token_but_a_documents_first_is_predicted_once(given):
    """Over one epoch of one language, targets are exactly the tokens that follow another of their document."""
    found = documents(given, "ko")
    total = sum(map(len, found))
    section = Dapt(budget=total // 64 * 64, sequence=64, batch=64, replay={})
    data = Data(section, given["tokens"])
    targets: list[int] = []
    for step in range(data.steps):
        rows = data.step(step)
        targets.extend(rows.targets[rows.targets != IGNORED].tolist())
    rest = total - data.steps * 64
    wanted = sum(len(one) - 1 for one in found)
    assert wanted - rest <= len(targets) <= wanted


def test_ranks_share_a_step_without_overlap(given):
    rows = Data(Dapt(budget=8 * 64 * 3, sequence=64, batch=8 * 64), given["tokens"]).step(1)
    parts = [part for rank in range(2) for part in micro_batches(rows, rank, 2, 2)]
    assert [len(part.langs) for part in parts] == [2, 2, 2, 2]
    assert sorted(part.ids[row].tolist() for part in parts for row in range(2)) == sorted(rows.ids.tolist())


def test_streams_of_another_tokenizer_are_refused(given, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(given["model"].path / "model", model)
    rows = given["tokens"].metrics["vocabulary"]
    check(given["tokens"], model, rows)
    with pytest.raises(InputError, match="vocabulary of"):
        check(given["tokens"], model, rows + 1)
    tokenizer = json.loads((model / "tokenizer.json").read_text())
    tokenizer["added_tokens"][-1]["content"] = "다른말"
    (model / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(InputError, match="another tokenizer"):
        check(given["tokens"], model, rows)


def test_a_language_without_text_is_named(given):
    with pytest.raises(InputError, match="'ja'"):
        Data(Dapt(replay={"ja": 0.1}), given["tokens"])


def test_a_stream_that_lost_its_end_is_noticed(given, tmp_path):
    broken = tmp_path / "tokens"
    shutil.copytree(given["tokens"].path, broken)
    name = Stream(given["tokens"], "train/ko").facts["file"]
    (broken / name).write_bytes((broken / name).read_bytes()[:-2])
    with pytest.raises(InputError, match=r"ko\.bin"):
        Data(Dapt(sequence=64, batch=64), Artifact(broken))
