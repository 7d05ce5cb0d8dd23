import re

import pytest

from pipeline.errors import ConfigError
from training.pairs import LONGEST, PROMPTS, SHORTEST, made_pairs, split

BODY = (
    "이 명령을 사용하면 문서의 내용을 다른 파일로 저장할 수 있습니다.\n메뉴에서 저장을 선택한 다음 이름을 입력하십시오."
)


def document(number, text, license="MIT", **meta):
    return {"id": f"s/{number}", "text": text, "license": license, "meta": meta}


def test_a_title_asks_and_the_text_answers():
    assert split(f"문서 저장하기\n문서 저장하기\n{BODY}") == ("title", "문서 저장하기", BODY)
    assert split(f"# 문서 저장하기\n\n{BODY}") == ("title", "문서 저장하기", BODY)
    assert split(BODY, title="저장") == ("title", "저장", BODY)


def test_without_a_title_the_first_sentence_asks():
    kind, given, answer = split(f"국립도서관은 해마다 보고서를 펴낸다. {BODY}")
    assert (kind, given, answer) == ("opening", "국립도서관은 해마다 보고서를 펴낸다.", BODY)
    assert (
        split(f"메뉴 | 찾기 | 도움말\n저장은 쉽습니다. {BODY}", shared=frozenset({"메뉴 | 찾기 | 도움말"}))[0]
        == "opening"
    )
    assert split(f"1.1. 저장하는 방법은 이렇습니다. {BODY}")[1] == "1.1. 저장하는 방법은 이렇습니다."


def test_an_answer_ends_at_a_line_or_a_sentence_and_is_never_short():
    lines = "\n".join(f"{n}번째 줄에는 조금 긴 설명이 있다" for n in range(100))
    answer = split(f"긴 글\n{lines}")[2]
    assert SHORTEST <= len(answer) <= LONGEST
    assert lines.startswith(answer + "\n")
    answer = split("긴 글\n" + "아주 긴 문단의 한 문장이다. " * 100)[2]
    assert SHORTEST <= len(answer) <= LONGEST
    assert answer.endswith("다.")
    assert split("긴 글\n" + "가" * 5000)[2] == ""
    assert split("제목\n짧다.")[2] == ""
    assert split("")[2] == ""


def test_pairs_are_made_by_seed_whatever_the_order():
    documents = [document(n, f"제목 {n}\n{n}. {BODY}") for n in range(40)]
    first = made_pairs("m", lambda: documents, "ko", 10, seed=0)
    assert first.made
    assert len(first) == 10
    assert made_pairs("m", lambda: documents[::-1], "ko", 10, seed=0).conversations == first.conversations
    assert made_pairs("m", lambda: documents, "ko", 10, seed=1).conversations != first.conversations
    everything = made_pairs("m", lambda: documents, "ko", None, seed=0)
    assert len(everything) == 40
    assert everything.conversations[:10] == first.conversations
    asked = {re.sub(r"제목 \d+", "{given}", pair[0]["content"]) for pair in everything.conversations}
    assert asked == set(PROMPTS["ko"]["title"])
    for asked_turn, told in everything.conversations:
        assert (asked_turn["role"], told["role"]) == ("user", "assistant")


def test_a_first_line_of_many_documents_is_no_title():
    documents = [document(n, f"모듈 | 용어 | 사이트맵\n저장 방법 {n}번을 설명합니다. {BODY}") for n in range(5)]
    found = made_pairs("m", lambda: documents, "ko", None, seed=0)
    assert len(found) == 5
    assert not any("사이트맵" in message["content"] for pair in found.conversations for message in pair)


def test_license_joins_the_documents_used_and_short_ones_are_counted():
    documents = [document(1, f"가\n{BODY}"), document(2, f"나\n{BODY}", "CC0-1.0"), document(3, "짧다", "GPL-2")]
    found = made_pairs("m", lambda: documents, "ko", None, seed=0)
    assert found.license == "CC0-1.0 AND MIT"
    assert sum(found.skipped.values()) == 1


def test_a_language_without_prompts_is_refused():
    with pytest.raises(ConfigError, match=r"sft.data.m.made: no prompts for 'kor'; did you mean 'ko'"):
        made_pairs("m", list, "kor", None, seed=0)
