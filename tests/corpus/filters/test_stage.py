import json

from datatrove.data import Document

from corpus.filters import build
from corpus.filters.stage import as_filter
from corpus.filters.word_count import WordCount
from tests.toys import paragraphs


def test_the_interface_of_datatrove():
    step = as_filter(WordCount(low=2))
    assert step.filter(Document(text="one two", id="1")) is True
    assert step.filter(Document(text="one", id="1")) == (False, "word_count.low")


def test_run_passes_what_stays():
    documents = [Document(text="one two three", id="a"), Document(text="one", id="b")]
    step = as_filter(WordCount(low=2))
    assert [doc.id for doc in step.run(iter(documents))] == ["a"]
    assert step.name == "word count"


def test_our_rules_work_in_a_pipeline_of_datatrove(tmp_path):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    rows = [{"id": "long", "text": "\n".join(paragraphs("ko", 4))}, {"id": "short", "text": "짧은 글이다."}]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    dropped = JsonlWriter(str(tmp_path / "dropped"), compression=None)
    rules = [
        as_filter(rule, dropped if name == "word_count" else None) for name, rule in build("korean", {}, "ko").items()
    ]
    LocalPipelineExecutor(
        pipeline=[JsonlReader(str(tmp_path / "in")), *rules, JsonlWriter(str(tmp_path / "out"), compression=None)],
        tasks=1, workers=1, logging_dir=str(tmp_path / "logs"),
    ).run()  # fmt: skip
    kept = [json.loads(line) for path in (tmp_path / "out").iterdir() for line in path.read_text().splitlines()]
    dropped = [json.loads(line) for path in (tmp_path / "dropped").iterdir() for line in path.read_text().splitlines()]
    assert [row["id"] for row in kept] == ["long"]
    assert [(row["id"], row["metadata"]["filter_reason"]) for row in dropped] == [("short", "word_count.low")]
