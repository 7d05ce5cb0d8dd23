"""The stage `evaluate` on toys: what it writes, what it chooses, and that a kill costs only the work in hand."""

from __future__ import annotations

import json
import math
import shutil

import pytest

from eval import evaluate
from eval.bpb import score_documents
from eval.config import Evaluate
from pipeline.artifact import Artifact, publish
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, Interrupted
from tests.toys import paragraphs, toy_llama

SECTION = Evaluate(window=64, stride=32, max_bytes=4400, max_documents=6, max_items=8)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two models of one shape and other weights, as artifacts."""
    root = tmp_path_factory.mktemp("models")
    found = []
    for seed in (0, 1):
        part = root / f"{seed}.part"
        toy_llama(part / "model", seed=seed)
        found.append(publish(part, root / str(seed), {"fingerprint": f"model-{seed}", "metrics": {}}))
    return found


@pytest.fixture
def corpus(documents):
    return documents({"ko_a": ("ko", paragraphs("ko", 80)), "ko_b": ("ko", paragraphs("ko", 30, 1)),
                      "en_a": ("en", paragraphs("en", 100))}, mixture=True)  # fmt: skip


@pytest.fixture
def benchmarks(tmp_path):
    part = tmp_path / "benchmarks.part"
    (part / "items").mkdir(parents=True)
    for task, lang in (("cloze_ko", "ko"), ("quiz_en", "en")):
        texts = paragraphs(lang, 12, 7)
        with (part / "items" / f"{task}.jsonl").open("w", encoding="utf-8") as file:
            for number, text in enumerate(texts):
                words = text.split()
                item = {
                    "id": f"{task}/{number}",
                    "query": " ".join(words[:6]),
                    "choices": words[6:10],
                    "gold": number % 4,
                }
                item |= {"lang": lang, "license": "CC0-1.0", "made": task == "cloze_ko"}
                file.write(json.dumps(item, ensure_ascii=False) + "\n")
    tasks = {
        task: {"items": 12, "choices": 4, "lang": task[-2:], "license": "CC0-1.0", "made": task == "cloze_ko"}
        for task in ("cloze_ko", "quiz_en")
    }
    return publish(part, tmp_path / "benchmarks", {"fingerprint": "b", "metrics": {"tasks": tasks}})


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for kind in ("bpb", "tasks")
        for path in sorted((folder / kind).rglob("*"))
    }


def test_a_model_is_scored_document_by_document_and_item_by_item(build, models, corpus, benchmarks):
    found = build(
        "evaluate",
        evaluate.run,
        SECTION,
        {"of": models[0], "documents": corpus, "benchmarks": {"benchmarks": benchmarks}},
    )
    metrics = found.metrics
    assert sorted(path.name for path in (found.path / "bpb").iterdir()) == ["en_a.jsonl", "ko_a.jsonl", "ko_b.jsonl"]
    everything = [line for source in ("en_a", "ko_a", "ko_b") for line in lines(found.path / "bpb" / f"{source}.jsonl")]
    assert set(everything[0]) == {"id", "lang", "source", "nll", "bytes", "tokens", "characters"}
    for lang in ("ko", "en"):
        mine = [line for line in everything if line["lang"] == lang]
        told = metrics["bpb"][lang]
        assert told["value"] == pytest.approx(sum(x["nll"] for x in mine) / math.log(2) / sum(x["bytes"] for x in mine))
        assert told["low"] <= told["value"] <= told["high"]
        assert (told["documents"], told["bytes"]) == (len(mine), sum(line["bytes"] for line in mine))
    assert metrics["sources"]["ko_b"]["lang"] == "ko" and metrics["sources"]["en_a"]["documents"] == 6
    assert found.counts == {"read": 21, "kept": len(everything), "dropped": 21 - len(everything), "failed": 0}
    assert metrics["protocol"] == {"prefix": "<|endoftext|>", "window": 64, "stride": 32, "shots": 0, "vocabulary": 400}

    asked = lines(found.path / "tasks" / "cloze_ko.jsonl")
    task = metrics["tasks"]["cloze_ko"]
    assert task["accuracy"] == sum(line["correct"] for line in asked) / 8
    assert (task["items"], task["lang"], task["made"], task["smoke"], task["shots"]) == (8, "ko", True, True, 0)
    assert metrics["tasks"]["quiz_en"]["made"] is False
    assert set(asked[0]) >= {"id", "gold", "prediction", "correct", "scores"} and len(asked[0]["scores"]) == 4
    assert {"load_seconds", "bpb_seconds", "tasks_seconds"} <= set(found.manifest["provenance"])


def test_the_scores_are_those_of_the_texts(build, models, corpus):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    found = build("evaluate", evaluate.run, SECTION, {"of": models[0], "documents": corpus})
    chosen = evaluate.choose_documents(corpus, SECTION)["ko_a"]
    folder = str(models[0].path / "model")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    scores = score_documents(model, tokenizer, [document["text"] for document in chosen], 64, 32)
    written = lines(found.path / "bpb" / "ko_a.jsonl")
    assert [line["id"] for line in written] == [document["id"] for document in chosen]
    assert [line["nll"] for line in written] == pytest.approx([score.nll for score in scores], abs=1e-4)


def test_every_model_is_given_the_same_documents_and_items(build, models, corpus, benchmarks):
    one, two = (
        build("evaluate", evaluate.run, SECTION.model_copy(update={"of": [str(number)]}),
              {"of": model, "documents": corpus, "benchmarks": {"benchmarks": benchmarks}})
        for number, model in enumerate(models)
    )  # fmt: skip
    names = sorted(files(one.path))
    assert names == sorted(files(two.path)) and len(names) == 5
    for name in names:
        assert [line["id"] for line in lines(one.path / name)] == [line["id"] for line in lines(two.path / name)]
        assert lines(one.path / name) != lines(two.path / name)


def test_documents_are_whole_within_the_limits_and_in_an_order_of_the_seed(documents):
    corpus = documents({"a": ("ko", paragraphs("ko", 60)), "long": ("ko", ["가" * 2000, "나" * 1500, "", "다" * 1800])})
    chosen = evaluate.choose_documents(corpus, SECTION)
    texts = [document["text"] for document in chosen["a"]]
    assert len(texts) == 6 and sum(len(text.encode()) for text in texts) <= 4400
    assert [document["text"] for document in chosen["long"]] == ["나" * 1500], "all exceed max_bytes: the smallest"
    assert set(texts) <= set(paragraphs("ko", 60))
    assert evaluate.choose_documents(corpus, SECTION.model_copy(update={"seed": 1}))["a"] != chosen["a"]
    more = evaluate.choose_documents(corpus, SECTION.model_copy(update={"max_documents": 50, "max_bytes": 10**6}))
    assert [document["id"] for document in more["a"]][:6] != sorted(document["id"] for document in more["a"])[:6]
    assert (len(more["a"]), len(more["long"])) == (50, 3)


def test_an_id_that_stands_twice_is_corrupt_input(documents, monkeypatch):
    corpus = documents({"a": ("ko", paragraphs("ko", 3))})
    monkeypatch.setattr(evaluate, "read_documents", lambda *_: iter([{"id": "x", "source": "a", "text": "t"}] * 2))
    with pytest.raises(InputError, match="document id 'x' stands twice in 'a'"):
        evaluate.choose_documents(corpus, SECTION)


def test_nothing_to_score_on_is_a_config_error(build, models, documents):
    with pytest.raises(ConfigError, match="neither held-out documents nor benchmark items"):
        build("evaluate", evaluate.run, SECTION, {"of": models[0]})
    empty = documents({"a": ("ko", [""])})
    with pytest.raises(ConfigError, match="neither"):
        build("evaluate", evaluate.run, SECTION, {"of": models[0], "documents": empty})


def test_a_stride_beyond_the_window_is_refused():
    with pytest.raises(ConfigError, match="stride 65 exceeds window 64"):
        Evaluate(window=64, stride=65).check(Run())


def test_a_source_of_any_name_has_a_file_of_its_own(build, models, documents):
    corpus = documents({"a/b": ("ko", paragraphs("ko", 2)), "한글": ("ko", paragraphs("ko", 2))})
    # the fixture writes `a/b` as a folder, so the stage must not take names from paths
    for path in (corpus.path / "documents" / "a").glob("*.parquet"):
        shutil.move(path, corpus.path / "documents" / "ab.parquet")
    found = build("evaluate", evaluate.run, SECTION, {"of": models[0], "documents": Artifact(corpus.path)})
    assert sorted(found.metrics["sources"]) == ["a/b", "한글"]
    assert len(list((found.path / "bpb").glob("*.jsonl"))) == 2


def test_a_kill_costs_only_the_work_in_hand(tmp_path, models, corpus, benchmarks, monkeypatch):
    inputs = {"of": models[0], "documents": corpus, "benchmarks": {"benchmarks": benchmarks}}

    def context(folder, stop=lambda: False):
        folder.mkdir(exist_ok=True)
        return Context(node="e", path=folder, inputs=inputs, run=Run(root=str(tmp_path)), stop_requested=stop)

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    expected = evaluate.run(SECTION, context(whole))
    with pytest.raises(Interrupted):
        evaluate.run(SECTION, context(broken, stop=lambda: (broken / "bpb" / "ko_a.jsonl").exists()))
    assert sorted(path.name for path in broken.rglob("*.jsonl")) == ["en_a.jsonl", "ko_a.jsonl"]
    (broken / "bpb" / "ko_a.jsonl").write_text('{"id": "of other documents"}\n', encoding="utf-8")
    scored = []

    def counting(*args, **kwargs):
        scored.append(kwargs["names"])
        return score_documents(*args, **kwargs)

    monkeypatch.setattr(evaluate, "score_documents", counting)
    assert evaluate.run(SECTION, context(broken)) == expected
    assert [names[0].split(":")[0] for names in scored] == ["ko_a", "ko_b"]  # the file of ko_a was of other documents
    assert files(broken) == files(whole)


def test_progress_rises_to_the_whole(tmp_path, models, corpus):
    seen = []
    folder = tmp_path / "e"
    folder.mkdir()
    inputs = {"of": models[0], "documents": corpus}
    run = Run(root=str(tmp_path))
    given = Context(node="e", path=folder, inputs=inputs, run=run, emit=lambda kind, **fields: seen.append(fields))
    evaluate.run(SECTION, given)
    done = [event["done"] for event in seen]
    assert done == sorted(done) and seen[-1]["done"] == seen[-1]["total"]


def test_items_that_the_corpus_held_are_scored_apart(build, models, benchmarks, tmp_path):
    held = [f"cloze_ko/{number}" for number in range(0, 12, 2)]
    part = tmp_path / "searched.part"
    (part / "items").mkdir(parents=True)
    marks = [{"id": f"cloze_ko/{n}", "dirty": f"cloze_ko/{n}" in held} for n in range(12)]
    (part / "items" / "cloze_ko.jsonl").write_text("".join(json.dumps(mark) + "\n" for mark in marks))
    searched = publish(part, tmp_path / "searched", {"fingerprint": "s", "metrics": {}})
    inputs = {"of": models[0], "benchmarks": {"benchmarks": benchmarks}, "contamination": searched}
    found = build("evaluate", evaluate.run, SECTION.model_copy(update={"max_items": 12}), inputs)
    asked = lines(found.path / "tasks" / "cloze_ko.jsonl")
    assert {line["id"] for line in asked if line["dirty"]} == set(held)
    task = found.metrics["tasks"]["cloze_ko"]
    for name, wanted in (("clean", False), ("dirty", True)):
        own = [line["correct"] for line in asked if line["dirty"] is wanted]
        assert (task[name]["items"], task[name]["accuracy"]) == (6, sum(own) / 6)
    assert "clean" not in found.metrics["tasks"]["quiz_en"]  # nobody looked for its items
    with pytest.raises(InputError, match="only documents of a decontaminate stage mark items"):
        build("evaluate", evaluate.run, SECTION, {**inputs, "contamination": benchmarks_without_marks(tmp_path)})


def benchmarks_without_marks(tmp_path):
    part = tmp_path / "plain.part"
    part.mkdir()
    return publish(part, tmp_path / "plain", {"fingerprint": "p", "metrics": {}})


def test_two_benchmarks_with_one_task_name_are_refused(build, models, benchmarks):
    with pytest.raises(InputError, match="two of the benchmarks have a task 'cloze_ko'"):
        build("evaluate", evaluate.run, SECTION, {"of": models[0], "benchmarks": {"a": benchmarks, "b": benchmarks}})
