from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Run
from pipeline.context import Context
from tests.toys import KOREAN
from tokenizer import morphemes
from tokenizer.morphemes import cut_at_morphemes, split_at
from tokenizer.scripts import Scripts
from tokenizer.train import learn


def test_no_piece_crosses_a_morpheme(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(morphemes, "BATCH", 7)
    monkeypatch.setattr(morphemes, "HELD", 11)
    words = dict.fromkeys(Scripts().word.findall(" ".join(KOREAN)), 1)
    context = Context(node="pieces", path=tmp_path, inputs={}, run=Run(threads=1))
    found = list(cut_at_morphemes(sorted(words.items()), context))
    parts = dict(found)
    assert found == sorted(parts.items())
    assert " 문서" in parts and "의" in parts and " 문서의" not in parts  # 의 is a particle
    letters = sum(len(word) * count for word, count in words.items())
    assert sum(len(part) * count for part, count in parts.items()) == letters
    assert " 문서의" not in {piece.text for piece in learn(parts, 500, 1)}


@pytest.mark.parametrize(
    ("word", "spans", "parts"),
    [
        (" 학교에서", [(0, 2), (2, 4)], [" 학교", "에서"]),
        ("했다", [(0, 1), (0, 1), (1, 2)], ["했", "다"]),
        ("가나다", [(0, 3), (1, 2)], ["가나다"]),
        ("가", [], ["가"]),
    ],
)
def test_cuts_only_between_syllables(word: str, spans: list[tuple[int, int]], parts: list[str]) -> None:
    assert split_at(word, spans) == parts
