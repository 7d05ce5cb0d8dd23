from __future__ import annotations

from datatrove.data import Document

from corpus.filters.lorem_ipsum import LoremIpsum


def fault(text, **options):
    found = LoremIpsum(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_any_case():
    assert fault("Lorem Ipsum dolor") == ("high", 1, 0)
    assert fault("lorem, ipsum") is None
    assert fault("튜토리얼은 lorem ipsum 을 쓴다", high=1) is None
