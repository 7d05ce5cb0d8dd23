import pytest

from corpus.documents import COLUMNS, files, read_documents, read_file, write_documents
from pipeline.errors import InputError


def row(number: int, lang: str = "ko", **more):
    return {
        **dict.fromkeys(COLUMNS, ""),
        "id": f"s/{number}",
        "text": f"글 {number}\n",
        "lang": lang,
        "meta": {"n": number},
        **more,
    }


def test_what_is_written_is_read(tmp_path):
    rows = [row(number) for number in range(2500)]
    assert write_documents(tmp_path / "a.parquet", rows) == 2500
    assert list(read_file(tmp_path / "a.parquet")) == rows


def test_the_same_documents_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_documents(tmp_path / f"{name}.parquet", (row(number) for number in range(10)))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_dropped_rows_say_why(tmp_path):
    why = {"stage": "refine", "rule": "language", "value": 0.2, "threshold": 0.5}
    write_documents(tmp_path / "d.parquet", [row(1, **why)], dropped=True)
    found = next(read_file(tmp_path / "d.parquet"))
    assert (found["rule"], found["value"]) == ("language", "0.2")


def test_a_split_where_there_is_one_and_everything_where_there_is_none(documents):
    texts = [f"글 {number}" for number in range(20)]
    mixture, plain = documents({"s": ("ko", texts)}, mixture=True), documents({"s": ("ko", texts)})
    assert len(list(read_documents(mixture, "heldout"))) == 2
    assert len(list(read_documents(mixture, "train"))) == 18
    assert len(list(read_documents(plain, "train"))) == len(list(read_documents(plain, "heldout"))) == 20
    assert [path.parent.name for path in files(mixture, "train")] == ["train"]


def test_languages_can_be_asked_for(documents):
    both = documents({"a": ("ko", ["글"]), "b": ("en", ["text"])})
    assert [found["text"] for found in read_documents(both, lang="en")] == ["text"]


def test_a_file_that_is_no_documents_file(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(InputError, match=r"a\.parquet is not a documents file"):
        list(read_file(tmp_path / "a.parquet"))
