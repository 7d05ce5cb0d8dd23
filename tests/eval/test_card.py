"""The model card: what went in, under which licenses, and what that allows."""

import pytest

from eval.card import card
from eval.collect import collect
from tests.example_run import Example, whole_run


def made(example: Example):
    return card(collect(example.nodes, "base"), example.nodes)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return made(whole_run(tmp_path_factory.mktemp("run")))


def test_the_way_and_the_parts(whole):
    assert whole["model"] == "sft" and whole["way"] == ["base", "extend", "dapt", "sft"]
    assert whole["base"] == "local weights, sha256 abababababab"
    assert whole["languages"] == ["ko", "en"] and list(whole["training"]) == ["dapt", "sft"]
    assert whole["gate"]["node"] == "dapt"


def test_licenses_are_those_of_the_models_own_ancestors(whole, tmp_path):
    licenses = {row["license"] for row in whole["licenses"]}
    assert licenses == {"Apache-2.0", "MPL-2.0", "CC-BY-SA-3.0", "CC0-1.0"} and whole["license"] is None
    assert whole["allowed_use"]["commercial"] == "yes" and "Apache-2.0" in whole["allowed_use"]["attribution"]
    example = Example(tmp_path)
    example.base()
    example.corpus()  # gathered, but the base was not made of it
    example.evaluate("base")
    found = made(example)
    assert [row["license"] for row in found["licenses"]] == ["Apache-2.0"] and found["license"] == "Apache-2.0"


def test_an_unknown_or_forbidding_part_decides(tmp_path):
    example = Example(tmp_path)
    example.put("base", {"source": {"hub": "org/name", "commit": "0123456789abcdef"}, "license": "CC-BY-NC-4.0"})
    example.put("sft", {"data": {"own": {"license": "unknown"}}}, {"model": "base"})
    example.evaluate("sft")
    found = made(example)
    assert found["base"] == "org/name@0123456789ab"
    assert found["allowed_use"]["commercial"] == "no" and found["allowed_use"]["unknown"] == ["unknown"]
    assert found["license"] is None


def test_no_license_at_all_is_unknown(tmp_path):
    example = Example(tmp_path)
    example.put("base", {"use": {"sha256": "12" * 32}})
    example.evaluate("base")
    found = made(example)
    assert found["licenses"][0]["license"] == "unknown" and found["license"] is None
    assert found["allowed_use"]["commercial"] == "unknown"


def test_without_a_model(tmp_path):
    found = made(Example(tmp_path))
    assert found["model"] is None and found["allowed_use"] is None
