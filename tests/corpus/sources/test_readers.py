"""Documents from JSONL, Parquet and datasets: what is kept, what is counted, what is refused."""

from __future__ import annotations

import datetime
import gzip
import json

import pytest

from corpus.sources.readers import (
    JSONL,
    Defaults,
    Records,
    Unfit,
    as_documents,
    dataset_rows,
    jsonl_rows,
    matches,
    parquet_rows,
    plain,
)
from pipeline.errors import ConfigError, InputError

DEFAULTS = Defaults("mine", "ko", "CC0-1.0")


def documents(rows, defaults=DEFAULTS, taken=None):
    records = Records()
    return list(as_documents(rows, defaults, records, set() if taken is None else taken)), records


def lines(path, *rows):
    path.write_bytes(b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows))
    return path


def test_only_text_is_needed(tmp_path):
    found, records = documents(jsonl_rows([lines(tmp_path / "a.jsonl", {"text": "하나"}, {"text": "둘"})]))
    assert found == [
        {"id": f"mine/{number}", "text": text, "source": "mine", "url": "", "lang": "ko", "license": "CC0-1.0",
         "charset": "utf-8", "meta": {}}
        for number, text in enumerate(["하나", "둘"])
    ]  # fmt: skip
    assert (records.read, records.kept, records.dropped, records.failed.total()) == (2, 2, 0, 0)


def test_a_documents_own_fields_are_kept(tmp_path):
    row = {"text": "글", "id": "d1", "url": "http://a.example", "lang": "en", "license": "MIT", "source": "theirs",
           "meta": {"kept": [1, None]}, "stars": 5, "charset": 7, "nested": {"a": {"b": "c"}}}  # fmt: skip
    (found,), _ = documents(jsonl_rows([lines(tmp_path / "a.jsonl", row)]))
    assert {key: found[key] for key in ("id", "url", "lang", "license", "source", "charset")} == {
        "id": "d1", "url": "http://a.example", "lang": "en", "license": "MIT", "source": "mine", "charset": "utf-8",
    }  # fmt: skip
    assert found["meta"] == {"kept": [1, None], "source": "theirs", "stars": 5, "charset": 7,
                             "nested": {"a": {"b": "c"}}}  # fmt: skip


def test_ids_are_unique_across_files_and_sources(tmp_path):
    one = lines(tmp_path / "a.jsonl", {"text": "1", "id": "x"}, {"text": "2", "id": "x"}, {"text": "3", "id": "mine/3"})
    two = lines(tmp_path / "b.jsonl", {"text": "4"}, {"text": "5", "id": 7}, {"text": "6", "id": True})
    taken = set()
    found, _ = documents(jsonl_rows([one, two]), taken=taken)
    assert [document["id"] for document in found] == ["x", "x#mine/1", "mine/3", "mine/3#mine/3", "7", "mine/5"]
    again, _ = documents(jsonl_rows([one]), Defaults("other", "ko", ""), taken)
    assert not {document["id"] for document in again} & {document["id"] for document in found}


def test_bad_lines_are_counted_with_their_numbers(tmp_path):
    path = lines(
        tmp_path / "a.jsonl", b'\xef\xbb\xbf{"text": "bom"}\r\n', b"{broken\n", b"\n", b'{"text": "\xff"}\n', b"[1]\n",
        {"body": "x"}, {"text": 3}, {"text": " "}, b'{"text": "\\ud800"}\n', b'{"text": "last, no newline"}',
    )  # fmt: skip
    found, records = documents(jsonl_rows([path]))
    assert [document["text"] for document in found] == ["bom", "last, no newline"]
    assert (records.read, records.kept, records.dropped, records.failed.total()) == (9, 2, 1, 6)
    assert [(one["line"], one["reason"].split(";")[0]) for one in records.examples] == [
        (2, "broken JSON"), (4, "not UTF-8"), (5, "not a JSON object"), (6, "no field 'text'"),
        (7, "field 'text' is not text"), (9, "broken JSON"),
    ]  # fmt: skip


