"""The codes are the model's own labels."""

from __future__ import annotations

from corpus.text.language import _model
from corpus.text.languages import LANGUAGES, unknown


def test_the_codes_are_the_labels_of_the_model():
    labels, _ = _model().predict("text", k=200, threshold=-1.0)
    assert {label.removeprefix("__label__") for label in labels} == LANGUAGES


def test_a_longer_name_is_no_language_and_no_fault():
    assert unknown("ko") == unknown("code") == ""
    assert "did you mean 'ko'" in unknown("kor") and "knows no 'xx'" in unknown("xx")
