from __future__ import annotations

import pytest
from datatrove.data import Document

from corpus.filters.url_lists import UrlLists


@pytest.mark.parametrize(
    ("options", "url", "option"),
    [
        ({"block": ["bad.example"]}, "http://bad.example/", "block"),
        ({"block": ["bad.example"]}, "http://good.example/", None),
        ({"block": ["bad.example"], "allow": ["fine.bad.example"]}, "http://fine.bad.example/", None),
        ({"allow": ["good.example"]}, "http://other.example/", None),
        ({"allow": ["good.example"], "only": True}, "http://other.example/", "only"),
        ({"allow": ["good.example"], "only": True}, "http://good.example/", None),
        ({"allow": ["good.example"], "only": True}, "", None),
        ({}, "http://[bad/", None),
    ],
)
def test_what_stays(options, url, option):
    found = UrlLists(**options).fault(Document(text="글", id="1", metadata={"url": url}))
    assert (None if found is None else found.option) == option
