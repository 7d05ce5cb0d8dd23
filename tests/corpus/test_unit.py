import json

import pytest

from corpus.config import Refine
from corpus.documents import read_file, write_documents
from corpus.pages.guard import Lost
from corpus.split import Unit
from corpus.unit import Losses, unit_worker, write_unit
from tests.toys import paragraphs


@pytest.fixture
def unit(tmp_path):
    """Four documents in Korean, the third of them short."""
    texts = ["\n".join(paragraphs("ko", 3, seed=number)) for number in range(4)]
    texts[2] = "짧은 글이다."
    rows = [
        {"id": str(at), "text": text, "source": "a", "url": "", "lang": "ko", "license": "MIT", "charset": "utf-8",
         "meta": {}}
        for at, text in enumerate(texts)
    ]  # fmt: skip
    write_documents(tmp_path / "a.parquet", rows)
    return Unit("a", "documents", "ko", "MIT", str(tmp_path / "a.parquet"), 0, 1)


def test_a_unit_leaves_documents_dropped_and_a_tally(unit, tmp_path):
    folder = tmp_path / "unit"
    folder.mkdir()
    unit_worker(Refine().model_dump_json(), lambda: None)((unit, folder))
    tally = json.loads((folder / "tally.json").read_text())
    assert (tally["read"], tally["kept"], tally["dropped"], tally["failed"]) == (4, 3, 1, {})
    assert [row["id"] for row in read_file(folder / "documents.parquet")] == ["0", "1", "3"]
    (dropped,) = read_file(folder / "dropped.parquet")
    assert (dropped["stage"], dropped["rule"], dropped["value"]) == ("refine", "word_count", "2")
    assert not (folder / "failed.jsonl").exists()


def test_a_page_without_an_answer_is_counted_and_named(unit, tmp_path):
    def clean(raw):
        raise Lost("crash")

    folder = tmp_path / "unit"
    folder.mkdir()
    write_unit(unit, folder, lambda raw: None, clean)
    tally = json.loads((folder / "tally.json").read_text())
    assert tally["read"] == 4 and tally["failed"] == {"crash": 4}
    assert [json.loads(line)["id"] for line in (folder / "failed.jsonl").read_text().splitlines()] == list("0123")


def test_a_long_unit_gives_signs_of_life(unit, tmp_path):
    signs = []
    folder = tmp_path / "unit"
    folder.mkdir()
    unit_worker(Refine().model_dump_json(), lambda: signs.append(1))((unit, folder))
    assert len(signs) == 4


def test_no_losses_no_file(tmp_path):
    with Losses(tmp_path / "failed.jsonl") as losses:
        pass
    assert not list(tmp_path.iterdir())
    with losses:
        losses.write({"id": "ㄱ"})
    assert (tmp_path / "failed.jsonl").read_text() == '{"id": "ㄱ"}\n'
