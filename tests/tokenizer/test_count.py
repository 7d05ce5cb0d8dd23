from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokenizer import count
from tokenizer.count import Counts, added_up, read_run

WORDS = st.lists(st.text("가나다 라", min_size=1, max_size=3), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(WORDS, max_size=8), often=st.integers(1, 4), open_files=st.integers(2, 5))
def test_spilled_counts_are_the_counts(tmp_path: Path, monkeypatch, texts, often: int, open_files: int) -> None:
    monkeypatch.setattr(count, "OPEN", open_files)
    counts = Counts(tmp_path / "runs")
    for number, words in enumerate(texts):
        counts.add(words)
        if number % often == 0:
            counts.spill()
    counts.spill()
    wanted = Counter(word for words in texts for word in words)
    assert list(added_up([(run, 1) for run in counts.runs], tmp_path)) == sorted(wanted.items())
    assert counts.total == sum(wanted.values()) and len(counts) == 0
    frequent = [pair for pair in sorted(wanted.items()) if pair[1] >= 2]
    assert list(added_up([(run, 1) for run in counts.runs], tmp_path, 2)) == frequent


def test_weights_of_runs(tmp_path: Path) -> None:
    one, two = Counts(tmp_path / "one"), Counts(tmp_path / "two")
    one.add(["가", "나", "가"])
    two.add_many("가", 5)
    one.spill()
    two.spill()
    assert list(read_run(one.runs[0])) == [("가", 2), ("나", 1)]
    assert list(added_up([(one.runs[0], 10), (two.runs[0], 3)], tmp_path)) == [("가", 35), ("나", 10)]


@pytest.mark.parametrize("word", [" 가", "가"])
def test_a_leading_space_survives(tmp_path: Path, word: str) -> None:
    counts = Counts(tmp_path)
    counts.add([word])
    counts.spill()
    assert list(added_up([(counts.runs[0], 1)], tmp_path)) == [(word, 1)]