def nested(depth):
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("depth", [251, 252, 253, 254, 300, 1000])
def test_what_is_nested_too_deep_is_counted_and_takes_no_id(tmp_path, depth):
    deep = b'{"text": "\xea\xb8\x80", "id": "a", "m": ' + nested(depth) + b"}\n"
    found, records = documents(jsonl_rows([lines(tmp_path / "a.jsonl", deep, {"text": "b", "id": "a"})]))
    assert [(document["id"], document["text"]) for document in found] == [("a", "b")]
    assert (records.read, records.kept, records.failed) == (2, 1, {"nested too deep": 1})
    assert records.examples == [{"file": "a.jsonl", "line": 1, "reason": "nested too deep"}]


def test_metadata_that_is_no_json_has_a_reason():
    with pytest.raises(Unfit, match="^no JSON: Integer exceeds 64-bit range$"):
        plain({"a": 2**70})


def test_endless_lines_are_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr("corpus.sources.readers.LINE_LIMIT", 1000)
    path = lines(tmp_path / "a.jsonl", {"text": "a" * 5000}, {"text": "b"})
    found, records = documents(jsonl_rows([path]))
    assert [document["text"] for document in found] == ["b"] and records.failed == {"line too long": 1}


def test_compressed_lines_and_files_that_are_cut_off(tmp_path):
    data = b"".join(json.dumps({"text": f"글 {number} {number**9}"}).encode() + b"\n" for number in range(2000))
    whole, cut = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    whole.write_bytes(gzip.compress(data))
    cut.write_bytes(gzip.compress(data)[:-2000])
    assert documents(jsonl_rows([whole]))[1].kept == 2000
    with pytest.raises(InputError, match=r"b\.jsonl\.gz is cut off or corrupt behind line \d+"):
        documents(jsonl_rows([cut]))


def test_parquet_rows(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    table = pa.table({
        "body": ["글", None, ""], "when": [datetime.date(2020, 1, 2)] * 3, "raw": [b"\x00\x01"] * 3,
        "odd": [float("nan"), 1.0, 2.0],
    })  # fmt: skip
    pq.write_table(table, path)
    found, records = documents(parquet_rows([path], "body"), Defaults("p", "ko", "", "body"))
    assert found[0]["meta"] == {"when": "2020-01-02", "raw": "<2 bytes>", "odd": None}
    assert (records.read, records.kept, records.dropped, records.failed.total()) == (3, 1, 1, 1)
    with pytest.raises(InputError, match="no column 'text'; its columns are body, when, raw, odd"):
        list(parquet_rows([path], "text"))
    (tmp_path / "b.parquet").write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"b\.parquet is not a readable Parquet file"):
        list(parquet_rows([tmp_path / "b.parquet"], "body"))


def test_dataset_folders(tmp_path):
    import datasets

    (tmp_path / "data").mkdir()
    lines(tmp_path / "data" / "train.jsonl", {"text": "하나", "n": 1}, {"text": "둘", "n": 2})
    saved = datasets.Dataset.from_list([{"text": "셋"}])
    saved.save_to_disk(str(tmp_path / "saved"))
    assert [row["text"] for _, _, row in dataset_rows(str(tmp_path / "data"), "train", tmp_path)] == ["하나", "둘"]
    assert [row["text"] for _, _, row in dataset_rows(str(tmp_path / "saved"), "train", tmp_path)] == ["셋"]
    with pytest.raises(InputError, match=r"split nope\) cannot be read"):
        list(dataset_rows(str(tmp_path / "data"), "nope", tmp_path))
    with pytest.raises(InputError, match="dataset nobody/nothing"):
        list(dataset_rows("nobody/nothing@0123456", "train", tmp_path))


def test_paths_are_files_folders_and_globs(tmp_path):
    for name in ("b.jsonl", "a.jsonl.gz", "sub/c.JSONL", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in matches(str(tmp_path), JSONL, "k")] == ["a.jsonl.gz", "b.jsonl", "c.JSONL"]
    assert [path.name for path in matches(str(tmp_path / "*.txt"), JSONL, "k")] == ["notes.txt"]
    assert [path.name for path in matches(str(tmp_path / "notes.txt"), JSONL, "k")] == ["notes.txt"]
    with pytest.raises(InputError, match="k: .*none does not exist"):
        matches(str(tmp_path / "none"), JSONL, "k")
    with pytest.raises(InputError, match="holds no file named"):
        matches(str(tmp_path), (".parquet",), "k")
    with pytest.raises(ConfigError, match="folders only"):
        matches(str(tmp_path / "su*"), JSONL, "k")
