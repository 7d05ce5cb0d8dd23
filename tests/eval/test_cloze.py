"""Cloze items: the truth is the continuation, nothing of train is in them, chance is a quarter."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from corpus.config import Cloze, ClozeTask
from corpus.documents import read_documents
from eval.cloze import CHOICES, STOP, Cut, cuts_of, distractors, make_items, run
from pipeline.errors import InputError

NOUNS = [
    "강", "산", "마을", "도서관", "학교", "시장", "바다", "기차", "편지", "사전", "노래", "골목", "우산", "지도",
    "나무", "창문", "책상", "구름", "겨울", "아침",
]  # fmt: skip
VERBS = [
    "걷고", "읽으며", "만들고", "고치며", "기다리다가", "떠나면서", "돌아보고", "부르며", "나누고", "적으며", "찾다가",
    "모으고",
]  # fmt: skip


def prose(lang: str, count: int, seed: int, lines: int = 4) -> list[str]:
    """Documents of one-sentence paragraphs in which no two paragraphs are alike."""
    choose = random.Random(f"{lang}{seed}")
    found = []
    for number in range(count):
        paragraphs = []
        for line in range(lines):
            words = [choose.choice(NOUNS) + choose.choice(["을", "에서", "으로"]) + " " + choose.choice(VERBS)
                     for _ in range(choose.randint(9, 16))]  # fmt: skip
            if lang == "en":
                words = [f"{choose.choice(['river', 'town', 'letter', 'song'])} number "
                         f"{choose.choice(['seven', 'eight', 'nine'])} near" for _ in words]  # fmt: skip
            paragraphs.append(f"{'글' if lang == 'ko' else 'page'} {number} {line} {' '.join(words)} 끝났다.")
        found.append("\n".join(paragraphs))
    return found


def items(mixture, lang: str = "ko", seed: int = 0) -> list[dict]:
    return make_items("cloze", lang, mixture, seed, lambda: None)


def test_an_item_is_a_paragraph_of_its_document_and_three_others(documents):
    mixture = documents({"a": ("ko", prose("ko", 300, 0)), "b": ("en", prose("en", 100, 1))}, mixture=True)
    held = {row["id"]: row for row in read_documents(mixture, "heldout", "ko")}
    found = items(mixture)
    assert len(found) == len(held) == 30
    for item in found:
        own = " ".join(held[item["id"].removeprefix("cloze/")]["text"].split())
        assert f"{item['query']} {item['choices'][item['gold']]}" in own
        assert len(set(item["choices"])) == CHOICES
        for number, choice in enumerate(item["choices"]):
            if number != item["gold"]:
                assert choice not in own
                assert any(choice in " ".join(row["text"].split()) for row in held.values())
        assert (item["made"], item["lang"], item["license"]) == (True, "ko", "CC0-1.0")
        assert item["query"] == item["query"].strip()
        assert not STOP.search(item["query"])


def test_seed_fixes_everything_and_gold_is_spread(documents):
    mixture = documents({"a": ("ko", prose("ko", 2000, 0, lines=2))}, mixture=True)
    found = items(mixture)
    assert found == items(mixture)
    assert found != items(mixture, seed=1)
    golds = Counter(item["gold"] for item in found)
    assert set(golds) == {0, 1, 2, 3}
    assert all(25 <= count <= 75 for count in golds.values())  # 200 items; chance of leaving this is below 1e-4
    longest = sum(
        len(item["choices"][item["gold"]]) == max(map(len, item["choices"])) for item in found
    ) / len(found)  # fmt: skip
    shortest = sum(
        len(item["choices"][item["gold"]]) == min(map(len, item["choices"])) for item in found
    ) / len(found)  # fmt: skip
    assert abs(longest - shortest) < 0.2  # length does not give the answer away


def test_a_paragraph_of_the_train_split_is_not_used(documents):
    texts = prose("ko", 100, 0, lines=2)  # held out: the first tenth
    own = [text.split("\n") for text in texts]
    texts[50] = f"{own[50][0]}\n{own[0][0]}\n  {own[1][1].replace(' ', '  ')}"
    texts[60] = "\n".join(own[2])
    texts[:3] = ["\n".join(own[0]), "\n".join(own[1]), "\n".join(own[2])]
    found = items(documents({"a": ("ko", texts)}, mixture=True))
    assert len(found) == 9  # nothing is left of document 2
    used = [f"{item['query']} {choice}" for item in found for choice in item["choices"]]
    assert any(own[0][1].startswith(one) for one in used)
    assert any(own[1][0].startswith(one) for one in used)
    assert not any(line.startswith(one) for line in (own[0][0], own[1][1], *own[2]) for one in used)


def test_a_paragraph_of_two_held_out_documents_is_not_used(documents):
    texts = prose("ko", 100, 0, lines=2)
    own = [text.split("\n") for text in texts]
    texts[:10] = [f"{one[0]}\n{own[9][1]}" for one in own[:10]]
    found = items(documents({"a": ("ko", texts)}, mixture=True))
    assert len(found) == 10
    assert not any(own[9][1].startswith(item["query"]) for item in found)
    texts[:10] = [own[9][1]] * 10
    assert items(documents({"a": ("ko", texts)}, mixture=True)) == []


def test_only_prose_of_the_language_is_cut():
    line = " ".join(["한국어로"] * 20)
    code = " ".join(["x_1 = {y: 2};"] * 10)
    document = {"id": "d", "source": "s", "license": "", "text": f"{line} 갔다\n{code}\n짧은 글\n{'word ' * 30}"}
    assert [cut.license for cut in cuts_of(document, "ko", 0)] == ["unknown"]
    assert [cut.query.split()[0] for cut in cuts_of(document, "en", 0)] == ["한국어로", "word"]


def test_a_cut_stands_inside_a_sentence():
    words = ["하나"] * 8 + ["끝났다."] + ["둘이"] * 9
    words[7] = "그랬다."
    [cut] = cuts_of({"id": "d", "source": "s", "license": "MIT", "text": " ".join(words)}, "ko", 0)
    assert cut.query.endswith("둘이")
    assert cut.continuation.startswith("둘이")
    assert not list(cuts_of({"id": "d", "source": "s", "license": "MIT", "text": "했다. " * 20}, "ko", 0))


def test_distractors_are_the_nearest_in_length_of_the_same_source_first():
    def cut(document: str, source: str, length: int) -> Cut:
        return Cut(document, source, "MIT", b"", "q", f"{document}".ljust(length, "."), turn=int(document))

    own = cut("1", "a", 20)
    same, other = [cut("2", "a", 90), cut("3", "a", 10)], [cut("4", "b", 21), cut("5", "b", 40), cut("6", "b", 20)]
    assert [one.document for one in distractors(own, [own, *same, *other])] == ["3", "2", "6"]
    twin = Cut("7", "b", "MIT", b"", "q", own.continuation, turn=7)
    assert len(distractors(own, [own, twin, *same])) == 2


def test_what_is_missing_is_told(documents):
    mixture = documents({"a": ("ko", prose("ko", 20, 0))}, mixture=True)
    with pytest.raises(InputError, match="no held-out documents in 'en'"):
        items(mixture, "en")
    with pytest.raises(InputError, match="no held-out documents to make"):
        items(documents({"a": ("ko", prose("ko", 20, 0))}))
    assert items(mixture) == []  # two held-out documents cannot give four choices


def test_the_stage_writes_items_like_those_of_a_file_and_says_they_are_made(build, documents):
    mixture = documents({"a": ("ko", prose("ko", 120, 0))}, mixture=True)
    made = build("cloze", run, Cloze(tasks={"next": ClozeTask(limit=8)}), {"documents": mixture})
    found = [json.loads(line) for line in (made.path / "items" / "next.jsonl").read_text().splitlines()]
    assert len(found) == 8 == made.counts["kept"]
    assert all(set(item) == {"id", "query", "choices", "gold", "lang", "license", "made"} for item in found)
    assert made.metrics["tasks"]["next"] == {
        "items": 8, "choices": 4, "lang": "ko", "license": "CC0-1.0", "made": True,
    }  # fmt: skip
    short = documents({"a": ("ko", ["짧다"] * 5)}, mixture=True)
    with pytest.raises(InputError, match="give no item; it takes four or more"):
        build("cloze", run, Cloze(tasks={"next": ClozeTask()}), {"documents": short})
