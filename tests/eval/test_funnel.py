"""The way of the documents, in every shape that stages count it in."""

import pytest

from eval.funnel import corpus
from eval.lineage import lineage
from tests.example_run import Example


def found(example: Example):
    return corpus(example.nodes, lineage(example.nodes)["order"])


@pytest.fixture
def example(tmp_path):
    example = Example(tmp_path)
    example.corpus()
    return example


def test_rows_go_down_the_way(example):
    rows = found(example)["funnel"]
    assert [(row["node"], row["read"], row["kept"]) for row in rows] == [
        ("crawl", None, 3600), ("refine", 3600, 2700), ("dedup", 2700, 2500), ("mix", 2500, 2480)
    ]  # fmt: skip
    assert rows[2]["bytes_kept"] == 8_400_000 and rows[1]["bytes_kept"] is None


def test_rules_per_source_per_number_and_reasons(example):
    rules = found(example)["rules"]
    assert rules["crawl"] == {"status": {"documents": 48, "bytes": 0}}
    assert rules["refine"]["length"] == {"documents": 500, "bytes": 450_010}
    assert list(rules["refine"]) == ["length", "language", "repetition", "sentence"]
    assert rules["dedup"]["minhash"]["documents"] == 50
    assert "heldout_twin" not in rules["mix"]


def test_character_sets(example):
    one = found(example)["charsets"]["refine"]
    assert {"charset": "utf-8", "by": "header", "pages": 1475} in one["pages"]
    assert (one["lying"], one["repaired"], one["mojibake"], one["judged"]) == (4, 8, 2, 875)


def test_by_source(example):
    rows = found(example)["by_source"]
    assert {"source": "office-ko", "node": "refine", "read": 900, "kept": 675} in rows


def test_shares_and_licenses(example):
    one = found(example)
    sources = one["mixtures"]["mix"]["sources"]
    assert sum(source["share"] for source in sources.values()) == pytest.approx(1)
    assert one["mixtures"]["mix"]["languages"]["ko"]["train"]["bytes"] == 4_500_000
    ledger = one["licenses"]
    assert ledger["by_license"]["MPL-2.0"] == {"bytes": 6_000_000, "share": 0.4, "sources": ["office-en", "office-ko"]}
    assert ledger["allowed_use"]["commercial"] == "yes"
    assert ledger["allowed_use"]["share_alike"] == ["CC-BY-SA-3.0", "MPL-2.0"]


def test_a_mixed_source_counts_under_each_license(tmp_path):
    example = Example(tmp_path)
    train = {"documents": 2, "bytes": 300, "characters": 100}
    example.put("mix", {}, {}, {"sources": {"web": {
        "lang": "ko", "license": "CC-BY-4.0 AND unknown", "train": train,
        "licenses": {"CC-BY-4.0": {"bytes": 100}, "unknown": {"bytes": 200}},
    }}})  # fmt: skip
    ledger = found(example)["licenses"]
    assert {name: one["bytes"] for name, one in ledger["by_license"].items()} == {"CC-BY-4.0": 100, "unknown": 200}
    assert ledger["allowed_use"]["commercial"] == "unknown"


def test_documents_of_ones_own(tmp_path):
    example = Example(tmp_path)
    own = {"lang": "ko", "license": "unknown", "documents": {"documents": 5, "bytes": 500, "characters": 200}}
    example.put("mix", {"use": {"sha256": "1"}}, {}, {"sources": {"own": own}}, {"read": 5, "kept": 5})
    assert found(example)["mixtures"]["mix"]["sources"]["own"]["train"]["documents"] == 5


def test_nothing(tmp_path):
    example = Example(tmp_path)
    example.base()
    assert found(example) == {}
