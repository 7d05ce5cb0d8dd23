"""Gates: limits from the training sections, values from the evaluations."""

import pytest

from eval.gates import gates, no_gate
from tests.example_run import Example


def measured(relative):
    return {
        "dapt": {
            "bpb": {"en": {"relative": relative, "relative_low": 0.0, "relative_high": 0.1, "items": 9, "smoke": True}}
        }
    }


@pytest.fixture
def nodes(tmp_path):
    example = Example(tmp_path)
    example.base()
    example.dapt("dapt", "base", steps=2)
    example.dapt("dapt@none", "base", steps=2, gate=None)
    return example.nodes


@pytest.mark.parametrize(("value", "passed"), [(0.0, True), (-0.2, True), (0.03, True), (0.0301, False), (None, None)])
def test_verdict(nodes, value, passed):
    found = gates(nodes, ["dapt", "dapt@none"], measured(value), "base")
    assert set(found) == {"dapt"}
    assert found["dapt"]["passed"] is passed and found["dapt"]["value"] == value
    assert (found["dapt"]["limit"], found["dapt"]["metric"], found["dapt"]["smoke"]) == (0.03, "bpb/en", True)


def test_not_evaluated(nodes):
    found = gates(nodes, ["dapt"], {}, "base")["dapt"]
    assert found["passed"] is None and found["value"] is None and found["limit"] == 0.03
    assert found.keys() == no_gate().keys() and not any(no_gate().values())
