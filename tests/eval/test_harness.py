"""Items in, lines out, through lm-eval."""

from __future__ import annotations

import json
import math

import pytest

from eval import harness
from eval.bpb import logits_of
from eval.branches import language_model
from pipeline.artifact import Artifact
from pipeline.errors import ConfigError, InputError, StageFailed
from tests.toys import ENGLISH, KOREAN, toy_llama

ITEMS = [
    harness.Item(id=f"q{n}", query=query, choices=[" ".join(words[:2]), words[2], " ".join(words[3:9])], gold=n % 3)
    for n, query in enumerate([*ENGLISH, *KOREAN, "123", "{{ braces }} {% if %}"])
    for words in [ENGLISH[n % 6].split()]
]


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = toy_llama(tmp_path_factory.mktemp("toy"))
    model = AutoModelForCausalLM.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)
    return model, AutoTokenizer.from_pretrained(str(folder))


@pytest.fixture(scope="module")
def lm(toy):
    model, tokenizer = toy
    return language_model(model, tokenizer, 0, logits_of(model, model.config.vocab_size))


def loglikelihood(toy, context, choice):
    """Without lm-eval: the sum over the choice's tokens of one causal pass."""
    import torch

    model, tokenizer = toy
    before = tokenizer(context)["input_ids"]
    ids = tokenizer(context + choice)["input_ids"]
    with torch.no_grad():
        scores = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return sum(scores[position - 1, ids[position]].item() for position in range(len(before), len(ids)))


def test_scores_are_the_log_likelihoods_of_query_space_choice(lm, toy):
    lines = harness.ask(lm, "toy", [], ITEMS)
    assert [line["id"] for line in lines] == [item["id"] for item in ITEMS]
    for line, item in zip(lines, ITEMS, strict=True):
        expected = [loglikelihood(toy, item["query"], f" {choice}") for choice in item["choices"]]
        assert line["scores"] == pytest.approx(expected, rel=1e-4)
        assert line["prediction"] == expected.index(max(expected))
        normed = [score / len(choice) for score, choice in zip(expected, item["choices"], strict=True)]
        assert line["prediction_norm"] == normed.index(max(normed))
        assert line["correct"] == (line["prediction"] == item["gold"])
        assert line["correct_norm"] == (line["prediction_norm"] == item["gold"])
    assert {line["correct"] for line in lines} == {True, False}
    assert any(line["prediction"] != line["prediction_norm"] for line in lines)


def test_stock_hflm_gives_the_same_lines(lm, toy):
    from lm_eval.models.huggingface import HFLM

    model, tokenizer = toy
    plain = HFLM(pretrained=model, tokenizer=tokenizer, prefix_token_id=0, batch_size=2)
    ours, theirs = (harness.ask(given, "t", ITEMS[:2], ITEMS[2:6]) for given in (lm, plain))
    for one, two in zip(ours, theirs, strict=True):
        assert one.pop("scores") == pytest.approx(two.pop("scores"), rel=1e-4)
        assert one == two


def test_exemplars_stand_before_each_question_with_their_answers(lm, toy):
    (line,) = harness.ask(lm, "toy", ITEMS[:2], ITEMS[2:3])
    shown = "".join(f"{item['query']} {item['choices'][item['gold']]}\n\n" for item in ITEMS[:2])
    expected = [loglikelihood(toy, shown + ITEMS[2]["query"], f" {choice}") for choice in ITEMS[2]["choices"]]
    assert line["scores"] == pytest.approx(expected, rel=1e-4)


def test_a_space_is_put_between_unless_one_is_there():
    def choices(query, *given):
        return harness.asked(harness.Item(id="x", query=query, choices=list(given), gold=0))["choices"]

    assert choices("Q:", "a", " b") == [" a", " b"]
    assert choices("Q:\n", "a", "b") == ["a", "b"]
    assert choices("", "a", "b") == ["a", "b"]


def test_the_seed_and_the_ids_choose_items_and_nothing_else():
    exemplars, items = harness.choose_items("t", ITEMS, 0, 2, 5)
    assert (exemplars, items) == harness.choose_items("t", ITEMS[::-1], 0, 2, 5)
    assert (len(exemplars), len(items)) == (2, 5)
    assert not {item["id"] for item in exemplars} & {item["id"] for item in items}
    assert harness.choose_items("t", ITEMS, 1, 2, 5)[1] != items
    assert harness.choose_items("t", ITEMS, 0, 2, 9)[1][:5] == items, "more items keep the fewer"
    with pytest.raises(ConfigError, match="shots: 14 leaves no item of 't'"):
        harness.choose_items("t", ITEMS, 0, 14, 5)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is no item"),
        ('["id"]', "is no item"),
        ('{"id": "a", "query": "q", "choices": ["x", "y"]}', "is no item: KeyError"),
        ('{"id": "a", "query": "q", "choices": ["x"], "gold": 0}', "two choices"),
        ('{"id": "a", "query": "q", "choices": ["x", " "], "gold": 0}', "a choice is empty"),
        ('{"id": "a", "query": "q", "choices": ["x", "y"], "gold": 2}', "gold is 2"),
        ('{"id": "a", "query": "q", "choices": ["x", "y"], "gold": true}', "gold is True"),
    ],
)
def test_an_item_that_cannot_be_asked_is_named_by_file_and_line(tmp_path, line, said):
    good = json.dumps(ITEMS[0], ensure_ascii=False)
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "t.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"t\.jsonl, line 2.*{said}"):
        harness.read_items(Artifact(tmp_path))


def test_items_are_read_and_an_id_stands_once(tmp_path):
    (tmp_path / "items").mkdir()
    text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in ITEMS)
    (tmp_path / "items" / "t.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "items" / "none.jsonl").write_text("", encoding="utf-8")
    assert harness.read_items(Artifact(tmp_path)) == {"t": ITEMS}
    (tmp_path / "items" / "t.jsonl").write_text(text + text, encoding="utf-8")
    with pytest.raises(InputError, match="an item id twice"):
        harness.read_items(Artifact(tmp_path))


def test_a_summary_says_how_little_few_items_show():
    lines = [
        {"gold": n % 4, "prediction": 0, "correct": n % 4 == 0, "correct_norm": n % 2 == 0, "scores": [0.0] * 4}
        for n in range(40)
    ]
    found = harness.summarize(lines)
    assert (found["accuracy"], found["accuracy_norm"], found["chance"], found["items"]) == (0.25, 0.5, 0.25, 40)
    assert found["low"] < 0.25 < found["high"]
    assert found["smoke"] is True and found["smallest_difference"] > 0.3
    assert found["collapse"] == {"prediction": 0, "share": 1.0, "gold_share": 0.25, "collapsed": True}
    assert harness.summarize(lines * 3)["smoke"] is False


def test_a_score_that_is_not_finite_names_its_item():
    with pytest.raises(StageFailed, match="item 'q1'"):
        harness._line("t", ITEMS[1], [math.nan, 0.0, 0.0])
