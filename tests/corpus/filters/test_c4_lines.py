from __future__ import annotations

from datatrove.data import Document

from corpus.filters.c4_lines import C4Lines


def fault(text, **options):
    found = C4Lines(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def edited(text, **options):
    doc = Document(text=text, id="1")
    assert C4Lines(**options).fault(doc) is None
    return doc.text


def test_the_stock_form_keeps_sentences_alone():
    text = "Menu\nThis is a whole sentence.\nToo short.\nYou need Javascript for this page.\n"
    text += "Read our privacy policy here.\nNo end mark here\nAnd so on..."
    assert edited(text) == "This is a whole sentence."


def test_the_korean_form_keeps_headings_code_and_blank_lines():
    text = "개요\n\n자바스크립트(JavaScript)를 배웁니다\n\n    call();\nThis site uses cookies for you.\n" + "x" * 1001
    options = {"terminal": False, "endings": "korean", "words": 1, "javascript": False}
    assert edited(text, **options) == "개요\n\n자바스크립트(JavaScript)를 배웁니다\n\n    call();"


def test_a_document_without_a_line_left_is_dropped():
    assert fault("Menu\nHome") == ("lines", 0, 1)
