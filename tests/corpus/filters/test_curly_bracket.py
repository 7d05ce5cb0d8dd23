from __future__ import annotations

from datatrove.data import Document

from corpus.filters.curly_bracket import CurlyBracket


def fault(text, **options):
    found = CurlyBracket(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_one_is_too_many():
    assert fault("int main() { return 0; }") == ("high", 1, 0)
    assert fault("no code (at all)") is None
