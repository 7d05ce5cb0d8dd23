import json
import pickle

import numpy as np
import pytest

from corpus.scores.features import FACTS, WEIGHTS, Linear, hashed, named, windows
from pipeline.errors import InputError
from tests.toys import paragraphs

BITS = 20


@pytest.mark.parametrize("text", ["가", "가나", "가나 다라마바 사", "a b c", "국립도서관은 0월에 문을 연다.", ""])
def test_the_arrays_and_the_strings_are_the_same_features(text):
    assert set(hashed(text, BITS).tolist()) == set(named(text, BITS).values())


def test_what_is_counted():
    found = named("가나다 라", BITS)
    assert set(found) == {
        " 가", "가나", "나다", "다 ", " 라", "라 ", " 가나", "가나다", "나다 ", " 라 ", " 가나다", "가나다 ",
        "[가나다]", "[라]", "[가나다 라]",
    }  # fmt: skip


def test_a_word_has_one_number_wherever_it_stands():
    number = named("나무", BITS)["[나무]"]
    for text in ("나무", "이 나무 아래", "가나다라마바사 " * 300 + "나무"):
        assert number in hashed(text, BITS)


def test_windows_are_spread_over_the_text_and_show_no_layout():
    assert windows("가\n나\n\n다 1,234", 100, 4) == ["가 나 다 0"]
    assert windows(" \n", 100, 4) == []
    text = "".join(chr(0xAC00 + n) for n in range(1000))
    assert windows(text, 100, 3) == [text[:100], text[450:550], text[900:]]
    assert windows(text[:150], 100, 4) == [text[:100], text[50:150]]
    assert windows(text, 100, 1) == [text[:100]]


def test_a_saved_model_gives_the_same_scores_and_no_pickle_is_read(tmp_path):
    choose = np.random.default_rng(0)
    model = Linear(choose.normal(0, 1, (3, 1 << 12)).astype(np.float32), [0.1, -0.2, 0.0], "ko", 200, 3)
    model.save(tmp_path)
    read = Linear.read(tmp_path)
    texts = paragraphs("ko", 20)
    assert [read.score(text) for text in texts] == [model.score(text) for text in texts]
    assert len({model.score(text) for text in texts}) > 15
    assert read.score("\n ") is None
    first = (tmp_path / WEIGHTS).read_bytes()
    model.save(tmp_path)
    assert (tmp_path / WEIGHTS).read_bytes() == first
    (tmp_path / WEIGHTS).write_bytes(pickle.dumps({"weights": 1}))
    with pytest.raises(InputError, match="not a classifier"):
        Linear.read(tmp_path)


@pytest.mark.parametrize(
    ("weights", "facts"),
    [
        (np.zeros((1, 1000), np.float32), {}),
        (np.zeros((2, 1024), np.float32), {}),
        (np.zeros((1, 1024), np.float64), {}),
        (np.full((1, 1024), np.nan, np.float32), {}),
        (np.array([[object()]], object), {}),
        (np.zeros((1, 1024), np.float32), {"window": 0}),
        (np.zeros((1, 1024), np.float32), {"intercepts": "none"}),
    ],
)
def test_what_is_no_classifier(tmp_path, weights, facts):
    np.savez(tmp_path / WEIGHTS, weights=weights)
    whole = {"intercepts": [0.0], "lang": "ko", "window": 100, "windows": 1, **facts}
    (tmp_path / FACTS).write_text(json.dumps(whole))
    with pytest.raises(InputError, match="not a classifier"):
        Linear.read(tmp_path)
