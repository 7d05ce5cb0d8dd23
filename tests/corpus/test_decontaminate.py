"""The stage `decontaminate`: items leave the documents, documents that were about them leave the corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.config import Benchmarks, Decontaminate, Task
from corpus.decontaminate import run
from corpus.documents import files, read_documents, read_file
from eval.benchmarks import run as benchmarks
from pipeline.artifact import Artifact
from pipeline.errors import InputError
from pipeline.units import ShardDone
from tests.corpus.test_overlap import ITEM, prose

CHOICE = {"query": "다음 중 훈민정음을 창제한 조선의 임금은 누구인가?", "choices": ["세종", "태조"], "gold": 0}


@pytest.fixture
def items(build, tmp_path: Path) -> Artifact:
    (tmp_path / "asked.jsonl").write_text(json.dumps({**CHOICE, "id": 1}, ensure_ascii=False))
    (tmp_path / "guarded.txt").write_text(f"{ITEM}\n아무 데도 없는 아주 긴 질문 하나가 여기에 있다?\n")
    tasks = {
        "quiz": Task(file=str(tmp_path / "asked.jsonl")), "questions": Task(texts=str(tmp_path / "guarded.txt")),
    }  # fmt: skip
    return build("benchmarks", benchmarks, Benchmarks(tasks=tasks))


@pytest.fixture
def corpus(documents) -> Artifact:
    return documents({
        "ko_web": ("ko", [prose(0), f"{prose(1)}\n{CHOICE['query']}\n{prose(2)}", f"{ITEM}\n1989년", prose(3)]),
        "ko_chat": ("ko", [f"{ITEM}", prose(4)]),
    })  # fmt: skip


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_documents_are_cleaned_or_dropped_and_items_marked(build, corpus, items):
    made = build("decontaminate", run, Decontaminate(), {"documents": corpus, "benchmarks": {"benchmarks": items}})
    kept = {row["id"]: row for row in read_documents(made)}
    before = {row["id"]: row for row in read_documents(corpus)}
    assert sorted(kept) == ["ko_chat/1", "ko_web/0", "ko_web/1", "ko_web/3"]
    assert kept["ko_web/1"]["text"] == f"{prose(1)}\n{prose(2)}"
    assert kept["ko_web/1"]["meta"]["decontaminated"]["items"] == ["quiz/quiz/1"]
    assert all(kept[name] == before[name] for name in ("ko_chat/1", "ko_web/0", "ko_web/3"))
    gone = [row for path in sorted((made.path / "dropped").glob("*.parquet")) for row in read_file(path)]
    assert [(row["id"], row["rule"], row["value"], row["threshold"]) for row in gone] == [
        ("ko_chat/0", "benchmark", "questions/questions/0/1", "0.8"),
        ("ko_web/2", "benchmark", "questions/questions/0/1", "0.8"),
    ]
    assert gone[1]["text"] == before["ko_web/2"]["text"]
    assert {key: made.counts[key] for key in ("read", "kept", "dropped", "failed")} == {
        "read": 6, "kept": 4, "dropped": 2, "failed": 0,
    }  # fmt: skip
    assert made.counts["rules"] == {"benchmark": 2}
    sizes = made.counts["bytes"]
    assert sizes["read"] == sizes["kept"] + sizes["removed"] + sizes["dropped"]
    assert made.metrics["tasks"] == {"questions": {"items": 2, "dirty": 1}, "quiz": {"items": 1, "dirty": 1}}
    (dirty, clean) = lines(made.path / "items" / "questions.jsonl")
    assert (dirty["dirty"], dirty["documents"], dirty["first"]) == (True, 2, ["ko_chat/0", "ko_web/2"])
    assert (clean["dirty"], clean["documents"], clean["first"]) == (False, 0, [])
    for source, count in made.metrics["sources"].items():
        assert count["read"] == count["kept"] + count["dropped"], source
        assert count["bytes_read"] == count["bytes_kept"] + count["bytes_removed"] + count["bytes_dropped"]


def test_drop_takes_the_whole_document(build, corpus, items):
    inputs = {"documents": corpus, "benchmarks": {"benchmarks": items}}
    made = build("decontaminate", run, Decontaminate(action="drop"), inputs)
    assert sorted(row["id"] for row in read_documents(made)) == ["ko_chat/1", "ko_web/0", "ko_web/3"]


def test_shards_and_workers_change_no_byte(build, corpus, items, tmp_path: Path):
    inputs = {"documents": corpus, "benchmarks": {"benchmarks": items}}

    def bytes_of(artifact: Artifact) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in [*files(artifact), *(artifact.path / "items").iterdir()]}

    one = build("decontaminate", run, Decontaminate(), inputs)
    expected = bytes_of(one)
    one.path.rename(tmp_path / "kept")
    assert bytes_of(build("decontaminate", run, Decontaminate(), inputs, workers=2)) == expected


def test_a_shard_does_its_units_alone(corpus, items, tmp_path: Path):
    from pipeline.config import Run
    from pipeline.context import Context

    part = tmp_path / "x.part"
    part.mkdir()
    inputs = {"documents": corpus, "benchmarks": {"benchmarks": items}}
    context = Context("decontaminate", part, inputs, Run(root=str(tmp_path), workers=1), shard=(1, 2))
    with pytest.raises(ShardDone):
        run(Decontaminate(), context)
    assert [path.name for path in (part / ".work" / "units").iterdir()] == ["000001"]
    assert not (part / "documents").exists()


def test_an_item_file_that_is_broken_is_named(build, corpus, items):
    with (items.path / "items" / "quiz.jsonl").open("a") as file:
        file.write('{"id": 3}\n')
    inputs = {"documents": corpus, "benchmarks": {"benchmarks": items}}
    with pytest.raises(InputError, match=r"quiz.jsonl line 2 is not a benchmark item"):
        build("decontaminate", run, Decontaminate(), inputs)


def test_an_item_is_found_as_refine_leaves_it(build, documents, tmp_path: Path):
    """Full-width letters, runs of jamo and personal data are other characters in a document that was refined."""
    from corpus.pii import mask
    from corpus.text.normalize import normalize

    asked = [
        "기업 Ａ의 ＲＯＥ가 １５％이고 부채비율이 １００％일 때 총자산이익률은 얼마인가?",
        "ㅠㅠㅠㅠㅠㅠㅠㅠㅠㅠ와 ㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋ는 각각 무슨 뜻으로 쓰는가?",
        "비밀번호를 물어보는 전화가 02-123-4567에서 걸려 왔을 때 옳은 대처는 무엇인가?",
    ]
    (tmp_path / "asked.txt").write_text("\n".join(asked) + "\n")
    guarded = build("benchmarks", benchmarks, Benchmarks(tasks={"asked": Task(texts=str(tmp_path / "asked.txt"))}))
    texts = [f"{prose(at)}\n{mask(normalize(one)).text}\n{prose(at + 9)}" for at, one in enumerate(asked)]
    assert not any(one in text for one, text in zip(asked, texts, strict=True))
    inputs = {"documents": documents({"web": ("ko", texts)}), "benchmarks": {"benchmarks": guarded}}
    made = build("decontaminate", run, Decontaminate(), inputs)
    assert made.metrics["tasks"] == {"asked": {"items": 3, "dirty": 3}}
    assert [row["text"] for row in read_documents(made)] == [f"{prose(at)}\n{prose(at + 9)}" for at in range(3)]


@pytest.mark.parametrize(
    ("query", "line", "found"),
    [
        ("대한민국임시정부가 수립된 도시는?", "대한민국임시정부가 수립된 도시는?\n정답: 상하이", True),
        ("적절하지 않은 것은?", "적절하지 않은 것은?", False),
        ("적절하지 않은 것은?", "적절하지 않은 것은? 상하이", True),
    ],
)  # fmt: skip
def test_a_short_question_is_known_by_itself_or_by_its_answer(build, documents, tmp_path: Path, query, line, found):
    item = {"id": 1, "query": query, "choices": ["상하이", "충칭"], "gold": 0}
    (tmp_path / "asked.jsonl").write_text(json.dumps(item, ensure_ascii=False))
    asked = build("benchmarks", benchmarks, Benchmarks(tasks={"quiz": Task(file=str(tmp_path / "asked.jsonl"))}))
    inputs = {"documents": documents({"web": ("ko", [f"{prose(1)}\n{line}\n{prose(2)}"])})}
    made = build("decontaminate", run, Decontaminate(), {**inputs, "benchmarks": {"benchmarks": asked}})
    assert made.metrics["tasks"] == {"quiz": {"items": 1, "dirty": int(found)}}


def test_an_item_of_little_but_personal_data_is_not_every_masked_line(build, documents, tmp_path: Path):
    (tmp_path / "asked.txt").write_text("연락처: 010-1234-5678\n")
    asked = build("benchmarks", benchmarks, Benchmarks(tasks={"asked": Task(texts=str(tmp_path / "asked.txt"))}))
    text = f"{prose(1)}\n연락처: <전화번호>\n{prose(2)}"
    inputs = {"documents": documents({"web": ("ko", [text])}), "benchmarks": {"benchmarks": asked}}
    made = build("decontaminate", run, Decontaminate(), inputs)
    assert made.metrics["tasks"] == {"asked": {"items": 1, "dirty": 0}}
