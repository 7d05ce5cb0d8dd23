import gzip
import json
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.documents import read_documents
from corpus.leaf import adopt
from pipeline.config import Leaf
from pipeline.errors import InputError


def test_jsonl_needs_only_text_and_keeps_what_it_says(tmp_path, build):
    rows = [{"text": "하나", "license": "MIT", "url": "u"}, {"text": "둘", "meta": {"a": 1}}]
    with gzip.open(tmp_path / "d.jsonl.gz", "wt") as file:
        file.write("\n".join(json.dumps(row) for row in rows) + "\n\n")
    artifact = build("mix", adopt, Leaf(use=str(tmp_path / "d.jsonl.gz"), lang="ko", license="CC0-1.0"))
    found = list(read_documents(artifact, "train"))
    assert [(one["text"], one["license"], one["lang"]) for one in found] == [
        ("하나", "MIT", "ko"),
        ("둘", "CC0-1.0", "ko"),
    ]
    assert found[1]["meta"] == {"a": 1}
    assert len({one["id"] for one in found}) == 2
    assert artifact.counts == {"read": 2, "kept": 2, "dropped": 0, "failed": 0}


def test_parquet_and_our_own_folders(tmp_path, build, documents):
    mixture = documents({"s": ("ko", ["가", "나", "다"])}, mixture=True)
    again = build("mix", adopt, Leaf(use=str(mixture.path)))
    assert list(read_documents(again, "heldout")) == list(read_documents(mixture, "heldout"))
    assert list(read_documents(again, "train")) == list(read_documents(mixture, "train"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"text": "a"}\n{"txt": 1}\n', "record 2: no text"),
        ('{"text": "a"}\nnot json\n', "line 2: not JSON"),
        ("[1]\n", "line 1: a JSON object"),
        ('{"text": ""}\n', "record 1"),
        ("", "no document"),
        ('{"text": "a"}\n{"text": "\\ud800"}\n', "line 2"),
        ("[" * 100_000 + "\n", "line 1"),
        ('{"text": "a", "meta": {"m": ' + "[" * 300 + "]" * 300 + "}}\n", "record 1: meta: nested too deep"),
    ],
)
def test_bad_input_is_named(tmp_path, build, text, said):
    (tmp_path / "d.jsonl").write_text(text)
    with pytest.raises(InputError, match=said):
        build("mix", adopt, Leaf(use=str(tmp_path / "d.jsonl")))


def test_a_truncated_gzip_is_named(tmp_path, build):
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(b'{"text": "abc"}\n' * 1000)[:-20])
    with pytest.raises(InputError, match="cannot be read"):
        build("mix", adopt, Leaf(use=str(tmp_path / "d.jsonl.gz")))


def test_a_byte_order_mark_and_repeated_ids(tmp_path, build):
    (tmp_path / "d.jsonl").write_bytes(b"\xef\xbb\xbf" + b'{"text": "a", "id": "x"}\n' * 3)
    found = list(read_documents(build("mix", adopt, Leaf(use=str(tmp_path / "d.jsonl")))))
    assert len({one["id"] for one in found}) == 3


def test_a_damaged_gzip_is_named(tmp_path, build):
    data = bytearray(gzip.compress("".join(f'{{"text": "{n}"}}\n' for n in range(5000)).encode()))
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    (tmp_path / "d.jsonl.gz").write_bytes(data)
    with pytest.raises(InputError, match=r"d\.jsonl\.gz"):
        build("mix", adopt, Leaf(use=str(tmp_path / "d.jsonl.gz")))


@pytest.mark.parametrize(
    ("meta", "read"),
    [
        (None, {}), ('{"a": [1, "b"]}', {"a": [1, "b"]}), ("a note", {"text": "a note"}), ("", {}),
        ({"day": datetime(2024, 1, 2), "n": 1}, {"day": "2024-01-02T00:00:00", "n": 1}), ([1], {}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("whole", [True, False])
def test_parquet_of_others_keeps_what_it_says(tmp_path, build, meta, read, whole):
    row = {"id": 7, "text": "하나", "meta": meta}
    rest = {"source": "s", "url": "u", "lang": "ko", "license": "MIT", "charset": "utf-8"} if whole else {}
    pq.write_table(pa.Table.from_pylist([{**row, **rest}]), tmp_path / "d.parquet")
    (found,) = read_documents(build("mix", adopt, Leaf(use=str(tmp_path / "d.parquet"))))
    assert (found["id"], found["text"], found["meta"]) == ("7", "하나", read)
