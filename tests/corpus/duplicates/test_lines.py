"""Repeated lines against the same counted with a dictionary."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from corpus.duplicates.joins import SPACE, Keys, write_keys
from corpus.duplicates.lines import Limits, Remover, find_repeated, join_repeated, unit_lines

LINES = [
    "로그인 회원가입 고객센터 이용약관",
    "무단 전재 및 재배포를 금지합니다.",
    "무단전재 및 재배포를 금지합니다",
    "제3조(정의) 이 법에서 쓰는 말의 뜻은 다음과 같다.",
    "제4조(정의) 이 법에서 쓰는 말의 뜻은 다음과 같다.",
    "목차",
    "",
    "이 줄은 가끔 나오는 줄입니다.",
]


def plain(line: str) -> str:
    return "".join(char.casefold() for char in line if char.isalnum())


def remover(tmp_path: Path, units: list[list[str]], limits: Limits, dead: frozenset[int] = frozenset()) -> Remover:
    folders, starts, total = [], [], 0
    for number, texts in enumerate(units):
        folders.append(tmp_path / str(number))
        folders[-1].mkdir()
        line, document = unit_lines(texts, 0, limits.characters)
        write_keys(folders[-1], "line", line[None], document)
        starts.append(total)
        total += len(texts)
    np.array([number not in dead for number in range(total)]).tofile(tmp_path / "live")
    keys = Keys(tuple(folders), tuple(starts), "line", 1)
    made = []
    for number, span in enumerate([(0, SPACE // 3), (SPACE // 3, SPACE)]):
        made.append(tmp_path / f"range{number}")
        made[-1].mkdir()
        find_repeated(span, made[-1], keys, tmp_path / "live", limits)
    join_repeated(made, tmp_path)
    return Remover(tmp_path, limits)


@pytest.mark.parametrize("keep", ["first", "none"])
def test_lines_that_many_documents_have_go(tmp_path: Path, keep: str):
    choose = random.Random(7)
    units = [["\n".join([*choose.choices(LINES, k=6), f"글 {u} {n}의 본문"]) for n in range(9)] for u in range(3)]
    limits = Limits(8, 12, keep)
    dead = frozenset({0, 5, 20})
    found = remover(tmp_path, units, limits, dead)
    texts = [text for unit in units for text in unit]
    documents = defaultdict(list)
    for number, text in enumerate(texts):
        for line in {plain(line) for line in text.split("\n")}:
            if number not in dead and len(line) >= 8:
                documents[line].append(number)
    often = {line: held[0] for line, held in documents.items() if len(held) >= 12}
    assert 2 <= len(often) < len(LINES) - 2
    removed = 0
    for number, text in enumerate(texts):
        if number in dead:
            continue
        stays = [
            line
            for line in text.split("\n")
            if plain(line) not in often or (keep == "first" and often[plain(line)] == number)
        ]
        cleaned, gone, _ = found.clean(text, number)
        assert gone == len(text.split("\n")) - len(stays)
        assert [line for line in cleaned.split("\n") if line] == [line for line in stays if line]
        removed += gone
    assert removed > 20


def test_case_spaces_and_marks_do_not_count_but_digits_do():
    line, document = unit_lines(
        ["가나 다라-마바!\n제1조 가나다라\nABC def", "가나다라마바\n제2조 가나다라\nabcDEF"], 4, 6
    )
    assert sorted(document.tolist()) == [4, 4, 4, 5, 5, 5]
    assert len(set(line.tolist())) == 4


def test_a_line_counts_once_for_each_document_and_short_ones_never():
    line, document = unit_lines(["되풀이되는 한 줄\n되풀이되는 한 줄\n짧다", "짧다", ""], 0, 5)
    assert document.tolist() == [0]
    assert len(line) == 1
    assert unit_lines([], 0, 5)[0].tolist() == []


def test_what_is_left_reads_on(tmp_path: Path):
    menu = "로그인 회원가입 고객센터"
    texts = [f"{menu}\n\n본문 {n} 첫째 줄\n\n{menu}\n\n둘째 줄\n{menu}" for n in range(3)]
    found = remover(tmp_path, [texts], Limits(5, 3, "first"))
    assert found.clean(texts[0], 0) == (texts[0], 0, True)
    assert found.clean(texts[1], 1) == ("본문 1 첫째 줄\n\n둘째 줄", 3, False)
    assert found.clean("아무 데도 없는 줄", 2) == ("아무 데도 없는 줄", 0, False)
