"""Names and ways found again from fingerprints."""

from eval.lineage import ancestors, chain, depths, lineage, node_of
from tests.example_run import Example, whole_run


def test_order_and_inputs(tmp_path):
    nodes = whole_run(tmp_path, documents=4, items=4).nodes
    found = lineage(dict(sorted(nodes.items())))
    place = {name: number for number, name in enumerate(found["order"])}
    for name, entry in found["nodes"].items():
        for given in entry["inputs"].values():
            assert place[given["node"]] < place[name]
    assert chain(found["nodes"], "sft") == ["sft", "dapt", "extend", "base"]
    assert ancestors(found["nodes"], "pack") == {"pack", "mix", "dedup", "refine", "crawl", "extend", "base", "pieces"}


def test_an_input_outside_has_no_name(tmp_path):
    nodes = whole_run(tmp_path, documents=4, items=4).nodes
    found = lineage({"sft": nodes["sft"]})
    assert found["nodes"]["sft"]["inputs"]["model"] == {"node": None, "fingerprint": nodes["dapt"].fingerprint}
    assert chain(found["nodes"], "sft") == ["sft"]


def test_equal_variants_share_an_artifact(tmp_path):
    example = Example(tmp_path)
    example.base()
    base = example.nodes["base"]
    nodes = {"base@twin": base, "base": base}
    assert node_of(nodes, base.fingerprint) == "base"
    assert node_of(nodes, base.fingerprint, "evaluate@base@twin") == "base@twin"
    assert node_of(nodes, "no such") is None


def test_a_leaf_is_told(tmp_path):
    example = Example(tmp_path)
    example.put("base", {"use": {"sha256": "1"}})
    assert lineage(example.nodes)["nodes"]["base"]["leaf"] is True


def test_depths():
    assert depths({"c": ["b", "a"], "b": ["a"], "a": [], "x": ["gone"]}) == {"a": 0, "b": 1, "c": 2, "x": 0}
    assert set(depths({"a": ["b"], "b": ["a"]})) == {"a", "b"}
