from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import InputError
from tests.toys import KOREAN, paragraphs
from tokenizer.config import Pieces
from tokenizer.pieces import WORD, cut_at_morphemes, read_pieces, run, split_at
from tokenizer.train import learn


def test_learns_from_the_train_text_of_one_language_alone(documents, build) -> None:
    mixture = documents(
        {
            "ko": ("ko", ["똠방각하 " * 50, *paragraphs("ko", 30)]),  # the first document is held out
            "ja": ("ja", ["쀍쀍쀍 にほん"] * 20),
            "en": ("en", paragraphs("en", 20)),
        },
        mixture=True,
    )
    made = build("pieces", run, Pieces(size=500), {"documents": mixture})
    texts = [piece.text for piece in read_pieces(made)]
    assert len(texts) == len(set(texts)) == made.metrics["pieces"] <= 500
    assert all(WORD.fullmatch(text) for text in texts)
    assert " 문서의" in texts and not any("똠" in text or "쀍" in text for text in texts)
    assert made.metrics["atoms"] + made.metrics["merges"] == len(texts)
    assert made.counts == {"read": 28, "kept": 28, "dropped": 0, "failed": 0}


def test_latin_digits_and_jamo_are_never_part_of_a_piece(documents, build) -> None:
    text = "API를 호출하면 v2가ㅋㅋ JSON이 100개나 大韓民國은 (가나다)라마\t바사\n아자"
    made = build("pieces", run, Pieces(size=100, min_count=1), {"documents": documents({"a": ("ko", [text] * 3)})})
    texts = {piece.text for piece in read_pieces(made)}
    assert {"를", " 호출하면", "이", "개나", "은", "가나다", "라마", "바사", "아자"} <= texts
    assert all(set(text) <= set(" 를호출하면가이개나은다라마바사아자") for text in texts)


@pytest.mark.parametrize("boundary", ["eojeol", pytest.param("morpheme", marks=pytest.mark.slow)])
def test_the_same_bytes_whatever_the_circumstances(documents, build, boundary: str) -> None:
    given = documents({"a": ("ko", paragraphs("ko", 60))})
    first = build("pieces", run, Pieces(boundary=boundary), {"documents": given}, threads=1)
    bytes_of = (first.path / "pieces.tsv").read_bytes()
    (first.path / "manifest.json").unlink()
    second = build("pieces", run, Pieces(boundary=boundary), {"documents": given}, threads=2, workers=2)
    assert (second.path / "pieces.tsv").read_bytes() == bytes_of


def test_no_piece_crosses_a_morpheme(tmp_path: Path) -> None:
    words = Counter(WORD.findall(" ".join(KOREAN)))
    parts = cut_at_morphemes(words, Context(node="pieces", path=tmp_path, inputs={}, run=Run(threads=1)))
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


@pytest.mark.parametrize(
    ("lang", "texts", "says"),
    [
        ("ko", ["No Korean at all."], "none of its 1 documents has a Hangul syllable"),
        ("ko", [""], "none of its 1 documents has a Hangul syllable"),
        ("en", paragraphs("en", 3), "only ['en']"),
        ("ko", [unicodedata.normalize("NFD", text) for text in KOREAN], "normalise it to NFC"),
        ("ko", ["가나다라"], "no syllable occurs 2 times"),
    ],
)
def test_text_that_teaches_nothing_is_refused(documents, build, lang: str, texts: list[str], says: str) -> None:
    with pytest.raises(InputError) as caught:
        build("pieces", run, Pieces(), {"documents": documents({"a": (lang, texts)})})
    assert says in str(caught.value)


def test_a_damaged_list_names_the_line(documents, build) -> None:
    made = build("pieces", run, Pieces(), {"documents": documents({"a": ("ko", paragraphs("ko", 9))})})
    path = made.path / "pieces.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace("\t", "\tx", 1)
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match="line 4"):
        list(read_pieces(made))
