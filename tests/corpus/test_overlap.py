"""Items are found where they stand, whatever the spaces, and not where only their phrases do."""

from __future__ import annotations

import random
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.overlap import Found, Index, Part, letters, windows, without

ITEM = "임종석이 여의도 농민 폭력 시위를 주도한 혐의로 지명수배 된 날은?"
WORDS = [
    "강", "산", "마을", "도서관", "학교", "시장", "바다", "기차", "편지", "사전", "노래", "골목", "우산", "지도",
    "나무", "창문", "책상", "구름", "겨울", "아침",
]  # fmt: skip


def prose(seed: int, count: int = 200) -> str:
    choose = random.Random(seed)
    return " ".join(choose.choice(WORDS) + choose.choice(["은", "을", "에서", "까지"]) for _ in range(count))


def index(*texts: str, share: float = 0.8) -> Index:
    return Index((Part(f"t\t{number}", text) for number, text in enumerate(texts)), 12, share)


@pytest.mark.parametrize(
    "written",
    [
        ITEM,
        "임종석이 여의도농민 폭력시위를 주도한 혐의로 지명 수배된 날은",
        "임종석이, 여의도 ‘농민 폭력 시위’를 주도한 혐의로\n지명수배 된 날은?",
    ],
)
def test_an_item_is_found_whatever_its_spaces_and_marks(written: str):
    before = prose(0)
    text = f"{before}\n{written}\n{prose(1)}"
    (found,) = index(ITEM).find(text)
    assert (found.item, found.share) == ("t\t0", 1.0)
    assert text[found.start : found.end].startswith("임종석이") and "날은" in text[found.start : found.end]
    assert abs(found.start - len(before) - 1) <= 0 and found.end <= len(before) + 1 + len(written)


def test_latin_letters_are_compared_without_case_and_positions_survive_odd_case_rules():
    text = "İİİ ẞ " + "What Is The CAPITAL of South Korea?" + " tail"
    (found,) = index("what is the capital of south korea").find(text)
    assert text[found.start : found.end] == "What Is The CAPITAL of South Korea"


def test_a_part_of_an_item_is_found_by_its_share():
    words = prose(2, 40).split()
    item = " ".join(words)
    most, half = " ".join(words[:36]), " ".join(words[:20])
    assert [one.item for one in index(item).find(prose(3) + most + prose(4))] == ["t\t0"]
    assert index(item).find(prose(3) + half + prose(4)) == []
    assert [one.item for one in index(item, share=0.4).find(prose(3) + half + prose(4))] == ["t\t0"]


def test_windows_scattered_over_a_text_are_not_an_item():
    words = prose(5, 60).split()
    pieces = [" ".join(words[start : start + 6]) for start in range(0, 60, 6)]
    scattered = prose(6, 400).join(pieces)
    assert index(" ".join(words), share=0.5).find(" ".join(words))
    assert index(" ".join(words), share=0.5).find(scattered) == []


def test_short_items_are_found_as_whole_lines_alone():
    short = index("경쟁자는?")
    assert [one.item for one in short.find("가\n 경쟁자는 \n나")] == ["t\t0"]
    assert short.find("그의 경쟁자는 누구인가") == []
    assert index("?!", "").find("?!\n") == []  # nothing to compare


def test_several_items_and_several_places():
    one, two = prose(7, 12), prose(8, 12)
    text = f"{one}\n{prose(9)}\n{two}\n{prose(10)}\n{one}"
    found = index(one, two).find(text)
    assert [hit.item for hit in found] == ["t\t0", "t\t1", "t\t0"]
    kept = without(text, found)
    assert kept == f"{prose(9)}\n{prose(10)}"


def test_lines_that_an_item_touches_go_whole():
    text = "가 나\n다 라\n마 바"
    assert without(text, [Found("i", 1.0, 2, 5)]) == "마 바"
    assert without(text, []) == text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.integers(1, 6))
def test_equal_runs_have_equal_hashes_wherever_they_stand(text: str, width: int):
    codes, places = letters(text)
    assert len(codes) == len(places)
    hashed = windows(codes, width)
    runs = [codes[at : at + width].tobytes() for at in range(len(hashed))]
    by_run: dict[bytes, set[int]] = {}
    for run, value in zip(runs, hashed.tolist(), strict=True):
        by_run.setdefault(run, set()).add(value)
    assert all(len(values) == 1 for values in by_run.values())
    assert len(set.union(*by_run.values())) == len(by_run) if by_run else True
    shifted = windows(np.concatenate([codes[:1], codes]), width) if len(codes) else hashed
    assert set(hashed.tolist()) <= set(shifted.tolist())


@pytest.mark.data
def test_the_korquad_questions_in_a_chat_corpus_are_all_found(data):
    import gzip
    import json

    with gzip.open(data / "bench_ko/korquad_v1/KorQuAD_v1.0_dev.json.gz", "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    asked = {q["id"]: q["question"] for a in articles for p in a["paragraphs"] for q in p["qas"]}
    with gzip.open(data / "instruct/kochatgpt/kochatgpt_seed_data.txt.gz", "rt", encoding="utf-8-sig") as file:
        chats = file.read()
    lines = {line.strip() for line in chats.split("\n")}
    verbatim = {name for name, text in asked.items() if text.strip() in lines}
    found = {hit.item for hit in Index((Part(*pair) for pair in asked.items()), 12, 0.8).find(chats)}
    assert (len(asked), len(verbatim)) == (5774, 3001)
    assert verbatim <= found
    assert len(found - verbatim) < 30  # the same questions, spaced otherwise


def test_a_text_that_is_not_composed_is_read_as_if_it_were():
    lines = [prose(1, 20), ITEM, prose(2, 20)]
    text = unicodedata.normalize("NFD", "\n".join(lines))
    (found,) = index(ITEM).find(text)
    assert without(text, [found]) == unicodedata.normalize("NFD", f"{lines[0]}\n{lines[2]}")
