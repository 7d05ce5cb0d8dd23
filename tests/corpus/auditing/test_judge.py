from __future__ import annotations

from corpus.auditing.judge import Judge, is_rule
from tests.toys import paragraphs

TEXT = "\n\n".join(paragraphs("ko", 4))


def row(text, lang="ko", url=""):
    return {"id": "1", "text": text, "lang": lang, "url": url}


def test_a_document_that_stays_has_the_nearest_value_of_every_rule():
    first, found = Judge("korean", {}, {})(row(TEXT))
    assert first == "" and not any(near.broken for near in found.values())
    count = found["word_count"]
    assert count.option == "low" and count.threshold == "20" and float(count.value) > 20


def test_the_first_rule_and_those_that_would_drop_it_alone():
    first, found = Judge("korean", {}, {})(row("홈 메뉴\n목록 위로"))
    assert first == "word_count"
    assert {rule for rule, near in found.items() if near.broken} >= {"word_count", "stop_words", "boilerplate_lines"}


def test_a_rule_after_a_line_rule_sees_what_is_left_and_alone_the_whole():
    off = {rule: {"enabled": False} for rule in ("duplicate_ngrams", "top_ngrams", "duplicate_lines", "terminal_lines")}
    text = "\n".join(["One whole sentence stands here. And one more. And a third. A fourth. A fifth then"] * 1)
    first, found = Judge("stock", {"word_count": {"low": 1}, "short_lines": {"enabled": False}, **off}, {})(
        row(text + "\nThe cat sat with the dog and that was all.", "en")
    )
    assert first == "sentence_count" and not found["sentence_count"].broken


def test_thresholds_change_the_verdict():
    text = "국립도서관은 해마다 이용자를 위한 보고서를 펴낸다."
    assert Judge("korean", {}, {})(row(text))[0] == "word_count"
    assert Judge("korean", {"word_count@ko": {"low": 3}}, {})(row(text))[0] != "word_count"


def test_what_is_a_rule():
    assert is_rule("word_count") and is_rule("datatrove:RegexFilter")
    assert not is_rule("language") and not is_rule("status")
