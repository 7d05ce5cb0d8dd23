"""The stage `report`: the contract of report.json, shorter reports, hostile text, and bytes that repeat."""

import html.parser
import json
import re
from pathlib import Path

import pytest

from eval.config import Report
from eval.report import run
from pipeline.artifact import Artifact
from pipeline.config import Run
from pipeline.context import Context
from tests.example_run import Example, whole_run

FILES = ["index.html", "model-card.md", "report.json", "report.md"]
VOID = {"meta", "br", "hr", "link", "img", "input"}


def render(folder: Path, nodes: dict[str, Artifact], **section) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    context = Context(node="report", path=folder, inputs={"nodes": nodes}, run=Run(root=str(folder), workers=1))
    metrics = run(Report(**section), context)
    json.dumps(metrics, allow_nan=False)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


class Page(html.parser.HTMLParser):
    """Fails on a tag that is not closed in its order; keeps tags, attributes and the text shown."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


@pytest.fixture(scope="module")
def nodes(tmp_path_factory) -> dict[str, Artifact]:
    return whole_run(tmp_path_factory.mktemp("run")).nodes


@pytest.fixture(scope="module")
def pages(nodes, tmp_path_factory) -> dict[str, str]:
    return render(tmp_path_factory.mktemp("report"), nodes, title="말모이")


@pytest.fixture(scope="module")
def every(tmp_path_factory) -> dict[str, Artifact]:
    """A run with all optional stages."""
    return whole_run(tmp_path_factory.mktemp("every"), items=20, every=True).nodes


def test_optional_stages_have_their_places(every, tmp_path):
    pages = render(tmp_path, every)
    text = " ".join(Page(pages["index.html"]).text.split())
    for words in (
        "How many pieces pay", "The knee is", "Dead and rare pieces", "How new rows begin", "What each rule would take",
        "Personal data masked: 37 places", "Perplexity by source", "Quality score by source", "estimated",
        "Benchmark items in the corpus", "passing the text on: yes", "600,000 train tokens by source",
    ):  # fmt: skip
        assert words in text, words
    for words in ("How many pieces pay", "Dead and rare pieces", "Personal data masked", "(estimated)"):
        assert words in pages["report.md"]
    found = json.loads(pages["report.json"])
    assert found["frontiers"]["frontier"]["knee"]["pieces"] in (1000, 2000, 4000, 8000)
    assert set(found["token_audits"]) == {"extend", "dapt", "sft"}
    assert pages["index.html"].count("<details open") == 0


def test_every_optional_stage_alone_or_missing(every, tmp_path):
    optional = (
        "audit",
        "ngram",
        "perplexity",
        "classifier",
        "quality",
        "decontaminate",
        "cloze",
        "frontier",
        "tokens@dapt",
    )
    for name in optional:
        Page(render(tmp_path / f"only-{name}", {name: every[name]})["index.html"])
        Page(render(tmp_path / f"less-{name}", {n: one for n, one in every.items() if n != name})["index.html"])


def test_json_keeps_the_contract(pages):
    found = json.loads(pages["report.json"])
    assert list(found["order"]) == ["base", "extend", "dapt", "sft"]
    assert set(found["models"]) == {"base", "extend", "dapt", "sft"}
    for model in found["models"].values():
        assert set(model["bpb"]) == {"ko", "en"}
        assert all({"value", "low", "high", "bytes"} <= set(one) for one in model["bpb"].values())
        assert all(
            {"accuracy", "low", "high", "items", "smallest_difference"} <= set(t) for t in model["tasks"].values()
        )
    assert found["fertility"]["base"]["ko"]["tokens_per_character"] == 1.94
    assert found["fertility"]["extend"]["ko"]["tokens_per_character"] == 0.452
    assert {"metric", "limit", "value", "passed"} <= set(found["gate"])
    assert found["gate"]["metric"] == "bpb/en" and found["gate"]["passed"] is True
    assert found["corpus"]["funnel"] and found["lineage"]["nodes"]["dapt"]["inputs"]["model"]["node"] == "extend"


def test_the_gate_is_what_the_scores_say(pages, nodes):
    found = json.loads(pages["report.json"])
    base, dapt = (nodes[f"evaluate@{name}"].metrics["bpb"]["en"]["value"] for name in ("base", "dapt"))
    assert found["gate"]["value"] == pytest.approx(dapt / base - 1, rel=1e-9)
    assert found["gate"]["low"] < found["gate"]["value"] < found["gate"]["high"]


def test_figures_shown_are_the_artifacts_figures(pages, nodes):
    text = Page(pages["index.html"]).text
    for model in ("base", "extend", "dapt", "sft"):
        for lang in ("ko", "en"):
            one = nodes[f"evaluate@{model}"].metrics["bpb"][lang]
            for page in (text, pages["report.md"].replace("\\", "")):
                assert f"{one['value']:.3f}" in page
                assert f"[{one['low']:.3f}, {one['high']:.3f}]" in page
    assert "repetition" in text and "CC-BY-SA-3.0" in text and nodes["dapt"].fingerprint[:12] in text


def test_same_nodes_give_the_same_bytes_even_after_a_killed_try(pages, nodes, tmp_path):
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "report.json").write_text("half of a")
    (folder / ".index.html.part").write_text("<html")
    assert render(folder, dict(reversed(nodes.items())), title="말모이") == pages


def test_page_is_one_file_and_accessible(pages):
    page = Page(pages["index.html"])
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not [one for one in page.attributes if one[1] in ("src", "srcset") or one[1].startswith("on")]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")
    assert "http" not in re.sub(r"<title>.*?</title>", "", pages["index.html"])
    assert "@import" not in pages["index.html"] and "url(" not in pages["index.html"]
    idents = [value for _, name, value in page.attributes if name == "id"]
    assert len(idents) == len(set(idents))
    assert {value[1:] for tag, name, value in page.attributes if name == "href"} <= set(idents)
    assert page.tags.count("svg") == len([a for a in page.attributes if a[:2] == ("svg", "aria-labelledby")])
    for _, name, value in page.attributes:
        if name == "aria-labelledby":
            assert set(value.split()) <= set(idents)


def test_nothing_of_circumstance_is_shown(pages, nodes):
    for text in pages.values():
        assert "somewhere" not in text and str(next(iter(nodes.values())).path.parent.parent) not in text


def test_made_data_is_labelled(pages):
    for name in ("index.html", "report.md", "model-card.md"):
        assert "made" in pages[name]
    row = next(line for line in pages["report.md"].splitlines() if line.startswith("| cloze-ko | base"))
    assert row.endswith("| made |")
    assert not [line for line in pages["report.md"].splitlines() if line.startswith("| kmmlu") and "made" in line]


def test_small_samples_are_smoke_tests(pages, tmp_path):
    assert "smoke test" not in "".join(pages["report.md"].split("## How things")[0])
    small = render(tmp_path / "report", whole_run(tmp_path / "run", documents=10, items=20).nodes)
    page = Page(small["index.html"])
    assert ("span", "class", "label smoke") in page.attributes
    found = json.loads(small["report.json"])
    assert found["gate"]["smoke"] is True
    assert all(
        one["smoke"] for model in found["models"].values() for one in [*model["bpb"].values(), *model["tasks"].values()]
    )
    assert all(
        "smoke test" in line for line in small["report.md"].splitlines() if line.startswith(("| dapt | K", "| kmmlu"))
    )


def test_an_evaluated_model_alone(tmp_path):
    example = Example(tmp_path / "run", documents=60)
    example.put("base", {"use": {"sha256": "cd" * 32}, "license": "Apache-2.0"})
    example.evaluate("base")
    pages = render(tmp_path / "report", example.nodes)
    found = json.loads(pages["report.json"])
    assert found["gate"]["metric"] is None and found["comparisons"] == {} and found["corpus"] == {}
    assert found["fertility"]["base"]["ko"]["tokens_per_character"] > 1
    text = Page(pages["index.html"]).text
    assert "Korean" in text and "Corpus" not in text and "Gate on" not in text and "Training" not in text
    assert "Apache-2.0" in pages["model-card.md"]


def test_a_model_that_is_not_among_the_nodes(nodes, tmp_path):
    pages = render(tmp_path / "report", {name: nodes[name] for name in ("evaluate@base", "evaluate@dapt")})
    assert set(json.loads(pages["report.json"])["models"]) == {"base", "dapt"}


@pytest.mark.parametrize(
    "kept",
    [
        (),
        ("crawl", "refine"),
        ("base", "mix", "pieces", "extend"),
        ("extend", "pack", "dapt"),
        ("base", "extend", "dapt", "evaluate@dapt"),
        ("base", "dapt", "sft", "evaluate@base", "evaluate@sft"),
        ("benchmarks",),
    ],
)
def test_missing_parts_make_shorter_reports(nodes, tmp_path, kept):
    pages = render(tmp_path, {name: nodes[name] for name in kept})
    Page(pages["index.html"])
    found = json.loads(pages["report.json"])
    assert set(found["lineage"]["nodes"]) == set(kept)
    assert found["gate"]["passed"] is None


def test_hostile_text_stays_text(tmp_path):
    evil = '<script>alert("1")</script>|`x`[a](javascript:b)\n# **h** {{ 7*7 }}'
    example = Example(tmp_path / "run", documents=10)
    example.base()
    sources = {evil: {"lang": evil, "license": evil, "train": {"documents": 1, "bytes": 9, "characters": 9}}}
    example.put("mix", {}, {}, {"sources": sources}, {"read": 1, "kept": 1, "rules": {evil: 3}})
    example.put("benchmarks", {}, {}, {"tasks": {evil.replace("/", ""): {"choices": 4, "made": True, "lang": evil}}})
    example.put("pack", {}, {"model": "base", "documents": "mix"})
    example.dapt("dapt", "base")
    example.evaluate("dapt")
    pages = render(tmp_path / "report", example.nodes, title=evil)
    page = Page(pages["index.html"])
    assert "script" not in page.tags and page.text.count('<script>alert("1")') >= 4
    assert "{{ 7*7 }}" in page.text
    for name in ("report.md", "model-card.md"):
        assert "<script" not in pages[name] and not re.search(r"[^\\]\]\(", pages[name].split("---\n")[-1])
        assert not re.search(r"(?m)^# \*\*h", pages[name])
        table = [line for line in pages[name].splitlines() if line.startswith("| \\") or "&lt;script" in line]
        assert table
    from ruamel.yaml import YAML

    front = YAML(typ="safe").load(pages["model-card.md"].split("---\n")[1])
    assert front["language"] == [evil] and front["license"] == "other"
