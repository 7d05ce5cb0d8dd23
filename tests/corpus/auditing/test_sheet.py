from __future__ import annotations

import json
import random

from corpus.auditing.sheet import Sample, write_sheet


def offer(sample, rows):
    for row in rows:
        if (rank := sample.rank((row["fate"], row["rule"]), row["id"])) is not None:
            sample.add(rank, row)


def row(number, fate="kept", rule="word_count", text="글"):
    return {
        "fate": fate, "rule": rule, "option": "low", "value": "3", "threshold": "2", "id": f"s/{number}", "source": "s",
        "url": "", "lang": "ko", "bytes": 3, "text": text, "verdict": "",
    }  # fmt: skip


def test_the_sample_does_not_depend_on_the_order_or_on_how_it_is_split(tmp_path):
    rows = [row(number) for number in range(200)]
    whole = Sample(seed=1, size=10)
    offer(whole, rows)
    random.Random(0).shuffle(rows)
    parts = Sample(seed=1, size=10)
    for start in range(0, 200, 37):
        part = Sample(seed=1, size=10)
        offer(part, rows[start : start + 37])
        part.write(tmp_path / "part.tsv")
        parts.read(tmp_path / "part.tsv")
    assert list(parts.rows([])) == list(whole.rows([]))
    other = Sample(seed=2, size=10)
    offer(other, rows)
    assert list(other.rows([])) != list(whole.rows([]))


def test_a_size_of_nothing_holds_nothing():
    sample = Sample(seed=0, size=0)
    offer(sample, [row(1)])
    assert list(sample.rows([])) == []


def test_dropped_comes_before_kept_and_rules_in_their_order():
    sample = Sample(seed=0, size=2)
    offer(sample, [row(1, "kept", "b"), row(2, "kept", "a"), row(3, "dropped", "z"), row(4, "newly kept", "a")])
    found = [(one["fate"], one["rule"]) for one in sample.rows(["b", "a"])]
    assert found == [("dropped", "z"), ("kept", "b"), ("kept", "a"), ("newly kept", "a")]


def test_the_sheet_is_a_table_whatever_the_text_holds(tmp_path):
    write_sheet([row(1, text="가 | 나\n\n<b>다</b> \\"), row(2)], tmp_path)
    lines = [line for line in (tmp_path / "sheet.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert len(lines) == 4
    assert "가 \\| 나 ⏎ &lt;b>다&lt;/b> \\\\" in lines[2]
    back = [json.loads(line) for line in (tmp_path / "sheet.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [one["id"] for one in back] == ["s/1", "s/2"] and back[0]["verdict"] == ""
