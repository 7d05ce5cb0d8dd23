from __future__ import annotations

import pytest

from corpus.config import Refine
from corpus.filters.presets import KOREAN
from corpus.pages.clean import Cleaner, Raw
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
    assert {"word_count", "sentence_count"} <= set(found.passed)


def test_a_document_keeps_its_words_and_its_meta(clean):
    found = clean(raw(text=TEXT, meta={"author": "아무개"}, charset="utf-8"))
    assert found.rule == "" and found.row["text"] == TEXT and found.row["meta"]["author"] == "아무개"


@pytest.mark.parametrize(
    ("more", "rule", "value"),
    [
        ({"body": html().encode(), "status": 404}, "status", "404"),
        ({"body": b"%PDF-1.7", "content_type": "application/pdf"}, "mime", "application/pdf"),
        ({"body": b"<html><body></body></html>", "lang": "en"}, "empty", "0"),
        ({"body": b"<html><body></body></html>"}, "gate", "0"),
        ({"body": html("\n".join(paragraphs("en", 4)) + " 한국어").encode()}, "gate", "5"),
        (
            {
                "body": b"<p>" + "本公司专业生产各种产品。".encode("gb18030") * 9,
                "content_type": "text/html; charset=gb2312",
            },
            "gate",
            "0",
        ),
        ({"body": b"<p>" + b"x" * (5 << 20)}, "page_bytes", "5242883"),
        (
            {"body": html().replace("<title>", "<meta name='robots' content='noai'><title>").encode()},
            "opt_out",
            "noai (meta)",
        ),
        ({"body": html().encode(), "headers": {"x-robots-tag": "noai"}}, "opt_out", "noai (header)"),
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
    assert found.row["meta"]["option"] == "low" and found.threshold == f"{KOREAN['word_count']['low']:g}"


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


def test_what_the_page_says_of_itself_goes_into_the_row(clean):
    head = (
        '<link rel="canonical" href="http://a/one">'
        '<meta property="article:published_time" content="2021-03-04T01:02:03Z">'
        '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
    )
    found = clean(raw(body=html().replace("<title>", head + "<title>").encode(), url="http://a/1"))
    meta = found.row["meta"]
    assert (meta["canonical"], meta["date"]) == ("http://a/one", "2021-03-04")
    assert found.row["license"].lower() == "cc-by-4.0" and meta["license_by"] and meta["extracted_by"] == "rules"


def test_an_opt_out_can_be_recorded_alone():
    found = Cleaner(Refine(opt_out="record"))(raw(body=html().encode(), headers={"x-robots-tag": "noai, noarchive"}))
    assert found.rule == "" and found.row["meta"]["opt_out"] == {"noai": "header", "noarchive": "header"}


@pytest.mark.parametrize(("pii", "stays"), [("mask", False), ("count", True), ("none", True)])
def test_personal_data_is_masked_behind_the_rules(pii, stays):
    found = Cleaner(Refine(pii=pii))(raw(text=f"{TEXT}\n문의는 minsu.kim@naver.com 또는 010-1234-5678로 합니다."))
    assert found.rule == "" and ("minsu.kim@naver.com" in found.row["text"]) == stays
    assert found.size == len(found.row["text"].encode())
    wanted = {} if pii == "none" else {"email": 1, "phone": 1}
    assert found.masked == wanted and found.row["meta"].get("pii", {}) == wanted


def test_a_dropped_document_keeps_its_text_as_it_was(clean):
    found = clean(raw(text="문의는 minsu.kim@naver.com로."))
    assert found.rule and "minsu.kim@naver.com" in found.row["text"] and not found.masked


MIXED = f"{TEXT}\nLe comité a publié son rapport sur l'état des bibliothèques nationales au printemps de cette année."


def test_languages_are_told_line_by_line(clean):
    code = "for (int i = 0; i < n; i++) { sum += a[i]; }"
    found = clean(raw(text=f"{MIXED}\n{code}\n學而時習之 不亦說乎"))
    shares = found.row["meta"]["line_languages"]
    assert set(shares) == {"ko", "fr", "code", "zh"} and shares["ko"] > 0.8
    assert "comité" in found.row["text"]
    found = Cleaner(Refine(line_language="drop"))(raw(text=f"{MIXED}\n{code}\n學而時習之 不亦說乎"))
    assert "comité" not in found.row["text"] and code in found.row["text"] and "學而時習之" in found.row["text"]
    assert found.trimmed["line_language"] == len(MIXED.encode()) - len(TEXT.encode())
    assert "line_languages" not in Cleaner(Refine(line_language="off"))(raw(text=MIXED)).row["meta"]


def test_the_gate_asks_no_page_of_another_language(clean):
    english = "\n\n".join(paragraphs("en", 4))
    assert clean(raw(body=html(english).encode(), lang="en")).rule == ""
    assert clean(raw(body=html(english).encode(), lang="code")).rule != "gate"
    assert Cleaner(Refine(gate=0))(raw(body=html(english).encode())).rule == "language"
