from __future__ import annotations

from datatrove.data import Document

from corpus.filters.word_count import WordCount


def fault(text, **options):
    found = WordCount(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_bounds():
    assert fault("word " * 49) == ("low", 49, 50)
    assert fault("word " * 50) is None
    assert fault("word " * 11, high=10, low=1) == ("high", 11, 10)


def test_marks_are_no_words():
    assert fault("word - " * 49) == ("low", 49, 50)


def test_korean_without_spaces_is_counted_by_syllables():
    text = "아이들을사랑하는마음으로일하고있습니다" * 6
    assert fault(text, low=25) == ("low", 1, 25)
    assert fault(text, low=25, korean=True) is None
    assert fault("짧은 글이다.", low=25, korean=True) == ("low", 2, 25)
