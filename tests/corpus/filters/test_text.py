from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from corpus.filters import text as kinds
from corpus.filters.spans import is_prose
from corpus.filters.text import Text, measured

TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("가뷁ㅋᄀa1_ .!\n\t\u3000{=éÃ占漢か\ufffd\U0001f600\U00020000"), max_size=60),
)


@given(TEXTS)
def test_counts_are_those_of_str_and_re(text):
    found = Text(text)
    words = text.split()
    assert found.words == words and found.word_count == len(words)
    for bit, test in (
        (kinds.ALNUM, str.isalnum),
        (kinds.ALPHA, str.isalpha),
        (kinds.SYLLABLE, lambda one: "가" <= one <= "힣"),
    ):
        with_it = [word for word in words if any(map(test, word))]
        assert found.words_with(bit) == len(with_it)
        assert found.characters_and_words(bit) == (sum(map(len, with_it)), len(with_it))
        short = [word for word in with_it if len(word) <= 3]
        assert found.characters_and_words(bit, 3) == (sum(map(len, short)), len(short))
    assert found.count(kinds.JAMO) == len(re.findall("[\u3131-\u3163]", text))
    assert found.longest_word == max(map(len, words), default=0)


@given(TEXTS)
def test_lines_and_prose_are_those_of_the_plain_functions(text):
    found = Text(text)
    rows = text.split("\n")
    lines = [line.strip() for line in rows if line.strip()]
    prose = [line for line in lines if is_prose(line)]
    assert found.lines == lines and found.lines_of(True) == prose
    joined = "\n".join(row for row in rows if row.strip() and is_prose(row.strip()))
    assert found.prose == joined
    assert found.words_of(True) == len(joined.split()) and found.words_of(False) == len(text.split())
    assert found.newlines_of(True) == joined.count("\n")
    grams, size = found.grams_of(True)
    assert list(grams.words) == joined.split() and size == len(joined)


def test_rare_syllables_are_those_outside_ks_x_1001():
    assert Text("뷁쀍").count(kinds.RARE) == 2 and Text("말모이를 보았다").count(kinds.RARE) == 0


def test_one_text_is_counted_once():
    assert measured("같은 글") is measured("같은 글")
