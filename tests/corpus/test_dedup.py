"""Exact and near duplicates, across files and sources, whatever the workers, shards and interruptions."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from corpus.config import Dedup
from corpus.dedup import run, text_key
from corpus.documents import read_documents
from pipeline.artifact import Artifact, file_sha256, files_below
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, Interrupted
from pipeline.units import ShardDone
from tests.toys import KOREAN, paragraphs

LONG = " ".join(KOREAN) + " " + " ".join(f"항목{n} 값{n * 7}" for n in range(60))
NEAR = LONG.replace("항목30", "항목삼십")


def rows(artifact: Artifact, folder: str) -> list[dict]:
    return [row for path in sorted((artifact.path / folder).glob("*")) for row in pq.read_table(path).to_pylist()]


def published(artifact: Artifact) -> dict[str, str]:
    return {entry["path"]: entry["sha256"] for entry in artifact.manifest["files"]}


def test_text_key_knows_no_composition_and_no_white_space():
    assert text_key("가나  다\n") == text_key("\u1100\u1161\u1102\u1161 다")
    assert text_key("가나 다") != text_key("가 나다")
    assert len(text_key("")) == 16


def test_the_first_survives_across_files_and_sources(build, documents):
    given = documents({
        "a": ("ko", ["하나뿐인 글입니다. 다른 곳에 없습니다.", LONG, "다시  나오는 글입니다."]),
        "b": ("ko", ["다시 나오는\n글입니다.", NEAR, "둘째 원천에만 있는 글입니다. 정말로요."]),
        "c": ("en", [LONG, "다시 나오는 글입니다."]),
    })  # fmt: skip
    made = build("dedup", run, Dedup(), {"documents": given})
    assert [row["id"] for row in read_documents(made)] == ["a/0", "a/1", "a/2", "b/2"]
    assert {row["id"]: (row["rule"], row["value"], row["stage"]) for row in rows(made, "dropped")} == {
        "b/0": ("exact", "a/2", "dedup"),
        "b/1": ("minhash", "a/1", "dedup"),
        "c/0": ("exact", "a/1", "dedup"),
        "c/1": ("exact", "a/2", "dedup"),
    }
    near = next(row for row in rows(made, "dropped") if row["rule"] == "minhash")
    assert near["threshold"] == "0.719"
    assert near["text"] == NEAR
    assert '"dedup_similarity": 0.' in near["meta"]


def test_counts_and_bytes_add_up(build, documents):
    texts = paragraphs("ko", 60)
    given = documents({"a": ("ko", texts), "b": ("ko", [*texts[:20], *paragraphs("ko", 20, seed=9)])})
    made = build("dedup", run, Dedup(), {"documents": given})
    counts = made.counts
    assert counts["read"] == 100 == counts["kept"] + counts["dropped"] + counts["failed"]
    assert counts["dropped"] == sum(counts["rules"].values()) >= 20
    assert counts["kept"] == len(list(read_documents(made)))
    assert counts["dropped"] == len(rows(made, "dropped"))
    size = sum(len(row["text"].encode()) for row in read_documents(given))
    assert counts["bytes"]["read"] == size == counts["bytes"]["kept"] + counts["bytes"]["dropped"]
    assert counts["bytes"]["kept"] == sum(len(row["text"].encode()) for row in read_documents(made))
    sources = made.metrics["sources"].values()
    assert sum(source["kept"] for source in sources) == counts["kept"]
    everything = sorted([row["id"] for row in read_documents(made)] + [row["id"] for row in rows(made, "dropped")])
    assert everything == sorted(row["id"] for row in read_documents(given))


def test_a_copy_of_a_near_duplicate_names_a_survivor_that_is_kept(build, documents):
    given = documents({"a": ("ko", [LONG, NEAR, NEAR])})
    made = build("dedup", run, Dedup(), {"documents": given})
    assert [(row["id"], row["rule"], row["value"]) for row in rows(made, "dropped")] == [
        ("a/1", "minhash", "a/0"),
        ("a/2", "minhash", "a/0"),
    ]


@pytest.mark.parametrize(
    ("section", "kept"),
    [
        (Dedup(minhash=False), ["a/0", "a/2"]),
        (Dedup(exact=False), ["a/0"]),
        (Dedup(ngram=1, buckets=1, hashes=128), ["a/0", "a/2"]),
    ],
)
def test_each_half_can_be_turned_off(build, documents, section, kept):
    given = documents({"a": ("ko", [LONG, LONG, NEAR])})
    made = build("dedup", run, section, {"documents": given})
    assert [row["id"] for row in read_documents(made)] == kept


def test_nothing_to_do_and_nothing_to_read_are_told(build, documents):
    with pytest.raises(ConfigError, match="would do nothing"):
        build("dedup", run, Dedup(exact=False, minhash=False), {"documents": documents({"a": ("ko", ["글"])})})
    with pytest.raises(InputError, match=r"no documents/\*\.parquet"):
        build("dedup", run, Dedup(), {"documents": documents({"a": ("ko", ["글"])}, mixture=True)})


@pytest.fixture
def several(documents) -> Artifact:
    choose = random.Random(2)
    pool = paragraphs("ko", 40) + paragraphs("en", 40) + [LONG, NEAR, "...", "짧다"]
    return documents({name: ("ko", choose.choices(pool, k=30)) for name in "abcde"})


def part(tmp_path: Path, name: str, given: Artifact, **more) -> Context:
    folder = tmp_path / name / "x.part"
    folder.mkdir(parents=True, exist_ok=True)
    settings = Run(root=str(tmp_path), workers=more.pop("workers", 1))
    return Context(node="dedup", path=folder, inputs={"documents": given}, run=settings, **more)


def hashes(context: Context) -> dict[str, str]:
    found = {str(path.relative_to(context.path)): file_sha256(path) for path in files_below(context.path)}
    return {name: value for name, value in found.items() if not name.startswith(".work")}


def test_workers_and_shards_change_no_byte(tmp_path: Path, several: Artifact):
    plain = part(tmp_path, "plain", several)
    metrics = run(Dedup(), plain)
    assert hashes(plain)

    two = part(tmp_path, "two", several, workers=2)
    assert run(Dedup(), two) == metrics
    assert hashes(two) == hashes(plain)
    assert two.counts == plain.counts

    for shard in (2, 0, 1):
        with pytest.raises(ShardDone):
            run(Dedup(), part(tmp_path, "shards", several, shard=(shard, 3)))
        assert not hashes(part(tmp_path, "shards", several))
    joined = part(tmp_path, "shards", several)
    units = joined.work / "units"
    done = {path.name: path.stat().st_mtime_ns for path in units.iterdir()}
    assert len(done) == 5
    assert run(Dedup(), joined) == metrics
    assert {path.name: path.stat().st_mtime_ns for path in units.iterdir()} == done  # nothing signed twice
    assert hashes(joined) == hashes(plain)


def test_stopped_anywhere_the_rerun_gives_the_same(tmp_path: Path, several: Artifact):
    plain = part(tmp_path, "plain", several)
    run(Dedup(), plain)
    for limit in (1, 4, 7, 18, 22):  # within the units, the buckets, the writing
        calls = iter([False] * limit)
        with pytest.raises(Interrupted):
            run(
                Dedup(),
                part(tmp_path, f"stopped{limit}", several, stop_requested=lambda calls=calls: next(calls, True)),
            )
        again = part(tmp_path, f"stopped{limit}", several)
        (again.path / "documents").mkdir(exist_ok=True)
        (again.path / "documents" / "rubbish.parquet").write_bytes(b"half a file")
        run(Dedup(), again)
        assert hashes(again) == hashes(plain)


@pytest.mark.data
def test_real_petitions_lose_only_what_was_sent_in_twice(build, tmp_path: Path, data: Path):
    import gzip
    import json

    from corpus.documents import write_documents
    from corpus.minhash import shingles
    from pipeline.artifact import publish

    with gzip.open(next(data.rglob("ko_petitions.jsonl.gz")), "rt") as file:
        texts = [json.loads(line)["text"] for line in file]
    made = tmp_path / "given" / "petitions.part"
    write_documents(made / "documents" / "petitions.parquet", (
        {"id": str(n), "text": text, "source": "petitions", "url": "", "lang": "ko", "license": "unknown",
         "charset": "utf-8", "meta": {}} for n, text in enumerate(texts)
    ))  # fmt: skip
    given = publish(made, made.with_suffix(""), {
        "stage": "given", "version": 1, "fingerprint": "petitions", "section": {}, "inputs": {}, "counts": {},
        "metrics": {}, "provenance": {},
    })  # fmt: skip
    dropped = rows(build("dedup", run, Dedup(), {"documents": given}), "dropped")
    assert 20 <= len(dropped) <= 60
    for row in dropped:
        one, other = (set(shingles(text, 5).tolist()) for text in (row["text"], texts[int(row["value"])]))
        assert len(one & other) / len(one | other) > 0.6, (row["id"], row["value"])
