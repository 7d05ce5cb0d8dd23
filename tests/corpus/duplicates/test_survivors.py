from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np

from corpus.duplicates.lines import Limits
from corpus.duplicates.survivors import RULES, Ids, Judge, note, steps
from corpus.duplicates.verdict import Verdict


def unit(folder: Path, names: list[str]) -> Path:
    folder.mkdir()
    parts = [name.encode() for name in names]
    (folder / "ids.bin").write_bytes(b"".join(parts))
    np.cumsum([0, *map(len, parts)]).astype(np.int64).tofile(folder / "ids.i64")
    return folder


def judge(tmp_path: Path, verdict: Verdict, limits: Limits | None = None) -> Judge:
    folders = [unit(tmp_path / "0", ["a/0", "문서/1"]), unit(tmp_path / "1", []), unit(tmp_path / "2", ["c/0", "c/1"])]
    verdict.settle()
    verdict.save(tmp_path)
    return Judge(folders, (0, 2, 2), tmp_path, limits, 20, 0.719)


def row(text: str) -> dict:
    return {"id": "x", "text": text, "source": "s", "meta": json.dumps({"title": "제목"})}


def test_ids_of_all_units_by_number(tmp_path: Path):
    ids = judge(tmp_path, Verdict(4)).ids
    assert isinstance(ids, Ids)
    assert [ids[number] for number in range(4)] == ["a/0", "문서/1", "c/0", "c/1"]


def test_a_dropped_document_names_the_rule_and_the_survivor(tmp_path: Path):
    verdict = Verdict(4)
    verdict.drop("url", np.array([[2, 1]]))
    verdict.drop_near([(3, 1, 1.0)])
    found = judge(tmp_path, verdict)
    kept, dropped, near = (found.judge(number, row("글")) for number in (1, 2, 3))
    assert kept["meta"] == {"title": "제목"}
    assert "rule" not in kept
    assert (dropped["rule"], dropped["value"], dropped["threshold"], dropped["meta"]) == (
        "url", "문서/1", "", {"title": "제목"},
    )  # fmt: skip
    assert (near["rule"], near["value"], near["threshold"]) == ("minhash", "문서/1", 0.719)
    assert near["meta"] == {"title": "제목", "dedup_similarity": 1.0}


def test_too_little_left_is_dropped_whole_and_enough_is_kept(tmp_path: Path):
    from corpus.duplicates.lines import hashes
    from corpus.duplicates.shingles import encode

    menu = "로그인 회원가입 고객센터"
    hashes(encode([menu]), 1)[0].tofile(tmp_path / "repeated.u64")
    np.array([0]).tofile(tmp_path / "repeated.i64")
    found = judge(tmp_path, Verdict(4), Limits(5, 3, "first"))
    body = "스무 글자보다는 길게 이어지는 본문이 여기에 있다."
    assert found.judge(0, row(f"{menu}\n짧다"))["text"] == f"{menu}\n짧다"
    short = found.judge(1, row(f"{menu}\n짧다"))
    assert (short["rule"], short["value"], short["threshold"], short["text"]) == ("lines", 2, 20, f"{menu}\n짧다")
    long = found.judge(1, row(f"{menu}\n{body}"))
    assert (long["text"], long["meta"]) == (body, {"title": "제목", "dedup_lines": 1})
    assert found.judge(1, row("짧다"))["text"] == "짧다"
    other = "이전 글 다음 글 목록 보기"
    lines = sorted([(int(hashes(encode([line]), 1)[0][0]), first) for line, first in ((menu, 0), (other, 1))])
    again = tmp_path / "again"
    again.mkdir()
    np.array([line for line, _ in lines], np.uint64).tofile(again / "repeated.u64")
    np.array([first for _, first in lines]).tofile(again / "repeated.i64")
    holder = judge(again, Verdict(4), Limits(5, 3, "first")).judge(1, row(f"{menu}\n{other}"))
    assert (holder["text"], holder["meta"]["dedup_lines"]) == (other, 1)  # short, and the only one that still holds it

    total: Counter[str] = Counter()
    for number, text in ((0, menu), (1, f"{menu}\n짧다"), (1, f"{menu}\n{body}")):
        note(total, row(text), found.judge(number, row(text)))
    assert (total["read"], total["kept"], total["lines"], total["documents_cut"], total["lines_removed"]) == (
        3,
        2,
        1,
        1,
        1,
    )
    assert total["bytes_read"] == total["bytes_kept"] + total["bytes_lines"] + total["bytes_removed"]


def test_steps_hand_over_all_that_they_leave():
    total = Counter({
        "read": 10, "url": 1, "exact": 2, "minhash": 3, "lines": 1, "kept": 3, "bytes_read": 1000, "bytes_url": 10,
        "bytes_exact": 20, "bytes_minhash": 30, "bytes_lines": 40, "bytes_removed": 50, "bytes_kept": 850,
    })  # fmt: skip
    made = steps(total)
    assert [step["step"] for step in made] == list(RULES)
    assert [step["documents_in"] for step in made] == [10, 9, 7, 4]
    assert [step["bytes_in"] for step in made] == [1000, 990, 970, 940]
    assert (made[-1]["documents_out"], made[-1]["bytes_out"], made[-1]["bytes_removed"]) == (3, 850, 50)
