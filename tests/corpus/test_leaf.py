import gzip
import json

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
