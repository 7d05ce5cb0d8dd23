from __future__ import annotations

import pytest
from datatrove.data import Document

from corpus.filters.rule import Fault, at_least, at_most, number
from corpus.filters.word_count import WordCount


def test_a_threshold_itself_is_no_fault():
    assert not at_least("low", 2, 2).broken and not at_most("high", 2, 2).broken
    assert at_least("low", 1, 2).broken and at_most("high", 3, 2).broken


def test_a_fault_names_option_value_and_threshold():
    assert WordCount(low=2).fault(Document(text="one", id="1")) == Fault("low", 1, 2)


def test_the_margin_is_below_zero_where_the_threshold_is_broken():
    assert at_least("low", 1, 2).margin == -0.5 and at_most("high", 4, 2).margin == -0.5
    assert at_least("low", 2, 2).margin == 0 and at_most("high", 0, 0).margin == 0
    assert at_most("high", 1, 2).margin == 0.5


@pytest.mark.parametrize("value", [0, 1, 1_234_567, 0.00200401, 1 / 3, 0.1 + 0.2, 1e-9, 12.5])
def test_a_written_measure_can_be_held_against_any_threshold(value):
    assert float(number(value)) == value
    assert number(1_234_567) == "1234567" and number(3.0) == "3" and number(0.25) == "0.25"
