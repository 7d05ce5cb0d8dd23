"""Which evaluation is whose, what may be compared with what, and where figures come from."""

import pytest

from eval.collect import collect
from tests.example_run import Example, whole_run


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return collect(whole_run(tmp_path_factory.mktemp("run"), plain=True).nodes, "base")


def models(tmp_path, *names: str) -> Example:
    example = Example(tmp_path / "run", documents=20)
    example.base()
    for name in names:
        example.dapt(name, "base", seed=sum(map(ord, name)))
    return example


def test_models_are_found_by_fingerprint_not_by_name(tmp_path):
    example = models(tmp_path, "dapt@r0")
    example.evaluate("base", name="evaluate@one")
    example.evaluate("dapt@r0", name="evaluate@two")
    found = collect(example.nodes, "base")
    assert found["order"] == ["base", "dapt@r0"]
    assert found["models"]["dapt@r0"]["evaluation"] == "evaluate@two"


def test_another_evaluation_of_a_model_is_compared_on_its_own_terms(tmp_path):
    example = models(tmp_path, "dapt")
    for model in ("base", "dapt"):
        example.evaluate(model)
        example.evaluate(model, name=f"evaluate@long@{model}", window=2048)
    found = collect(example.nodes, "base")
    assert found["order"] == ["base", "base (evaluate@long@base)", "dapt", "dapt (evaluate@long@dapt)"]
    assert set(found["comparisons"]) == {"dapt", "dapt (evaluate@long@dapt)"}


def test_evaluations_on_other_terms_are_not_compared(tmp_path):
    example = models(tmp_path, "dapt")
    example.evaluate("base")
    example.evaluate("dapt", window=2048)
    found = collect(example.nodes, "base")
    assert found["comparisons"] == {}
    assert found["gate"]["metric"] == "bpb/en" and found["gate"]["value"] is None and found["gate"]["passed"] is None


def test_against_another_model(tmp_path):
    example = whole_run(tmp_path, documents=20)
    found = collect(example.nodes, "extend")
    assert found["order"][0] == "extend" and set(found["comparisons"]) == {"base", "dapt", "sft"}
    assert found["gate"]["against"] == "extend"
    one = found["comparisons"]["dapt"]["bpb"]["ko"]
    assert one["first"] == pytest.approx(found["models"]["extend"]["bpb"]["ko"]["value"])
    assert one["difference"] < 0


def test_gate_of_several_trained_nodes(tmp_path):
    example = models(tmp_path, "dapt", "dapt@r0", "dapt@a")
    for model in ("base", "dapt", "dapt@r0", "dapt@a"):
        example.evaluate(model)
    found = collect(example.nodes, "base")
    assert found["gate"]["node"] == "dapt" and set(found["gates"]) == {"dapt", "dapt@r0", "dapt@a"}
    assert found["gates"]["dapt@r0"]["passed"] is False and found["gates"]["dapt@r0"]["value"] > 0.03
    assert found["main"] == "dapt"


def test_gate_is_that_of_the_end_of_the_chain(tmp_path):
    example = models(tmp_path, "dapt")
    example.dapt("tapt", "dapt", gate={"lang": "ko", "limit": 0.0, "action": "stop"})
    for model in ("base", "dapt", "tapt"):
        example.evaluate(model)
    found = collect(example.nodes, "base")
    assert found["gate"]["node"] == "tapt" and found["gate"]["metric"] == "bpb/ko"
    assert found["main"] == "tapt"


def test_arms_pair_extended_with_unextended_of_the_same_budget(plain, tmp_path):
    (arm,) = plain["arms"]
    assert (arm["extended"], arm["plain"], arm["budget"]) == ("dapt", "dapt@plain", 72_000)
    assert arm["bpb"]["ko"]["difference"] > 0
    even = arm["break_even"]
    assert even["lang"] == "ko" and even["flops"] is None and even["probes"] == 5  # the plain arm stays ahead
    assert even["up_to"] == 808_000_000 * 72_000 and set(even["there"]) == {"ko", "en"}
    example = whole_run(tmp_path, documents=20)
    example.dapt("dapt@plain", "base", budget=10)
    example.evaluate("dapt@plain")
    assert collect(example.nodes, "base")["arms"] == []


def test_fertility_follows_the_tokenizer(plain):
    rate = {name: one["ko"]["tokens_per_character"] for name, one in plain["fertility"].items()}
    assert rate == {"base": 1.94, "dapt@plain": 1.94, "extend": 0.452, "dapt": 0.452, "sft": 0.452}


def test_main_is_the_plain_model_trained_longest(plain):
    assert plain["main"] == "sft"


def test_order_is_by_stage_then_plain_before_variants(plain):
    assert plain["order"] == ["base", "extend", "dapt", "dapt@plain", "sft"]
    assert list(plain["training"]) == ["dapt", "dapt@plain", "sft"]
