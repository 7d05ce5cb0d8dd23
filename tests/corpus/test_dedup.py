"""What stood before is dropped, across files and sources, whatever the workers, shards and interruptions."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import corpus.dedup
import corpus.documents
import corpus.duplicates.joins
import corpus.duplicates.minhash
from corpus.config import Dedup
from corpus.dedup import count, run, text_key, units, url_key
from corpus.documents import files, read_documents, write_documents
from pipeline.artifact import Artifact, file_sha256, files_below, publish
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
    assert ids(made, "documents") + ids(made, "dropped") == ids(given, "documents")


def ids(artifact: Artifact, folder: str) -> Counter:
    return Counter(row["id"] for row in rows(artifact, folder))


def test_a_copy_of_a_near_duplicate_names_a_survivor_that_is_kept(build, documents):
    given = documents({"a": ("ko", [LONG, NEAR, NEAR])})
    made = build("dedup", run, Dedup(), {"documents": given})
    assert [(row["id"], row["rule"], row["value"]) for row in rows(made, "dropped")] == [
        ("a/1", "minhash", "a/0"),
        ("a/2", "exact", "a/0"),
    ]
    assert all('"dedup_similarity": 0.' in row["meta"] for row in rows(made, "dropped"))


EVERYTHING = Dedup(urls=True, lines="paragraph", line_documents=3, line_left=30)


@pytest.fixture
def web(tmp_path: Path) -> Artifact:
    """Pages with URLs, copies, near copies and a menu, in two files, the first of three row groups."""
    choose = random.Random(4)
    texts = paragraphs("ko", 60)
    for n in range(20):
        texts[n] = texts[n].replace(". ", f".\n로그인 회원가입 고객센터\n쪽 {n}\n", 1)
    texts += [LONG, NEAR, *choose.choices(texts, k=15), "로그인 회원가입 고객센터\n끝"]
    choose.shuffle(texts)
    part = tmp_path / "given" / "web.part"
    for file, found in (("a", texts[:50]), ("b", texts[50:])):
        write_documents(part / "documents" / f"{file}.parquet", (
            {"id": f"{file}/{n}", "text": text, "source": file, "lang": "ko", "license": "", "charset": "utf-8",
             "url": f"https://h.kr/{choose.randint(1, 200)}?utm_id={n}", "meta": {"n": n}}
            for n, text in enumerate(found)
        ))  # fmt: skip
    return publish(part, part.with_suffix(""), {
        "stage": "given", "version": 1, "fingerprint": "web", "section": {}, "inputs": {}, "counts": {},
        "metrics": {}, "provenance": {},
    })  # fmt: skip


def test_what_leaves_a_step_enters_the_next_and_no_byte_is_lost(build, web):
    made = build("dedup", run, EVERYTHING, {"documents": web})
    steps, counts = made.metrics["steps"], made.counts
    assert [step["step"] for step in steps] == ["url", "exact", "minhash", "lines"]
    assert all(counts["rules"].values()), counts
    size = sum(len(row["text"].encode()) for row in read_documents(web))
    assert (steps[0]["documents_in"], steps[0]["bytes_in"]) == (counts["read"], size) == (78, counts["bytes"]["read"])
    for step in steps:
        assert step["documents_out"] == step["documents_in"] - step["documents_dropped"]
        assert step["bytes_out"] == step["bytes_in"] - step["bytes_dropped"] - step["bytes_removed"]
    for one, other in pairwise(steps):
        assert (one["documents_out"], one["bytes_out"]) == (other["documents_in"], other["bytes_in"])
    kept, dropped = rows(made, "documents"), rows(made, "dropped")
    assert (steps[-1]["documents_out"], steps[-1]["bytes_out"]) == (len(kept), counts["bytes"]["kept"])
    assert counts["bytes"]["kept"] == sum(len(row["text"].encode()) for row in kept)
    assert counts["bytes"]["dropped"] == sum(len(row["text"].encode()) for row in dropped)
    assert counts["bytes"]["removed"] == steps[-1]["bytes_removed"] > 0
    assert size == sum(counts["bytes"][name] for name in ("kept", "dropped", "removed"))
    assert ids(made, "documents") + ids(made, "dropped") == ids(web, "documents")


def test_each_step_sees_what_the_one_before_it_left(build, web):
    given = {row["id"]: row for row in read_documents(web)}
    made = build("dedup", run, EVERYTHING, {"documents": web})
    dropped = {row["id"]: row for row in rows(made, "dropped")}
    urls, texts = {}, {}
    for name, row in given.items():
        rule = dropped[name]["rule"] if name in dropped else None
        assert (rule == "url") == (url_key(row["url"]) in urls), name
        urls.setdefault(url_key(row["url"]), name)
        if rule != "url":
            assert (rule == "exact") == (text_key(row["text"]) in texts), name
            texts.setdefault(text_key(row["text"]), name)
    order = list(given)
    for name, row in dropped.items():
        if row["rule"] != "lines":
            assert order.index(row["value"]) < order.index(name)
            assert row["value"] not in dropped or dropped[row["value"]]["rule"] == "lines"


def test_repeated_lines_leave_the_kept_documents_but_the_first(build, web):
    made = build("dedup", run, EVERYTHING, {"documents": web})
    menu = [row for row in read_documents(made) if "로그인 회원가입" in row["text"]]
    cut = [row for row in read_documents(made) if "dedup_lines" in row["meta"]]
    assert len(menu) == 1
    assert len(cut) > 5
    assert {row["meta"]["n"] for row in cut} <= set(range(50))
    [gone] = [row for row in rows(made, "dropped") if row["rule"] == "lines"]
    assert (gone["text"], gone["value"], gone["threshold"]) == ("로그인 회원가입 고객센터\n끝", "1", "30")
    assert sum(source["lines_removed"] for source in made.metrics["sources"].values()) == len(cut)


def test_what_differs_in_numbers_alone_stays(build, documents):
    texts = [f"{LONG} 시행일은 {year}년 {month}월 1일이다." for year, month in ((2019, 3), (2021, 9), (2021, 9))]
    given = documents({"statutes": ("ko", [*texts, texts[1].replace("시행일은", "시행일")])})
    made = build("dedup", run, Dedup(), {"documents": given})
    assert [row["id"] for row in read_documents(made)] == ["statutes/0", "statutes/1"]
    assert {row["id"]: row["rule"] for row in rows(made, "dropped")} == {
        "statutes/2": "exact",
        "statutes/3": "minhash",
    }
    bare = build("dedup", run, Dedup(keep_numbers=False), {"documents": given})
    assert [row["id"] for row in read_documents(bare)] == ["statutes/0"]


@pytest.mark.parametrize(
    ("section", "kept"),
    [
        (Dedup(minhash=False), ["a/0", "a/2"]),
        (Dedup(exact=False), ["a/0"]),
        (Dedup(ngram=1, buckets=1, hashes=128), ["a/0", "a/2"]),
        (Dedup(shingle="character"), ["a/0"]),
        (Dedup(exact=False, minhash=False, urls=True), ["a/0", "a/1", "a/2"]),
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
def several(documents, monkeypatch) -> Artifact:
    """Five files of three row groups each."""
    monkeypatch.setattr(corpus.documents, "ROWS", 10)
    choose = random.Random(2)
    pool = paragraphs("ko", 40) + paragraphs("en", 40) + [LONG, NEAR, "...", "짧다"]
    pool = [text.replace(". ", f".\n되풀이되는 줄 하나 둘 셋\n{n}\n") for n, text in enumerate(pool)]
    return documents({name: ("ko", choose.choices(pool, k=30)) for name in "abcde"})


@pytest.fixture
def finely(monkeypatch) -> None:
    """Units, ranges and bundles as a large corpus has them; workers of their own see none of this."""
    monkeypatch.setattr(corpus.dedup, "UNIT_DOCUMENTS", 10)
    monkeypatch.setattr(corpus.dedup, "TOGETHER", 500)
    monkeypatch.setattr(corpus.dedup, "BUNDLE_BYTES", 5000)
    monkeypatch.setattr(corpus.duplicates.joins, "RECORDS", 60)
    monkeypatch.setattr(corpus.duplicates.minhash, "PART", 11)


SEVERAL = Dedup(lines="paragraph", line_documents=4)


def part(tmp_path: Path, name: str, given: Artifact, **more) -> Context:
    folder = tmp_path / name / "x.part"
    folder.mkdir(parents=True, exist_ok=True)
    settings = Run(root=str(tmp_path), workers=more.pop("workers", 1))
    return Context(node="dedup", path=folder, inputs={"documents": given}, run=settings, **more)


def hashes(context: Context) -> dict[str, str]:
    found = {str(path.relative_to(context.path)): file_sha256(path) for path in files_below(context.path)}
    return {name: value for name, value in found.items() if not name.startswith(".work")}


def test_workers_and_shards_change_no_byte(tmp_path: Path, several: Artifact, finely, monkeypatch):
    plain = part(tmp_path, "plain", several)
    metrics = run(SEVERAL, plain)
    assert hashes(plain)
    assert len(hashes(plain)) > 20

    monkeypatch.setattr(corpus.duplicates.joins, "RECORDS", 1 << 21)
    two = part(tmp_path, "two", several, workers=2)
    assert run(SEVERAL, two) == metrics
    assert hashes(two) == hashes(plain)
    assert two.counts == plain.counts

    for shard in (2, 0, 1):
        with pytest.raises(ShardDone):
            run(SEVERAL, part(tmp_path, "shards", several, shard=(shard, 3)))
        assert not hashes(part(tmp_path, "shards", several))
    joined = part(tmp_path, "shards", several)
    done = {path.name: path.stat().st_mtime_ns for path in (joined.work / "units").iterdir()}
    assert len(done) == 15
    assert run(SEVERAL, joined) == metrics
    assert {path.name: path.stat().st_mtime_ns for path in (joined.work / "units").iterdir()} == done  # none done twice
    assert hashes(joined) == hashes(plain)


def test_a_lost_shard_is_done_by_the_run_without_one(tmp_path: Path, several: Artifact, finely):
    plain = part(tmp_path, "plain", several)
    metrics = run(SEVERAL, plain)
    for shard in (0, 2):
        with pytest.raises(ShardDone):
            run(SEVERAL, part(tmp_path, "lost", several, shard=(shard, 3)))
    lost = part(tmp_path, "lost", several)
    shutil.rmtree(lost.work / "units" / "000003")
    assert run(SEVERAL, lost) == metrics
    assert hashes(lost) == hashes(plain)


def test_units_large_or_small_give_the_same_documents(tmp_path: Path, several: Artifact, monkeypatch):
    def everything(context: Context) -> list[dict]:
        return [
            row
            for folder in ("documents", "dropped")
            for path in sorted((context.path / folder).glob("*"))
            for row in pq.read_table(path).to_pylist()
        ]

    coarse = part(tmp_path, "coarse", several)
    metrics = run(SEVERAL, coarse)
    assert [path.name for path in sorted((coarse.path / "documents").iterdir())] == [f"{n}.parquet" for n in "abcde"]
    monkeypatch.setattr(corpus.dedup, "UNIT_DOCUMENTS", 20)
    monkeypatch.setattr(corpus.dedup, "TOGETHER", 500)
    monkeypatch.setattr(corpus.duplicates.joins, "RECORDS", 60)
    monkeypatch.setattr(corpus.duplicates.minhash, "PART", 11)
    fine = part(tmp_path, "fine", several)
    assert run(SEVERAL, fine) == metrics
    assert fine.counts == coarse.counts
    assert everything(fine) == everything(coarse)
    assert {path.name for path in (fine.path / "documents").iterdir()} >= {"a.00000.parquet", "a.00001.parquet"}


@pytest.mark.parametrize("names", ["abcde", "abde", "bcd", "c", "edcba"])
def test_an_input_more_or_less_loses_and_doubles_no_document(build, documents, several, names: str):
    texts = {name: [row["text"] for row in read_documents(several) if row["source"] == name] for name in names}
    given = documents({name: ("ko", found) for name, found in texts.items()})
    made = build("dedup", run, Dedup(), {"documents": given})
    assert ids(made, "documents") + ids(made, "dropped") == ids(given, "documents")
    assert set((ids(made, "documents") + ids(made, "dropped")).values()) == {1}
    assert {text_key(row["text"]) for row in read_documents(made)} >= {
        text_key(row["text"]) for row in rows(given, "documents")
    } - {text_key(row["text"]) for row in rows(made, "dropped") if row["rule"] == "minhash"}


def test_units_are_fixed_by_the_files(several: Artifact, monkeypatch):
    found = units(files(several))
    assert [(unit.name, unit.begin, unit.end) for unit in found] == [(name, 0, 3) for name in "abcde"]
    monkeypatch.setattr(corpus.dedup, "UNIT_DOCUMENTS", 25)
    cut = units(files(several))
    assert [(unit.name, unit.begin, unit.end) for unit in cut[:3]] == [
        ("a.00000", 0, 2),
        ("a.00001", 2, 3),
        ("b.00000", 0, 2),
    ]
    monkeypatch.setattr(corpus.dedup, "UNIT_BYTES", 1)
    assert len(units(files(several))) == 15
    assert sum(unit.bytes for unit in cut) == sum(unit.bytes for unit in found)
    assert [row["id"] for unit in cut for row in unit.rows(["id"])] == [row["id"] for row in read_documents(several)]


def test_too_many_documents_are_told(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(corpus.dedup, "MOST", 2)
    (tmp_path / "ids.i64").write_bytes(bytes(8 * 4))
    with pytest.raises(InputError, match="2 documents at most, and its input has 3"):
        count([tmp_path])


def test_stopped_anywhere_the_rerun_gives_the_same(tmp_path: Path, several: Artifact, finely):
    asked: list[int] = []
    plain = part(tmp_path, "plain", several, stop_requested=lambda: asked.append(1) is not None)
    run(SEVERAL, plain)
    assert len(asked) > 40
    for limit in range(3, len(asked), len(asked) // 5):  # in the units, the ranges, the buckets, clusters, the writing
        calls = iter([False] * limit)
        with pytest.raises(Interrupted):
            run(
                SEVERAL,
                part(tmp_path, f"stopped{limit}", several, stop_requested=lambda calls=calls: next(calls, True)),
            )
        again = part(tmp_path, f"stopped{limit}", several)
        (again.path / "documents").mkdir(exist_ok=True)
        (again.path / "documents" / "rubbish.parquet").write_bytes(b"half a file")
        run(SEVERAL, again)
        assert hashes(again) == hashes(plain)


@pytest.mark.data
def test_real_petitions_lose_only_what_was_sent_in_twice(build, tmp_path: Path, data: Path):
    import gzip
    import json

    from corpus.duplicates.jaccard import jaccard
    from corpus.duplicates.shingles import shingles

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
        one, other = (np.unique(shingles([text], 5)[0]) for text in (row["text"], texts[int(row["value"])]))
        assert jaccard(one, other) > 0.6, (row["id"], row["value"])
