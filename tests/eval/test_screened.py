"""What was judged of the documents, read from artifacts of every stage that judges."""

import pytest

from eval.funnel import corpus
from eval.lineage import lineage
from tests.example_run import Example, whole_run


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    example = whole_run(tmp_path_factory.mktemp("run"), documents=10, items=20, every=True)
    return corpus(example.nodes, lineage(example.nodes)["order"])


def test_the_way_goes_on_to_tokens(found):
    rows = {row["node"]: row for row in found["funnel"]}
    assert list(rows) == ["crawl", "refine", "dedup", "perplexity", "quality", "decontaminate", "mix", "pack"]
    assert rows["pack"]["tokens"] == 4 * 53_000 * 2 + 2 * 53_000 * 2 and rows["mix"]["tokens"] is None
    assert rows["mix"]["bytes_kept"] == 15_000_000 + 4 * 90_000


def test_tokens_by_source_and_by_license(found):
    one = found["tokens"]["pack"]
    assert (
        one["sources"]["office-ko"] | {"train": 200_000, "heldout": 12_000, "lang": "ko"} == one["sources"]["office-ko"]
    )
    assert one["total"] == 600_000 == sum(license["tokens"] for license in one["licenses"].values())
    by_license = one["licenses"]
    assert by_license["MPL-2.0"] == {"tokens": 300_000, "share": 0.5, "estimated": False}
    assert by_license["CC-BY-SA-3.0"]["tokens"] == 150_000 and by_license["CC-BY-SA-3.0"]["estimated"]  # by characters
    assert by_license["kogl-1"]["tokens"] == 50_000 and by_license["kogl-1"]["estimated"]


def test_a_pack_of_documents_that_are_not_here_has_no_known_license(tmp_path):
    example = Example(tmp_path)
    example.corpus()
    example.base()
    example.put("pack", {}, {"model": "base"}, {"streams": {"train/a": {"lang": "ko", "tokens": 9, "bytes": 20}}},
                {"read": 1, "kept": 1})  # fmt: skip
    one = corpus(example.nodes, list(example.nodes))["tokens"]["pack"]
    assert one["licenses"] == {"unknown": {"tokens": 9, "share": 1.0, "estimated": False}}


def test_rules_by_source_leave_out_rules_without_a_drop(found):
    one = found["rules_by_source"]["refine"]
    assert one["sources"] == ["guide-ko", "office-ko"]
    assert list(one["rules"]) == ["length", "language", "repetition", "sentence"]
    assert one["rules"]["length"] == {"office-ko": 491, "guide-ko": 9}


def test_personal_data(found):
    one = found["pii"]["refine"]
    assert one["kinds"] == ["email", "phone"] and one["total"] == {"email": 33, "phone": 4}
    assert one["sources"]["wiki-en"] == {"email": 2}


def test_the_audit(found):
    one = found["audits"]["audit"]
    assert one["rules"]["word_count"]["alone"]["documents"] == 1000 and one["moved"][0]["to"] == "word_count"


def test_contamination(found):
    one = found["contamination"]["decontaminate"]
    assert one["tasks"] == {"kmmlu": {"items": 20, "dirty": 7}}
    assert list(one["sources"]) == ["office-ko"] and one["clean_sources"] == 3
    assert one["sources"]["office-ko"]["cleaned"] == 4


def test_scores(found):
    assert found["scores"]["perplexity"]["kind"] == "perplexity"
    assert found["scores"]["perplexity"]["cuts"] == {"corpus": [90.0, 160.0]}
    assert found["scores"]["quality"]["sources"]["office-ko"]["p50"] == 0.62
    assert found["classifiers"]["classifier"]["heldout"]["auc"] == 0.95


def test_a_run_without_them_has_empty_tables(tmp_path):
    example = Example(tmp_path)
    example.corpus()
    one = corpus(example.nodes, lineage(example.nodes)["order"])
    for table in ("pii", "audits", "contamination", "scores", "ngrams", "classifiers", "tokens"):
        assert one[table] == {}
