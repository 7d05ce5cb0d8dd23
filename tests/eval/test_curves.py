"""Training logs as curves, and the facts of a run."""

from eval.curves import chat, log, training, turns
from tests.example_run import Example


def test_losses_by_language_and_probes(tmp_path):
    example = Example(tmp_path)
    example.base()
    found = training("dapt", example_dapt(example), "base")
    assert found["steps"] == 140 and found["settings"]["budget"] == 72_000 and found["model"] == "base"
    assert set(found["curves"]["loss"]) == {"ko", "en"} and set(found["curves"]["bpb"]) == {"ko", "en"}
    assert len(found["curves"]["loss"]["ko"]) == 140 and found["curves"]["bpb"]["ko"][0][0] == 0
    assert found["turns"] == [{"step": 43, "phase": "all"}]


def example_dapt(example: Example):
    example.dapt("dapt", "base")
    return example.nodes["dapt"]


def test_one_number_and_what_is_no_number(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "loss": 2.5}\n{"step": 2, "loss": NaN}\n{"note": "x"}\n{"step": 3, "loss": true}\n')
    assert log(path) == {"loss": {"all": [(1.0, 2.5)]}}
    assert turns(path) == []


def test_no_log(tmp_path):
    assert log(tmp_path / "none.jsonl") == {} and turns(tmp_path / "none.jsonl") == []


def test_chat_made_by_us_has_no_license_of_its_own():
    given = {"pairs": {"made": "ko", "license": "unknown"}, "own": {"file": {"sha256": "1"}, "license": "MIT"}}
    assert chat(given) == {"own": {"made": False, "license": "MIT"}, "pairs": {"made": True, "license": None}}
    assert chat(None) is None
