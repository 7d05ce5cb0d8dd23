from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, at_least, at_most
from corpus.filters.word_count import WordCount


def test_the_interface_of_datatrove():
    rule = WordCount(low=2)
    assert rule.filter(Document(text="one two", id="1")) is True
    assert rule.filter(Document(text="one", id="1")) == (False, "word_count.low")


def test_run_passes_what_stays():
    documents = [Document(text="one two three", id="a"), Document(text="one", id="b")]
    assert [doc.id for doc in WordCount(low=2).run(iter(documents))] == ["a"]


def test_a_threshold_itself_is_no_fault():
    assert at_least("low", 2, 2) is None and at_most("high", 2, 2) is None
    assert at_least("low", 1.23456, 2) == Fault("low", 1.2346, 2)
    assert at_most("high", 3, 2) == Fault("high", 3, 2)
