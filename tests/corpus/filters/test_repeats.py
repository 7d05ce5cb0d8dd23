from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from corpus.filters.repeats import Grams, repeated

WORDS = st.lists(st.sampled_from(["가", "나다", "abc", "d"]), max_size=40)


def plain_top(words, n, few):
    grams = Counter(zip(*(words[start:] for start in range(n)), strict=False))
    if not grams:
        return 0
    best, count = max(grams.items(), key=lambda pair: (pair[1], len(" ".join(pair[0]))))
    return count * len(" ".join(best)) if count >= max(2, few) else 0


def plain_repeated(words, n):
    seen, size, at = set(), 0, 0
    while at <= len(words) - n:
        gram = tuple(words[at : at + n])
        if gram in seen:
            size += sum(map(len, gram))
            at += n
        else:
            seen.add(gram)
            at += 1
    return size


def test_repeated():
    assert repeated(["ab", "c", "ab", "ab"]) == (2, 4)
    assert repeated([]) == (0, 0)


def test_the_most_frequent_ngram():
    assert Grams(list("abxab")).top_characters(2) == 2 * len("a b")
    assert Grams(list("abc")).top_characters(2) == 0
    assert Grams(["a"]).top_characters(2) == 0
    assert Grams([]).top_characters(2) == 0


def test_an_ngram_that_occurs_too_seldom_does_not_count():
    words = ["a", "b", "x", "a", "b", "y", "a", "b"]
    assert Grams(words).top_characters(2, few=3) == 9
    assert Grams(words).top_characters(2, few=4) == 0


def test_repeated_ngrams_are_not_counted_twice():
    assert Grams(list("abcabc")).repeated_characters(3) == 3
    assert Grams(list("aaaa")).repeated_characters(2) == 2


@given(WORDS, st.integers(2, 5))
def test_the_values_are_those_of_the_plain_definition(words, few):
    grams = Grams(words)
    for n in (4, 2, 3):  # in any order
        assert grams.top_characters(n, few) == plain_top(words, n, few)
        assert grams.top_characters(n) == plain_top(words, n, 2)
    for n in range(1, 11):
        assert grams.repeated_characters(n) == plain_repeated(words, n)


@given(WORDS)
def test_as_datatrove_counts_them(words):
    from datatrove.pipeline.filters.gopher_repetition_filter import find_all_duplicate, find_duplicates

    assert repeated(words) == find_duplicates(words)
    assert Grams(words).repeated_characters(1) == find_all_duplicate(words, 1)


@given(WORDS)
def test_bounds_of_n_grams_hold(words):
    grams = Grams(words)
    assert all(grams.top_characters(n) <= n * grams.heaviest for n in range(2, 6))
    assert all(grams.repeated_characters(n) <= grams.repeating for n in range(3, 11))
