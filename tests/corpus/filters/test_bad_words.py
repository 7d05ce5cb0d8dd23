from __future__ import annotations

from datatrove.data import Document

from corpus.filters.bad_words import BadWords

WORDS = ["damn", "나쁜놈", "two words"]


def note(text, **options):
    doc = Document(text=text, id="1", metadata={})
    found = BadWords(WORDS, **options).fault(doc)
    return doc.metadata.get("notes", {}).get("bad_words"), found


def test_words_are_counted_and_nothing_is_dropped():
    found, fault = note("Damn, those two words: 나쁜놈들은 “나쁜놈”이다")
    assert found == {"count": 4, "share": round(4 / 6, 6)} and fault is None


def test_a_word_inside_another_is_none():
    assert note("goddamned damnation 안나쁜놈") == (None, None)


def test_a_share_drops_where_it_is_asked_for():
    assert note("damn it", share=0.4)[1].option == "share"
    assert note("damn it all", share=0.4)[1] is None


def test_without_a_list_there_is_no_note():
    doc = Document(text="damn", id="1", metadata={})
    assert BadWords().fault(doc) is None and doc.metadata == {}
