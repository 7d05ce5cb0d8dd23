from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corpus.filters.repeats import repeated, repeated_ngram_characters, top_ngram_characters

WORDS = st.lists(st.sampled_from(["가", "나다", "abc", "d"]), max_size=40)


def test_repeated():
    assert repeated(["ab", "c", "ab", "ab"]) == (2, 4)
    assert repeated([]) == (0, 0)


def test_the_most_frequent_ngram():
    assert top_ngram_characters(list("abxab"), 2) == 2 * len("a b")
    assert top_ngram_characters(list("abc"), 2) == 0
    assert top_ngram_characters(["a"], 2) == 0


def test_repeated_ngrams_are_not_counted_twice():
    assert repeated_ngram_characters(list("abcabc"), 3) == 3
    assert repeated_ngram_characters(list("aaaa"), 2) == 2


@given(WORDS)
def test_as_datatrove_counts_them(words):
    from datatrove.pipeline.filters.gopher_repetition_filter import find_all_duplicate, find_duplicates

    assert repeated(words) == find_duplicates(words)
    assert repeated_ngram_characters(words, 1) == find_all_duplicate(words, 1)
