"""The audit's figures add up, over rules, sources and what moved."""

from __future__ import annotations

import json
from pathlib import Path

from corpus.auditing.audit_tables import add, add_all, publish_tables


def test_cells_add_up():
    cells: dict[str, list[int]] = {}
    add(cells, "was|", (1, 10, 3))
    add_all(cells, {"was|": [2, 20, 4], "judged": [1, 1, 1]})
    assert cells == {"was|": [3, 30, 7], "judged": [1, 1, 1]}


def test_tables_of_two_sources(tmp_path: Path):
    web = {
        "was|": [6, 60, 12], "was|word_count": [4, 8, 2], "judged": [10, 68, 14], "now|": [7, 64, 13],
        "now|word_count": [3, 4, 1], "alone|word_count": [4, 8, 2], "moved|word_count|": [1, 4, 1],
    }  # fmt: skip
    wiki = {"was|": [5, 50, 9], "judged": [5, 50, 9], "now|": [5, 50, 9]}
    judged_by = {"rules": "korean", "thresholds": {}, "tokens": True}
    made = publish_tables({"web": web, "wiki": wiki}, {"a.kr": web}, judged_by, tmp_path)
    assert json.loads((tmp_path / "rules.json").read_text(encoding="utf-8")) == made
    totals = made["totals"]
    assert totals["kept"] == {"documents": 11, "bytes": 110, "tokens": 21}
    assert totals["kept"]["documents"] + totals["dropped"]["documents"] == 15 == totals["judged"]["documents"]
    assert made["rules"]["word_count"]["kept"] == {"documents": 11, "bytes": 110, "tokens": 21}
    assert made["moved"] == [{"from": "word_count", "to": "", "documents": 1, "bytes": 4, "tokens": 1}]
    assert made["sources"]["wiki"]["rules"] == {} and list(made["domains"]) == ["a.kr"]
    page = (tmp_path / "rules.md").read_text(encoding="utf-8")
    assert "word_count" in page and "a.kr" in page


def test_without_a_tokenizer_no_tokens_are_claimed(tmp_path: Path):
    cells = {"was|": [1, 2, 0], "judged": [1, 2, 0], "now|": [1, 2, 0]}
    made = publish_tables({"web": cells}, {}, {"rules": "stock", "thresholds": {}, "tokens": False}, tmp_path)
    assert made["totals"]["kept"] == {"documents": 1, "bytes": 2, "tokens": None}
