from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.text.scripts import scripts

CLASSES = {
    "hangul": "[가-힣\u1100-\u11ff\u3131-\u318e]",
    "kana": "[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff]",
    "latin": "[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]",
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", (0, 0, 0, 0, 0, 0)),
        ("abc 12\n", (0, 0, 0, 3, 0, 4)),
        ("가ㅋ漢字かなカЯé𠀀1", (2, 3, 3, 1, 1, 1)),
        ("\U0001f600\U000e0001", (0, 0, 0, 0, 0, 2)),
        ("\U0002a700", (0, 0, 1, 0, 0, 0)),
    ],
)
def test_examples(text, wanted):
    assert tuple(scripts(text)) == wanted


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=0x1FFFF, exclude_categories=["Cs"]), max_size=60))
def test_what_is_counted_is_what_the_patterns_find(text):
    found = scripts(text)
    assert sum(found) == len(text)
    assert len(text) - found.rest == sum(map(str.isalpha, text))
    for name, pattern in CLASSES.items():
        assert getattr(found, name) == len(re.findall(pattern, text)), name


def test_lone_surrogates_are_no_letters():
    assert scripts("가\ud800").rest == 1


def test_letter_bytes():
    assert scripts("가abc").letter_bytes == 6
