from __future__ import annotations

from datatrove.data import Document

from corpus.filters.alphabetic_words import AlphabeticWords


def fault(text, **options):
    found = AlphabeticWords(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_share():
    assert fault("one two 3 4 5") == ("low", 0.4, 0.8)
    assert fault("one two three four 5") is None


def test_marks_are_no_words_unless_asked():
    text = "if a => b || c { d } else { e }"
    assert fault(text)[0] == "low"
    assert fault(text, marks=False) is None
    assert fault("1 2 3 네 5", marks=False)[0] == "low"
