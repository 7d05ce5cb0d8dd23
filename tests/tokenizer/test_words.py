from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.documents import row_groups, write_documents
from pipeline.errors import InputError
from tokenizer.scripts import Scripts
from tokenizer.words import GROUPS, SCALE, Unit, Words, count_unit, splitter


def rows(texts: list[str], source: str = "a") -> list[dict]:
    given = {"url": "", "license": "CC0-1.0", "charset": "utf-8", "meta": {}}
    return [
        {"id": f"{source}{at}", "text": text, "source": source, "lang": "ko", **given} for at, text in enumerate(texts)
    ]


def test_a_unit_counts_by_source(tmp_path: Path) -> None:
    english = [{**row, "lang": "en"} for row in rows(["plain words"], "b")]
    given = [*rows(["가나 다", "가나 가나", "none"]), *rows(["다"], "b"), *english]
    write_documents(tmp_path / "a.parquet", given)
    folder = tmp_path / "unit"
    folder.mkdir()
    count_unit(Unit(tmp_path / "a.parquet", 0), folder, lang="ko", scripts=["hangul"], tokenizer=None)
    facts = json.loads((folder / "facts.json").read_text())
    assert (facts["read"], facts["kept"], facts["langs"]) == (4, 3, ["en", "ko"])
    assert {source: found["total"] for source, found in facts["sources"].items()} == {"a": 4, "b": 1}
    words = Words(tmp_path)
    for source, found in facts["sources"].items():
        words.totals[source] = found["total"]
        words.runs[source] = [folder / run for run in found["runs"]]
    assert list(words.added_up(1.0)) == [(" 가나", SCALE), (" 다", SCALE), ("가나", 2 * SCALE), ("다", SCALE)]
    assert words.weights(0.0) == {"a": round(SCALE / 4), "b": SCALE}


def test_units_cover_every_row_group_once(tmp_path: Path, monkeypatch) -> None:
    from corpus import documents
    from tokenizer import words

    monkeypatch.setattr(documents, "ROWS", 2)
    monkeypatch.setattr(words, "GROUPS", 2)
    write_documents(tmp_path / "a.parquet", rows([f"가{chr(0xAC00 + at)}" for at in range(9)]))
    assert row_groups(tmp_path / "a.parquet") == 5 and GROUPS > 2
    total = 0
    for first in range(0, 5, 2):
        folder = tmp_path / str(first)
        folder.mkdir()
        count_unit(Unit(tmp_path / "a.parquet", first), folder, lang="ko", scripts=["hangul"], tokenizer=None)
        total += json.loads((folder / "facts.json").read_text())["read"]
    assert total == 9


def test_a_file_that_is_no_documents_file(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="is not a documents file"):
        row_groups(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="is not a documents file"):
        count_unit(Unit(tmp_path / "a.parquet", 0), tmp_path, lang="ko", scripts=["hangul"], tokenizer=None)


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_the_base_cuts_no_differently_in_plain_hangul(request, name: str) -> None:
    text = "API를 호출하면  JSON이\n 반환됩니다(예: 문서)."
    path = str(request.getfixturevalue(name) / "tokenizer.json")
    assert splitter(Scripts(), path)(text) == splitter(Scripts(), None)(text)


def test_many_small_sources_alike_count_fully(tmp_path: Path) -> None:
    words = Words(tmp_path, totals={f"s{at}": 1000 for at in range(1500)})
    assert set(words.weights(0.5).values()) == {SCALE}
