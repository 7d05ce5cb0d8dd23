from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer.train import ATOM_SAVES, Piece, atoms, learn

WORDS = st.dictionaries(
    st.builds(
        lambda space, body: space + body, st.sampled_from(["", " "]), st.text("가나다라", min_size=1, max_size=6)
    ),
    st.integers(1, 9),
    min_size=1,
    max_size=12,
)


def plain_bpe(words: dict[str, int], size: int, min_count: int) -> list[str]:
    """The definition, recounted from nothing at every step."""
    spelled = {word: atoms(word) for word in words}
    seen = Counter({})
    for word, symbols in spelled.items():
        for symbol in symbols:
            seen[symbol] += words[word]
    waiting = {symbol: count for symbol, count in seen.items() if count >= min_count}
    learned: list[str] = []
    while len(learned) < size:
        pairs: Counter = Counter()
        for word, symbols in spelled.items():
            for pair in pairwise(symbols):
                pairs[pair] += words[word]
        options = [(-ATOM_SAVES * count, atom, ("", "")) for atom, count in waiting.items()]
        options += [(-count, "".join(pair), pair) for pair, count in pairs.items() if count >= min_count]
        if not options:
            break
        _, text, pair = min(options)
        if text not in learned:
            learned.append(text)
        if pair == ("", ""):
            del waiting[text]
            continue
        for word, symbols in spelled.items():
            joined, at = [], 0
            while at < len(symbols):
                both = tuple(symbols[at : at + 2]) == pair
                joined.append(text if both else symbols[at])
                at += 2 if both else 1
            spelled[word] = joined
    return learned


@settings(max_examples=200, deadline=None)
@given(WORDS, st.integers(1, 20), st.integers(1, 4))
def test_equals_the_definition(words: dict[str, int], size: int, min_count: int) -> None:
    assert [piece.text for piece in learn(words, size, min_count)] == plain_bpe(words, size, min_count)


@settings(max_examples=100, deadline=None)
@given(WORDS)
def test_parts_stand_before_what_they_make(words: dict[str, int]) -> None:
    seen: set[str] = set()
    for piece in learn(words, 100, 1):
        assert piece.text == (piece.left + piece.right if piece.left else piece.text)
        assert not piece.left or {piece.left, piece.right} <= seen
        seen.add(piece.text)


def test_a_leading_space_belongs_to_the_first_syllable() -> None:
    assert atoms(" 가나") == [" 가", "나"]
    assert atoms("가나") == ["가", "나"]
    found = learn({" 학교에": 5, " 학교는": 4, "학교": 1}, 10, 3)
    assert Piece(" 학교", " 학", "교", 9) in found
    assert "학교" not in [piece.text for piece in found]  # seen once


def test_order_of_the_words_does_not_matter() -> None:
    words = {" 나무": 3, "나무": 3, " 나비": 3, "무나": 3}
    backwards = dict(reversed(words.items()))
    assert learn(words, 20, 1) == learn(backwards, 20, 1)
