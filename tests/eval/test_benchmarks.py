"""Benchmark items of every origin, in one format."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from corpus.config import Benchmarks, Task
from eval.benchmarks import LETTERS, run
from pipeline.artifact import Artifact
from pipeline.errors import InputError

GOOD = [
    {"query": "Question: 2 + 2 is\n", "choices": ["3", " 4 "], "gold": 1},
    {"query": "서울은", "choices": ["수도다.", "바다다.", "바다다."], "gold": 0, "category": "x"},
]
KEYS = {"id", "query", "choices", "gold", "lang", "license", "made"}


def jsonl(path: Path, records: list) -> str:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in records)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def items(artifact: Artifact, task: str) -> list[dict]:
    return [json.loads(line) for line in (artifact.path / "items" / f"{task}.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_items_of_a_file(build, tmp_path: Path, name: str):
    task = Task(file=jsonl(tmp_path / name, GOOD), lang="en", license="MIT")
    made = build("benchmarks", run, Benchmarks(tasks={"sums": task}))
    assert items(made, "sums") == [
        {"id": "sums/0/1", "query": "Question: 2 + 2 is", "choices": ["3", "4"], "gold": 1, "lang": "en",
         "license": "MIT", "made": False},
        {"id": "sums/0/2", "query": "서울은", "choices": ["수도다.", "바다다.", "바다다."], "gold": 0, "lang": "en",
         "license": "MIT", "made": False},
    ]  # fmt: skip
    assert made.metrics["tasks"] == {
        "sums": {"items": 2, "choices": 3, "lang": "en", "license": "MIT", "made": False}
    }  # fmt: skip


def test_the_name_and_place_of_a_file_are_no_part_of_the_items(build, tmp_path: Path):
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = build(
            "benchmarks", run, Benchmarks(tasks={"t": Task(file=jsonl(tmp_path / name / f"{name}.jsonl", GOOD))})
        )
        found.append((made.path / "items" / "t.jsonl").read_bytes())
    assert found[0] == found[1]


def test_folders_globs_ids_and_limits(build, tmp_path: Path):
    folder = tmp_path / "items"
    folder.mkdir()
    for part in range(3):
        jsonl(folder / f"{part}.jsonl", [{**GOOD[0], "id": f"{part}-{n}"} for n in range(20)])

    def ids(file: str, limit: int | None) -> list[str]:
        section = Benchmarks(tasks={"t": Task(file=file, limit=limit)})
        return [item["id"] for item in items(build("benchmarks", run, section), "t")]

    everything = ids(str(folder), None)
    assert len(everything) == 60
    assert ids(str(folder / "*.jsonl"), None) == everything
    ten, thirty = ids(str(folder), 10), ids(str(folder), 30)
    assert len(ten) == 10
    assert set(ten) < set(thirty)
    assert ten == [one for one in everything if one in ten] != everything[:10]  # a sample, in the file's order


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("{broken", "record 3: "),
        ([1], "record 3: it is no JSON object"),
        ({"context": "a", "continuation": "b"}, "record 3: it has no query and no choices and no gold"),
        ({"query": " ", "choices": ["a", "b"], "gold": 0}, "record 3: its query is no text"),
        ({"query": "q", "choices": ["a"], "gold": 0}, "record 3: its choices are no list of two or more"),
        ({"query": "q", "choices": ["a", 5], "gold": 0}, "record 3: one of its choices is no text"),
        ({"query": "q", "choices": ["a", "b"], "gold": 2}, "record 3: its gold 2 is no index into its 2 choices"),
        ({"query": "q", "choices": ["a", "b"], "gold": "A"}, "record 3: its gold 'A' is no index"),
        ({"query": "q", "choices": ["a", "b"], "gold": True}, "record 3: its gold True is no index"),
        ({"query": "q", "choices": ["a", "b", " a"], "gold": 0}, "record 3: its answer stands twice"),
    ],
)
def test_a_bad_record_is_named(build, tmp_path: Path, bad, sentence: str):
    file = jsonl(tmp_path / "bad.jsonl", [*GOOD, bad])
    with pytest.raises(InputError) as caught:
        build("benchmarks", run, Benchmarks(tasks={"t": Task(file=file)}))
    assert f"bad.jsonl {sentence}" in str(caught.value)


def test_missing_files_empty_files_and_repeated_ids_are_told(build, tmp_path: Path):
    for file, sentence in (
        (str(tmp_path / "none.jsonl"), "does not exist"),
        (jsonl(tmp_path / "empty.jsonl", []), "has no items"),
        (jsonl(tmp_path / "twice.jsonl", [{**GOOD[0], "id": 1}, {**GOOD[1], "id": 1}]), "two items with the id 't/1'"),
    ):
        with pytest.raises(InputError, match=sentence):
            build("benchmarks", run, Benchmarks(tasks={"t": Task(file=file)}))


def test_kmmlu_items_are_those_of_the_installed_package(build):
    made = build("benchmarks", run, Benchmarks(tasks={"kmmlu": Task(kmmlu=True)}))
    found = items(made, "kmmlu")
    assert len(found) == 225
    assert Counter(item["id"].split("/")[1] for item in found).most_common()[-1][1] == 5
    assert len({item["id"].split("/")[1] for item in found}) == 45
    assert all(set(item) == KEYS and item["choices"] == list(LETTERS) for item in found)
    assert set(Counter(item["gold"] for item in found)) == {0, 1, 2, 3}
    first = next(item for item in found if item["id"] == "kmmlu/accounting/0")
    assert first["query"].startswith("수정 전 잔액시산표의 차변 합계액은")
    assert first["query"].endswith("C. ￦1,020,000\nD. ￦1,050,000\n정답：")
    assert first["gold"] == 2
    assert not any("생각해봅시다" in item["query"] for item in found)  # the worked answers stay out
    assert made.metrics["tasks"]["kmmlu"] == {
        "items": 225, "choices": 4, "lang": "ko", "license": "CC-BY-ND-4.0", "made": False
    }  # fmt: skip


def test_kmmlu_answers_agree_with_pyyaml(build):
    yaml = pytest.importorskip("yaml")
    from importlib.resources import files

    found = {item["id"]: item for item in items(
        build("benchmarks", run, Benchmarks(tasks={"k": Task(kmmlu=True)})), "k")}  # fmt: skip
    for path in (files("lm_eval") / "tasks" / "kmmlu" / "cot_hard").iterdir():
        if path.name.startswith("kmmlu_cot_hard_"):
            config = yaml.safe_load(path.read_text(encoding="utf-8"))
            for number, sample in enumerate(config["fewshot_config"]["samples"]):
                item = found.pop(f"k/{config['dataset_name']}/{number}")
                assert (
                    f"({LETTERS[item['gold']]})" in sample["target"][-30:] or LETTERS[item["gold"]] in sample["target"]
                )
                assert all(f"\n{letter}. {sample[letter].strip()}" in item["query"] for letter in LETTERS)
    assert not found


def test_texts_are_guarded_and_never_asked(build, tmp_path: Path):
    records = [{"q": "임종석은 언제 지명수배 되었나?", "a": "1989년", "n": 3}, {"q": "수도는?", "a": "서울"}]
    tasks = {
        "mine": Task(texts=jsonl(tmp_path / "a.jsonl", records), fields=["q", "a"], license="CC0-1.0"),
        "lines": Task(texts=str(tmp_path / "b.txt")),
        "sums": Task(file=jsonl(tmp_path / "c.jsonl", GOOD)),
    }
    (tmp_path / "b.txt").write_text("\ufeff하나\n\n 둘 \n", encoding="utf-8")
    made = build("benchmarks", run, Benchmarks(tasks=tasks))
    read = {path.stem: path.read_text().splitlines() for path in (made.path / "guarded").iterdir()}
    assert [json.loads(line)["texts"] for line in read["mine"]] == [[one["q"], one["a"]] for one in records]
    assert [json.loads(line) for line in read["lines"]] == [
        {"id": "lines/0/1", "texts": ["하나"]}, {"id": "lines/0/3", "texts": ["둘"]},
    ]  # fmt: skip
    assert [path.stem for path in (made.path / "items").iterdir()] == ["sums"]
    assert made.metrics["guarded"]["mine"] == {"items": 2, "lang": "ko", "license": "CC0-1.0"}
    assert made.counts["read"] == 6
    with pytest.raises(InputError, match=r"a.jsonl record 1: it has no text in \['n'\]"):
        build("benchmarks", run, Benchmarks(tasks={"m": Task(texts=str(tmp_path / "a.jsonl"), fields=["n"])}))
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="b.txt is not UTF-8 text"):
        build("benchmarks", run, Benchmarks(tasks={"l": Task(texts=str(tmp_path / "b.txt"))}))


def test_a_task_of_two_origins_is_refused():
    with pytest.raises(ValueError, match="exactly one of file, kmmlu, texts"):
        Task(kmmlu=True, texts="a.txt")


@pytest.mark.data
def test_real_english_benchmarks_are_read_whole(build, data: Path):
    folder = next(data.rglob("llm_foundry_gauntlet"))
    names = ("arc_easy", "arc_challenge", "openbook_qa", "piqa", "siqa", "boolq", "commonsense_qa")
    tasks = {name: Task(file=str(folder / f"{name}.jsonl.gz"), lang="en") for name in names}
    found = build("benchmarks", run, Benchmarks(tasks=tasks)).metrics["tasks"]
    assert {name: task["items"] for name, task in found.items()} == {
        "arc_easy": 2376, "arc_challenge": 1172, "openbook_qa": 500, "piqa": 1838, "siqa": 1954, "boolq": 3270,
        "commonsense_qa": 1221,
    }  # fmt: skip
    with pytest.raises(InputError, match=r"winogrande.jsonl.gz record 1: it has no query and no choices"):
        build("benchmarks", run, Benchmarks(tasks={"w": Task(file=str(folder / "winogrande.jsonl.gz"))}))
