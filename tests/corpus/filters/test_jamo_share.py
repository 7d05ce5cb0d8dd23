from __future__ import annotations

from datatrove.data import Document

from corpus.filters.jamo_share import JamoShare


def fault(text, **options):
    found = JamoShare(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_share():
    assert fault("ㅋㅋㅋ ㅠㅠ 네") == ("high", 5 / 6, 0.2)
    assert fault("정말 재미있게 보았습니다 ㅋㅋ") is None
    assert fault("no Hangul") is None
