"""What the templates are given."""

import pytest

from corpus.licenses import allowed_use
from eval.collect import collect
from eval.pages import even_words, use_lines, view
from tests.example_run import Example, whole_run


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return view(collect(whole_run(tmp_path_factory.mktemp("run"), plain=True).nodes, "base"), "t", [])


def test_one_row_for_models_with_one_tokenizer(shown):
    rows = {(row["lang"], tuple(row["names"])) for row in shown["spent"]}
    assert ("ko", ("base", "dapt@plain")) in rows and ("ko", ("extend", "dapt", "sft")) in rows
    assert [row["lang"] for row in shown["spent"]] == ["ko", "ko", "en"]


def test_tasks_by_task_with_chance_and_labels(shown):
    rows = shown["tasks"]
    assert [row["task"] for row in rows] == ["cloze-ko"] * 5 + ["kmmlu"] * 5
    assert all(row["chance"] == 0.25 for row in rows) and rows[0]["made"] and not rows[-1]["made"]
    assert rows[0]["less"] is None and rows[1]["less"]["items"] == 120


def test_arms_say_from_where_on_extension_pays(shown):
    (plot,) = shown["plots"]["arms"]
    assert plot["title"] == "Korean by training compute" and "TFLOP" in plot["svg"]
    assert plot["note"] == shown["evens"][0]
    assert plot["note"].startswith("dapt is not ahead in Korean within the 58.2 TFLOP compared: 1.618 bits per byte")
    arm = dict(shown["arms"][0])
    arm["break_even"] = {**arm["break_even"], "flops": 2.5e13}
    assert even_words(arm).startswith(
        "dapt is ahead in Korean from 25 TFLOP of training on, of 58.2 TFLOP compared, at"
    )
    arm["break_even"]["flops"] = 0
    assert even_words(arm).startswith(
        "dapt is ahead in Korean from the start to the 58.2 TFLOP compared; English there"
    )


def test_proof_and_facts(shown):
    assert [row["differs"] for row in shown["proofs"]["extend"]] == [0] * 7 + [None]
    facts = {fact["name"]: fact["value"] for fact in shown["facts"]["dapt"]}
    assert facts["Korean tokens"] == "54,000 (75.0%)" and facts["old rows that moved"] == "9,000 of 49,152"
    assert {"name": "answer tokens", "value": "9,000"} in shown["facts"]["sft"]
    assert facts["phase new rows"] == "30.0%" and facts["rate"] == "0.0004"


def test_sections_are_those_with_content(shown, tmp_path):
    assert [ident for ident, _ in shown["sections"]] == [
        "summary", "models", "gate", "training", "tokenizer", "corpus", "lineage", "method"
    ]  # fmt: skip
    example = Example(tmp_path)
    example.base()
    short = view(collect(example.nodes, "base"), "t", [])
    assert [ident for ident, _ in short["sections"]] == ["summary", "lineage", "method"]


def test_allowed_use_in_words():
    use = {"commercial": "no", "changes": "yes", "no_commercial": ["CC-BY-NC-4.0"], "no_changes": [], "share_alike": [],
           "attribution": ["MIT"], "unknown": []}  # fmt: skip
    lines = use_lines(use)
    assert lines[1] == "commercial use: no" and len(lines) == 5 and any("CC-BY-NC-4.0" in line for line in lines)


def test_what_may_not_be_passed_on_and_other_limits():
    lines = use_lines(allowed_use(["aihub", "CC0-1.0"]))
    assert lines[0] == "passing the text on: no" and "not to be passed on, because of: aihub" in lines
    assert any(line.startswith("aihub: for training AI alone") for line in lines)
