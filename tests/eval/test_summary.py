"""The plain words: each verdict follows from the figures, and an uncertain one is said to be uncertain."""

import pytest

from eval.collect import collect
from eval.summary import sentences, signed
from tests.example_run import Example, whole_run


def said(data) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in sentences(data):
        found.setdefault(one["about"], []).append(one["text"])
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return collect(whole_run(tmp_path_factory.mktemp("run")).nodes, "base")


def test_gain_and_loss_with_the_runs_figures(data):
    found = said(data)
    one = data["comparisons"]["dapt"]["bpb"]["ko"]
    (korean,) = [text for text in found["gained"] if "dapt" in text]
    assert f"{one['second']:.3f}" in korean and f"{one['first']:.3f}" in korean and signed(one["relative"]) in korean
    assert "better than before" in korean
    assert any("English: dapt" in text and "training cost" in text for text in found["lost"])
    assert found["kept"] and "broken" not in found


def test_without_training_the_loss_is_the_starts(data):
    found = said({**data, "training": {}})
    assert any("English: dapt" in text and "what the new start cost" in text for text in found["lost"])


def test_extension_is_said_to_buy_tokens_and_not_more(data):
    found = said(data)
    assert any("4.3 times fewer tokens" in text for text in found["bought"])
    start, plain = found["not_bought"]
    assert "Before any training extend is worse at Korean" in start
    assert "dapt@plain: {model: base}" in plain


def test_with_the_plain_arm_the_comparison_is_made(tmp_path):
    found = said(collect(whole_run(tmp_path, plain=True).nodes, "base"))
    assert any("72,000 tokens" in text and "no better predictions" in text for text in found["not_bought"])
    assert not any("does not say" in text for text in found["not_bought"])


def test_what_a_sample_cannot_tell_is_not_called_a_change(data):
    one = dict(data["comparisons"]["dapt"]["bpb"]["ko"], low=-0.2, high=0.1, relative_low=-0.1, relative_high=0.05)
    doubtful = {**data, "comparisons": {"dapt": {"bpb": {"ko": one}, "tasks": {}}}, "main": "dapt"}
    (text,) = said(doubtful)["unclear"]
    assert "cannot tell that from no change" in text and "better" not in text


def test_worse_at_what_it_was_trained_for(data):
    one = dict(data["comparisons"]["extend"]["bpb"]["ko"])
    worse = {**data, "comparisons": {"dapt": {"bpb": {"ko": one}, "tasks": {}}}, "main": "dapt"}
    assert "got worse at what it was trained for" in said(worse)["lost"][0]


@pytest.mark.parametrize(
    ("value", "low", "high", "about", "words"),
    [
        (0.01, 0.005, 0.02, "kept", "is kept: +1.0%"),
        (0.05, 0.04, 0.06, "broken", "is broken: +5.0%"),
        (0.02, 0.0, 0.05, "kept", "could turn the verdict"),
    ],
)
def test_gate(data, value, low, high, about, words):
    gate = {**data["gate"], "value": value, "low": low, "high": high, "passed": value <= 0.03}
    (text,) = said({**data, "gate": gate})[about]
    assert words in text


def test_gate_that_nothing_measured(data):
    gate = {**data["gate"], "value": None, "low": None, "high": None, "passed": None}
    assert any("could not be judged" in text for text in said({**data, "gate": gate})["warning"])


def test_one_answer_to_all_is_a_warning(data):
    task = {**data["models"]["sft"]["tasks"]["kmmlu"], "collapse": {"collapsed": True, "share": 0.97}}
    model = {**data["models"]["sft"], "tasks": {"kmmlu": task}}
    assert any("97%" in text for text in said({**data, "models": {**data["models"], "sft": model}})["warning"])


def test_small_samples_are_called_smoke_tests(tmp_path):
    texts = said(collect(whole_run(tmp_path, documents=8, items=12).nodes, "base"))
    assert all("smoke test" in text for text in texts["task"] + texts["lost"] + texts["gained"])


def test_a_model_alone_and_no_model(tmp_path):
    example = Example(tmp_path, documents=60)
    example.base()
    assert "No model was evaluated" in said(collect(example.nodes, "base"))["plain"][0]
    example.evaluate("base")
    texts = said(collect(example.nodes, "base"))
    assert set(texts) == {"plain"} and any("bits per byte" in text for text in texts["plain"])


def test_an_unextended_arm_that_was_not_evaluated_is_asked_for(tmp_path):
    example = whole_run(tmp_path, documents=8, items=8)
    example.dapt("dapt@plain", "base")
    text = said(collect(example.nodes, "base"))["not_bought"][-1]
    assert "dapt@plain and an extended model" in text and "must be evaluated" in text


def test_items_that_can_show_nothing(data):
    task = data["comparisons"]["sft"]["tasks"]["kmmlu"]
    task = {**task, "difference": 0.0, "p": 1.0, "smallest_difference": None}
    (text,) = said({**data, "comparisons": {"sft": {"bpb": {}, "tasks": {"kmmlu": task}}}})["task"]
    assert "no difference" in text and "Too few items" in text
