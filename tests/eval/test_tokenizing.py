"""What the report shows of tokenizers."""

import pytest

from eval import tokenizing
from eval.collect import collect
from tests.example_run import Example, whole_run


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return collect(whole_run(tmp_path_factory.mktemp("run"), documents=60, items=20, every=True).nodes, "base")


@pytest.fixture(scope="module")
def shown(data):
    return tokenizing.shown(data)


def test_the_frontier_has_a_knee_a_row_per_size_and_three_plots(shown, data):
    one = shown["frontiers"]["frontier"]
    assert [row["pieces"] for row in one["rows"]] == [0, 1000, 2000, 4000, 8000]
    assert [row["knee"] for row in one["rows"]].count(True) == 1
    knee = data["frontiers"]["frontier"]["knee"]
    assert f"{knee['pieces']:,} pieces" in one["knee"] and "5.0%" in one["knee"]
    assert [plot["title"] for plot in one["plots"]] == [
        "Tokens per character", "Speed against the base, per character", "Tokens for one English token, same content"
    ]  # fmt: skip
    assert one["rows"][0]["gain"] is None is one["rows"][1]["gain"] and one["rows"][2]["gain"]["from"] == 1000
    assert one["sources"][:2] == ["guide-ko", "office-ko"] and one["pairs"] == ["office-ko/office-en"]


def test_an_open_frontier_says_so(data):
    one = {
        **data["frontiers"]["frontier"],
        "knee": {"pieces": 8000, "rule": 0.05, "next": None, "open": True, "clear": False},
    }
    assert "No size measured is the knee" in tokenizing.knee(one)
    clear = {**one, "knee": {"pieces": 4000, "rule": 0.05, "next": 0.03, "open": False, "clear": True}}
    assert tokenizing.knee(clear).endswith("3.0%.")


def test_starts_stand_beside_the_base(shown):
    one = shown["starts"]["extend"]
    assert [row["method"] for row in one["rows"]] == ["base", "fitted", "mean"]
    assert [row["chosen"] for row in one["rows"]] == [False, False, True]
    assert one["rows"][1]["over"]["ko"] == pytest.approx(1.75 / 1.68 - 1) and one["rows"][0]["over"] == {}
    assert "fitted 1.750" in one["plots"][0]["svg"]
    assert one["note"].startswith(
        "Measured on train documents set apart (12 Korean, 6 English); rows that are fitted saw"
    )


def test_starts_without_a_base_or_with_intervals():
    data = {"extensions": {"extend": {}}}
    given = {"init": "a", "starts": {"a": {"bpb": {"ko": {"value": 2.0, "low": 1.9, "high": 2.1}}}, "b": {"bpb": {}}}}
    one = tokenizing.starts("extend", given, data)
    assert [row["bpb"] for row in one["rows"]] == [{"ko": 2.0}, {}] and one["rows"][0]["over"] == {}
    assert tokenizing.starts("extend", {"init": "mean"}, data) == {}
    why = tokenizing.starts("extend", {"init": "mean", "starts": {"why": "too little text"}}, data)
    assert why["rows"] == [] and why["note"] == "Starts were not compared: too little text."


def test_audits_by_model(shown):
    rows = {one["name"]: one for one in shown["audited"]}
    assert list(rows) == ["extend", "dapt", "sft"]
    assert not rows["extend"]["moved"] and rows["dapt"]["moved"]
    assert [row["times"] for row in rows["dapt"]["reach"]] == [
        "0",
        "1 to 9",
        "10 to 99",
        "100 to 999",
        "1,000 to 9,999",
    ]
    assert sum(row["share"] for row in rows["dapt"]["reach"]) == pytest.approx(1)
    assert rows["dapt"]["unseen_heldout"] == pytest.approx(6 / 12_000)
    assert len(rows["dapt"]["suspects"]) == 2


def test_nothing_of_it(tmp_path):
    example = Example(tmp_path)
    example.base()
    found = tokenizing.shown(collect(example.nodes, "base"))
    assert found["frontiers"] == {} and found["audited"] == [] and found["starts"] == {}


def test_a_proof_says_what_was_left_out_and_what_the_base_does_itself():
    rows = tokenizing.proof({
        "unchanged": {"ko, other lines": {"texts": 4, "tokens": 90, "changed": 0, "left_out": 56}},
        "round_trip": {"texts": 200, "lost": 2, "lost_by_base": 2},
        "pieces": {"added": 80, "partial_bytes": 3, "unreachable": 0, "left_out": ["\uac00"]},
        "control": {"tokens": 17, "texts": 900, "forged": 3, "forged_with_base": 3},
        "readers": {"SentencePiece": "the base has no SentencePiece file",
                    "GGUF": {"texts": 9, "different": 0, "different_with_the_base_too": 2}},
    })  # fmt: skip
    assert [(row["what"].split(",")[0], row["differs"]) for row in rows] == [
        ("ids of held-out Korean", 0), ("texts that no longer decode to themselves", 0),
        ("added pieces that no text reaches", 0), ("texts that forge a control token", 0),
        ("ids as SentencePiece reads the files", None), ("ids as GGUF reads the files", 0),
    ]  # fmt: skip
    assert all(row["note"] for row in rows)
    assert tokenizing.proof({}) == []
