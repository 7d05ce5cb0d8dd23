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
    assert not at_least("low", 2, 2).broken and not at_most("high", 2, 2).broken
    assert at_least("low", 1, 2).broken and at_most("high", 3, 2).broken


def test_a_fault_names_option_value_and_threshold():
    assert WordCount(low=2).fault(Document(text="one", id="1")) == Fault("low", 1, 2)


def test_the_margin_is_below_zero_where_the_threshold_is_broken():
    assert at_least("low", 1, 2).margin == -0.5 and at_most("high", 4, 2).margin == -0.5
    assert at_least("low", 2, 2).margin == 0 and at_most("high", 0, 0).margin == 0
    assert at_most("high", 1, 2).margin == 0.5
