from __future__ import annotations

from datatrove.data import Document

from corpus.filters.symbol_ratio import SymbolRatio


def fault(text, **options):
    found = SymbolRatio(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_hashes_and_ellipses():
    assert fault("#a #b c d") == ("hashes", 0.5, 0.1)
    assert fault("a... b... c d") == ("ellipses", 0.5, 0.1)
    assert fault("plain words and nothing else") is None


def test_inline_leaves_headings_out():
    text = "# Heading\n## Another\n#include <a.h>\nsome text here"
    assert fault(text)[0] == "hashes"
    assert fault(text, inline=True) is None
    assert fault("#맛집 #서울 #여행", inline=True)[0] == "hashes"


def test_korean_marks():
    assert fault("글쎄‥ 그게‥ 좀", korean=False) is None
    assert fault("글쎄‥ 그게‥ 좀", korean=True)[0] == "ellipses"
    assert fault("좋아요.. 감사합니다.. 그럼 이만", korean=True) is None
