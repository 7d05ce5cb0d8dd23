from __future__ import annotations

import pytest

from corpus.clean import Cleaner, Raw
from corpus.config import Refine
from tests.toys import paragraphs

TEXT = "\n\n".join(paragraphs("ko", 4))


@pytest.fixture(scope="module")
def clean():
    return Cleaner(Refine())


def raw(**more):
    return Raw(**{"id": "s/1", "source": "s", "url": "http://a/", "lang": "ko", "license": "CC0-1.0", **more})


def html(text=TEXT, title="제목"):
    return f"<html><head><title>{title}</title></head><body><p>{text.replace(chr(10) * 2, '</p><p>')}</p></body></html>"


def test_a_page_becomes_a_document(clean):
    found = clean(raw(body=html().encode("cp949"), content_type="text/html; charset=utf-8"))
    assert found.rule == "" and found.row["text"] == TEXT
    assert found.row["charset"] == "cp949"
    meta = found.row["meta"]
    assert (meta["title"], meta["charset_by"], meta["charset_declared"]) == ("제목", "body", "utf-8")
    assert meta["charset_lying"] is True and meta["language"] == "ko"
    assert found.size == len(found.row["text"].encode())
    assert "word_count" in found.passed and found.passed[-1] == "sentence_count"


def test_a_document_keeps_its_words_and_its_meta(clean):
    found = clean(raw(text=TEXT, meta={"author": "아무개"}, charset="utf-8"))
    assert found.rule == "" and found.row["text"] == TEXT and found.row["meta"]["author"] == "아무개"


@pytest.mark.parametrize(
    ("more", "rule", "value"),
    [
        ({"body": html().encode(), "status": 404}, "status", "404"),
        ({"body": b"%PDF-1.7", "content_type": "application/pdf"}, "mime", "application/pdf"),
        ({"body": b"<html><body></body></html>"}, "empty", "0"),
        ({"text": "\u200b \n"}, "empty", "0"),
        ({"text": "\n".join(paragraphs("en", 4))}, "language", "en"),
        ({"text": "국립도서관은 해마다 보고서를 펴낸다."}, "word_count", "4"),
        ({"text": TEXT.replace("다", "\ufffd")}, "mojibake", "0."),
    ],
)
def test_what_is_dropped_says_why(clean, more, rule, value):
    found = clean(raw(**more))
    assert found.rule == rule and found.value.startswith(value) and found.threshold


def test_the_option_that_was_broken_is_named(clean):
    found = clean(raw(text="국립도서관은 해마다 보고서를 펴낸다."))
    assert found.row["meta"]["option"] == "low" and found.threshold == "25"


def test_a_page_without_a_type_is_sniffed(clean):
    assert clean(raw(body=html().encode())).rule == ""
    assert clean(raw(body=TEXT.encode())).row["text"] == TEXT


def test_a_dropped_text_is_as_it_was_before_rules_edited_it():
    clean = Cleaner(Refine(rules="stock"))
    text = "\n".join(["Navigation without an end mark", *paragraphs("en", 1)] + ["The file { stays } as it was."] * 3)
    found = clean(raw(text=text, lang="en"))
    assert found.rule and found.row["text"] == text


def test_line_rules_count_what_they_took():
    off = {rule: {"enabled": False} for rule in ("duplicate_ngrams", "top_ngrams", "duplicate_lines", "curly_bracket")}
    clean = Cleaner(Refine(rules="stock", thresholds=off))  # the toy's sentences repeat themselves
    text = "\n".join([*paragraphs("en", 12, seed=3), "An end without a mark here"])
    found = clean(raw(text=text, lang="en"))
    assert found.rule == "" and "without a mark" not in found.row["text"]
    assert found.trimmed == {"c4_lines": len(text.encode()) - len(found.row["text"].encode())}


def test_a_source_whose_lang_is_no_language_is_not_identified(clean):
    found = clean(raw(text="\n".join(paragraphs("en", 4)), lang="code"))
    assert found.rule != "language" and "language" not in found.row["meta"]


def test_a_stock_filter_of_datatrove_can_be_a_rule():
    clean = Cleaner(Refine(thresholds={"datatrove:RegexFilter": {"regex_exp": "금지된 말"}}))
    assert clean(raw(text=TEXT)).passed[-1] == "datatrove:RegexFilter"
    found = clean(raw(text=f"{TEXT}\n금지된 말이 있습니다."))
    assert found.rule == "datatrove:RegexFilter"
