import numpy as np
import pytest

from corpus.documents import read_file, write_documents
from corpus.scores.scoring import Chunk, Reason, Scores, Verdict, chunks, quantile, read_chunk, sort_chunk, write_scores
from pipeline.artifact import Artifact
from pipeline.errors import InputError


def rows(count, source="a"):
    return [
        {"id": f"{source}/{n}", "text": f"글 {n}", "source": source, "url": "", "lang": "ko", "license": "CC0-1.0",
         "charset": "utf-8", "meta": {"n": n}}
        for n in range(count)
    ]  # fmt: skip


def test_a_large_file_is_many_chunks_and_nothing_is_lost(tmp_path):
    write_documents(tmp_path / "documents" / "00000-a.parquet", rows(2500))
    write_documents(tmp_path / "documents" / "00001-b.parquet", rows(3, "b"))
    write_documents(tmp_path / "documents" / "00002-c.parquet", [])
    whole = chunks(Artifact(tmp_path))
    small = chunks(Artifact(tmp_path), size=1)
    assert [chunk.name for chunk in whole] == ["00000-a", "00001-b", "00002-c"]
    assert [chunk.name for chunk in small] == [*(f"00000-a-{n:05d}" for n in range(3)), "00001-b", "00002-c"]
    ids = [row["id"] for chunk in small for row in read_chunk(chunk)]
    assert ids == [row["id"] for row in [*rows(2500), *rows(3, "b")]]
    assert [row["text"] for row in read_chunk(small[-2], ("text",))] == ["글 0", "글 1", "글 2"]


def test_no_documents_and_no_parquet(tmp_path):
    with pytest.raises(InputError, match="no documents"):
        chunks(Artifact(tmp_path))
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="not a documents file"):
        chunks(Artifact(tmp_path))


def test_quantiles_are_values_that_occur():
    ordered = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    assert [quantile(ordered, share) for share in (0.05, 0.1, 0.3, 0.5, 1.0)] == [1, 1, 3, 5, 10]
    assert quantile(np.array([7.0]), 0.3) == 7


def test_scores_of_units_in_any_order_of_names(tmp_path):
    for name, scores, sources in (("0", [3.0, np.nan, 1.0], ["b", "b", "a"]), ("1", [], []), ("2", [2.0], ["b"])):
        (tmp_path / name).mkdir()
        write_scores(tmp_path / name, scores, sources, [10] * len(scores))
    found = Scores([tmp_path / name for name in "012"])
    assert found.of().tolist() == [1, 2, 3]
    assert found.of("b").tolist() == [2, 3]
    assert {name: row["documents"] for name, row in found.table().items()} == {"a": 1, "b": 2}


def test_kept_and_dropped(tmp_path):
    write_documents(tmp_path / "in.parquet", rows(5))
    chunk = Chunk(str(tmp_path / "in.parquet"), 0, 1, "in")

    def judge(place, document):
        assert document["meta"] == {"n": place}
        return Verdict({"score": place}, Reason("rule", place, 3.0) if place < 3 else None)

    sort_chunk(chunk, tmp_path, "stage", judge)
    assert [row["meta"] for row in read_file(tmp_path / "documents.parquet")] == [
        {"n": 3, "score": 3}, {"n": 4, "score": 4},
    ]  # fmt: skip
    dropped = list(read_file(tmp_path / "dropped.parquet"))
    assert [(row["stage"], row["rule"], row["value"], row["threshold"]) for row in dropped] == [
        ("stage", "rule", str(place), "3.0") for place in range(3)
    ]
