"""The whole way on toys: pages and documents to a report, by the command line, as a user walks it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.artifact import Artifact
from tests.test_readme import recipe
from tests.toys import paragraphs, toy_llama

pytestmark = pytest.mark.timeout(900)  # the first of them builds a whole pipeline
PAGE = (
    """<html><head><meta charset="{charset}"><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"""
)
CONFIG = """
run: {{root: {root}, name: toy, workers: 2, threads: 1, wandb: {{mode: disabled}}}}
base: {{source: {model}, license: Apache-2.0}}
crawl:
  sources:
    pages: {{site: {site}, lang: ko, license: CC0-1.0}}
    notes: {{jsonl: {ko}, lang: ko, license: MIT}}
    english: {{jsonl: {en}, lang: en, license: CC-BY-4.0}}
refine: {{unit_bytes: 4096}}
dedup:
mix: {{heldout: 0.1}}
cloze: {{tasks: {{next: {{lang: ko, limit: 8}}}}}}
pieces: {{size: 120}}
extend: {{}}
pack: {{}}
dapt: {{budget: 2560, sequence: 64, batch: 128, checkpoint_every: 4, gate: {{limit: 5.0}}}}
sft: {{data: {{pairs: {{made: ko, limit: 16}}}}, sequence: 128, batch: 4, lora: {{rank: 2}}}}
evaluate: {{window: 128, stride: 64, max_documents: 4}}
report: {{}}
"""


def write_inputs(folder: Path) -> Path:
    (folder / "site").mkdir(parents=True)
    for number, text in enumerate(paragraphs("ko", 24, seed=1)):
        charset = "euc-kr" if number % 2 else "utf-8"
        body = "".join(f"<p>{text}</p>" for _ in range(1))
        page = PAGE.format(charset=charset, title=f"문서 {number}", body=body)
        (folder / "site" / f"{number}.html").write_bytes(page.encode("cp949" if number % 2 else "utf-8"))
    for lang in ("ko", "en"):
        lines = [json.dumps({"text": text}, ensure_ascii=False) for text in paragraphs(lang, 60, seed=2)]
        (folder / f"{lang}.jsonl").write_text("\n".join([*lines, *lines[:4]]) + "\n", encoding="utf-8")
    toy_llama(folder / "model")
    config = folder / "c.yaml"
    names = {name: folder / name for name in ("root", "model", "site")}
    config.write_text(CONFIG.format(**names, ko=folder / "ko.jsonl", en=folder / "en.jsonl"), encoding="utf-8")
    return config


def command(config: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "pipeline.stage", *arguments, "--config", str(config)]


def malmoi(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(config, *arguments), capture_output=True, text=True, timeout=900)


def published(root: Path) -> dict[str, str]:
    """node -> hash of everything published but provenance."""
    links = sorted((root / "by-name" / "toy").iterdir())
    return {link.name: Artifact(link.resolve()).manifest_sha256 for link in links}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    config = write_inputs(tmp_path_factory.mktemp("house"))
    answer = malmoi(config, "all", "--json")
    assert answer.returncode == 0, answer.stderr
    return config, json.loads(answer.stdout)


def test_every_node_is_built_and_whole(house):
    config, answer = house
    assert all(row["state"] == "built" for row in answer["nodes"])
    assert malmoi(config, "verify").returncode == 0
    assert Path(answer["report"]).is_file()


def test_make_demo_runs_the_quickstart(house):
    text = recipe("demo")
    assert "corpus.samples .data/quickstart --config configs/quickstart.yaml" in text
    arguments = re.search(r"pipeline\.stage (\S+) --config", text)
    answer = malmoi(house[0], arguments.group(1))
    assert answer.returncode == 0
    report = Path(answer.stdout.strip().splitlines()[-1])
    assert report.name == "index.html"
    assert report.is_file()


def test_counts_add_up(house):
    config, _ = house
    for link in (config.parent / "root" / "by-name" / "toy").iterdir():
        counts = Artifact(link.resolve()).counts
        if {"read", "kept", "dropped", "failed"} <= set(counts):
            assert counts["read"] == counts["kept"] + counts["dropped"] + counts["failed"], link.name
    dedup = Artifact((config.parent / "root" / "by-name" / "toy" / "dedup").resolve())
    assert dedup.counts["dropped"] >= 2


def test_the_report_has_the_contracted_keys_and_the_run_s_numbers(house):
    config, answer = house
    folder = Path(answer["report"]).parent
    report = json.loads((folder / "report.json").read_text())
    assert {"base", "extend", "dapt", "sft"} == set(report["models"])
    for name, model in report["models"].items():
        scores = Artifact((config.parent / "root" / "by-name" / "toy" / f"evaluate@{name}").resolve()).metrics
        for lang in ("ko", "en"):
            shown = model["bpb"][lang]
            assert shown["low"] <= shown["value"] <= shown["high"]
            assert shown["value"] == pytest.approx(scores["bpb"][lang]["value"])
            assert shown["bytes"] > 0
        assert "next" in model["tasks"]
    assert {"fertility", "gate", "corpus", "lineage"} <= set(report)
    assert set(report["gate"]) >= {"metric", "limit", "value", "passed"}
    assert (folder / "report.md").stat().st_size > 500


def test_a_second_run_is_all_cached_and_touches_nothing(house):
    config, _ = house
    root = config.parent / "root"
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file() and "logs" not in path.parts}
    began = time.monotonic()
    answer = malmoi(config, "all", "--json")
    assert time.monotonic() - began < 10
    assert {row["state"] for row in json.loads(answer.stdout)["nodes"]} == {"cached"}
    after = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file() and "logs" not in path.parts}
    assert after == before


def test_a_learning_rate_reruns_dapt_and_what_follows(house):
    plan = json.loads(malmoi(house[0], "plan", "dapt.rate=1e-5", "--json").stdout)
    rerun = {row["node"]: row["reason"] for row in plan if row["state"] != "cached"}
    assert set(rerun) == {"dapt", "sft", "evaluate@dapt", "evaluate@sft", "report"}
    assert rerun["dapt"] == "dapt.rate changed from 0.0004 to 1e-05"


def test_the_models_load_with_plain_transformers(house):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    for node in ("base", "extend", "dapt", "sft"):
        folder = str((house[0].parent / "root" / "by-name" / "toy" / node).resolve() / "model")
        tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
        ids = tokenizer("한국어 문서 report 12", return_tensors="pt").input_ids
        assert tokenizer.decode(ids[0]) == "한국어 문서 report 12"
        assert model(ids).logits.isfinite().all()


@pytest.mark.slow
def test_another_root_other_workers_and_shards_give_the_same_bytes(house, tmp_path):
    config, _ = house
    other = f"run.root={tmp_path / 'other'}"
    assert malmoi(config, "all", "--until", "crawl", other).returncode == 0
    for stage, before in (("refine", "refine"), ("dedup", "dedup")):
        for shard in ("2/3", "0/3"):
            answer = malmoi(config, stage, other, "--shard", shard, "run.workers=1")
            assert answer.returncode == 0, answer.stderr
            assert malmoi(config, "show", before, other).returncode == 3
        assert malmoi(config, stage, other, "run.workers=1").returncode == 0
    answer = malmoi(config, "all", other, "run.workers=1")
    assert answer.returncode == 0, answer.stderr
    assert published(tmp_path / "other") == published(config.parent / "root")


@pytest.mark.slow
def test_kill_9_again_and_again_ends_in_the_same_bytes(house, tmp_path):
    config, _ = house
    other = f"run.root={tmp_path / 'killed'}"
    kills = 0
    for attempt in range(200):
        child = subprocess.Popen(command(config, "all", other), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            code = child.wait(timeout=3 + attempt % 9)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            kills += 1
            for folder in (tmp_path / "killed").glob("*/*"):
                if folder.suffix == "" and (folder / "manifest.json").exists():
                    assert Artifact(folder).problems() == []
            continue
        assert code == 0, child.stderr.read()
        break
    assert kills >= 5
    assert published(tmp_path / "killed") == published(config.parent / "root")
