import pytest

from pipeline import graph
from pipeline.errors import ConfigError
from pipeline.load import load
from pipeline.stages import STAGES

MODELS = {name: stage.section for name, stage in STAGES.items()}
FULL = """
run: {root: ROOT}
crawl: {sources: {a: {jsonl: TEXT}}}
refine:
mix:
base: {source: MODEL}
pieces:
extend:
pack:
dapt:
sft: {data: {made: {made: ko}}}
evaluate:
report:
"""


@pytest.fixture
def nodes(tmp_path):
    (tmp_path / "text.jsonl").write_text('{"text": "가"}')
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")

    def nodes(text: str = FULL, *overrides: str):
        for name, path in (("ROOT", "runs"), ("TEXT", "text.jsonl"), ("MODEL", "model")):
            text = text.replace(name, str(tmp_path / path))
        (tmp_path / "c.yaml").write_text(text)
        return graph.build(load(tmp_path / "c.yaml", overrides, MODELS))

    return nodes


def edges(found):
    return {name: {key: parent.name for key, parent in node.parents.items()} for name, node in found.items()}


def changed(old, new):
    return {name for name in old if old[name].fingerprint != new[name].fingerprint}


def test_only_what_is_present_is_a_node_and_defaults_are_the_obvious_ones(nodes):
    found = edges(nodes())
    assert found["mix"] == {"documents": "refine"}
    assert found["dapt"] == {"model": "extend", "tokens": "pack"}
    assert found["sft"] == {"model": "dapt", "documents": "mix"}
    assert [name for name in found if name.startswith("evaluate")] == [
        "evaluate@base",
        "evaluate@extend",
        "evaluate@dapt",
        "evaluate@sft",
    ]
    assert set(found["report"]) == set(found) - {"report"}


def test_parents_come_first(nodes):
    found = list(nodes("report:\nevaluate:\n" + FULL.replace("evaluate:\nreport:\n", "")).values())
    seen = set()
    for node in found:
        assert {parent.name for parent in node.parents.values()} <= seen
        seen.add(node.name)


def test_a_learning_rate_reruns_dapt_and_what_follows(nodes):
    assert changed(nodes(), nodes(FULL, "dapt.rate=1e-4")) == {"dapt", "sft", "evaluate@dapt", "evaluate@sft", "report"}


def test_a_threshold_reruns_everything_behind_it_and_nothing_before(nodes):
    moved = changed(nodes(), nodes(FULL, "refine.language_share=0.6"))
    assert "crawl" not in moved
    assert "base" not in moved
    assert {"refine", "mix", "pieces", "extend", "pack", "dapt"} <= moved


def test_adding_a_model_never_evaluates_another_again(nodes):
    before, after = nodes(), nodes(FULL.replace("sft:", "dapt@r0: {replay: {en: 0.0}}\nsft:"))
    assert changed({k: v for k, v in before.items() if k != "report"}, after) == set()
    assert "evaluate@dapt@r0" in after


@pytest.mark.parametrize(
    "override",
    ["run.workers=7", "run.micro_batch=2", "run.zero=3", "run.offload=cpu", "run.attention=eager", "run.threads=1",
     "run.name=other", "run.wandb.mode=disabled", "run.grace=5.0", "run.device=cpu", "run.launcher=slurm",
     "run.world=2"],
)  # fmt: skip
def test_circumstances_never_change_a_fingerprint(nodes, override):
    extra = ("dapt.batch=1024", "sft.batch=8")
    assert changed(nodes(FULL, *extra), nodes(FULL, *extra, override)) == set()


def test_the_root_never_changes_a_fingerprint(nodes, tmp_path):
    assert changed(nodes(), nodes(FULL, f"run.root={tmp_path / 'elsewhere'}")) == set()


def test_an_unextended_arm_gets_tokens_of_its_own(nodes):
    found = edges(nodes(FULL + "dapt@plain: {model: base}\n"))
    assert found["dapt@plain"] == {"model": "base", "tokens": "pack@base"}
    assert found["pack@base"] == {"model": "base", "documents": "mix"}
    assert found["dapt"]["tokens"] == "pack"


def test_tapt_after_dapt_shares_the_tokens(nodes):
    assert edges(nodes(FULL + "tapt:\n"))["tapt"] == {"model": "dapt", "tokens": "pack"}


def test_a_leaf_stands_in_for_a_stage(nodes):
    found = nodes("run: {root: ROOT}\nmix: {use: TEXT}\nbase: {use: MODEL}\nevaluate:\n")
    assert edges(found)["evaluate@base"] == {"of": "base", "documents": "mix"}
    assert graph.is_leaf(found["mix"])


def test_selection(nodes):
    found = nodes()
    names = [node.name for node in graph.select(found, "pack", "dapt")]
    assert names == ["pack", "dapt"]
    assert [node.name for node in graph.select(found, None, "refine")] == ["crawl", "refine"]
    assert "sft" in [node.name for node in graph.select(found, "dapt", None)]
    assert {node.name for node in graph.named(found, "evaluate")} == {n for n in found if n.startswith("evaluate@")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "base: {source: MODEL}\nmix: {use: TEXT}\npack: {model: bas}\n",
            "names 'bas', which is no node here; did you mean",
        ),
        ("base: {source: MODEL}\nmix: {use: TEXT}\npack: {model: mix}\n", "wants model, and 'mix' is a mixture"),
        ("pieces:\n", "pieces needs an input 'documents'"),
        ("mix: {use: TEXT}\nevaluate:\n", "evaluate has no of"),
        (
            "base: {source: MODEL}\ndapt@a: {model: dapt@b}\ndapt@b: {model: dapt@a}\nmix: {use: TEXT}\npack:\n",
            "circle",
        ),
        ("base: {source: MODEL}\nevaluate: {of: [dapt]}\n", "no node here"),
        ("pack: {use: TEXT}\n", "pack cannot be given by `use:`; base, refine, dedup, "),
    ],
)
def test_wrong_inputs_are_one_sentence(nodes, text, said):
    with pytest.raises(ConfigError) as caught:
        nodes("run: {root: ROOT}\n" + text)
    assert said in str(caught.value)


def test_a_field_of_many_takes_its_defaults_and_is_missed_where_it_must_be(nodes):
    start = "run: {root: ROOT}\ncrawl: {sources: {a: {jsonl: TEXT}}}\nrefine:\n"
    with pytest.raises(ConfigError, match="decontaminate needs an input 'benchmarks'"):
        nodes(start + "decontaminate:\n")
    found = nodes(start + "benchmarks: {tasks: {t: {texts: TEXT}}}\ndecontaminate:\nmix:\nreport:\n")
    assert found["mix"].inputs["documents"].name == "decontaminate"
    assert set(found["decontaminate"].inputs["benchmarks"]) == {"benchmarks"}
    assert "decontaminate" in found["report"].inputs["nodes"]
