"""Driving licenses: the form and the word."""

from __future__ import annotations

from corpus.pii import find


def test_the_form_after_the_word():
    for number in ("11-04-123456-78", "280412345678", "13 04 123456 78"):
        text = f"운전면허번호 {number}"
        assert [(span.kind, text[span.start : span.end]) for span in find(text)] == [("driver", number)]
    assert find("11-04-123456-78") == []
    assert find("면허 31-04-123456-78") == []
    assert find("면허 11-04-123456-78-9") == []
