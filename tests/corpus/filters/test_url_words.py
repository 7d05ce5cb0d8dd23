from __future__ import annotations

import pytest
from datatrove.data import Document

from corpus.filters.url_words import UrlWords


@pytest.mark.parametrize(
    ("url", "option"),
    [
        ("http://best-casino.example/", "hard"),
        ("http://xn--o80b910a26eepc81il5g.example/", "hard"),
        ("http://blog.example/?q=%ED%86%A0%ED%86%A0+%EB%A8%B9%ED%8A%80", "soft"),
        ("http://shop.example/sexy/escort-service", "soft"),
        ("http://www.sussex.ac.uk/", None),
        ("http://news.example/casino-royale-review", None),
        ("http://clinic.example/sex-education", None),
        ("http://toto.example/washlet", None),
        ("", None),
    ],
)
def test_what_a_url_says(url, option):
    found = UrlWords().fault(Document(text="글", id="1", metadata={"url": url}))
    assert (None if found is None else found.option) == option
