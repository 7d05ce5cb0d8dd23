from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.duplicates.jaccard import jaccard, similar_pairs

SETS = st.lists(st.sets(st.integers(0, 12), max_size=8), max_size=10)


@given(SETS, st.sampled_from([0.1, 0.3, 0.5, 0.719, 0.9, 1.0]))
def test_no_pair_is_missed_and_none_is_made_up(sets: list[set[int]], least: float):
    found = similar_pairs([np.array(sorted(one), np.uint64) for one in sets], least)
    expected = {
        (a, b): len(sets[a] & sets[b]) / len(sets[a] | sets[b])
        for a, b in combinations(range(len(sets)), 2)
        if sets[a] | sets[b] and len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= least
    }
    assert found == pytest.approx(expected)


def test_jaccard_of_nothing_is_nothing():
    nothing = np.empty(0, np.uint64)
    assert jaccard(nothing, nothing) == 0
    assert similar_pairs([nothing, nothing], 0.5) == {}
