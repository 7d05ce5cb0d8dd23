import unicodedata

import pytest

from corpus.scores.lmtext import LONGEST, Units, form_of, lines, load_pieces, train_pieces
from pipeline.errors import InputError
from tests.toys import paragraphs


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2024년 12월, 1,234.5원!", ["0년 0월, 0원!"]),
        ("“따옴표” 「책」 ‘작은’", ['"따옴표" "책" \'작은\'']),
        ("가나\r\n\n  다   라 \n", ["가나", "다 라"]),
        ("ABC ＡＢＣ １２", ["abc abc 0"]),
        ("=====", ["==="]),
        ("\u1112\u1161\u11ab글", ["한글"]),
        ("가\u200b나", ["가나"]),
        ("  \n\n", []),
    ],
)
def test_lines(text, form):
    assert lines(text) == form


def test_hangul_stays_composed_and_ccnets_form_does_not():
    assert lines("한글 12") == ["한글 0"]
    assert lines("한글 12", "ccnet") == [unicodedata.normalize("NFD", "한글") + " 00"]


def test_an_endless_line_is_cut():
    assert [len(line) for line in lines("가" * (2 * LONGEST + 1))] == [LONGEST, LONGEST, 1]


def test_units():
    assert Units("syllables").cut("가 나") == ["가", "▁", "나"]
    assert Units("eojeol").cut("가나 다") == ["가나", "다"]


def test_pieces_are_the_same_every_time_and_cut_without_loss(tmp_path):
    text = [line for one in paragraphs("ko", 60) for line in lines(one)]
    made = train_pieces(iter(text), 200)
    assert made == train_pieces(iter(text), 200)
    assert str(tmp_path).encode() not in made
    (tmp_path / "p.model").write_bytes(made)
    units = Units("pieces", tmp_path / "p.model")
    assert all("".join(units.cut(line)).replace("▁", " ").strip() == line for line in text[:20])
    assert form_of(load_pieces(tmp_path / "p.model")) == "nfc"


def test_jamo_pieces_tell_ccnets_form(tmp_path):
    text = [unicodedata.normalize("NFD", line) for one in paragraphs("ko", 60) for line in lines(one)]
    (tmp_path / "p.model").write_bytes(train_pieces(iter(text), 300))
    assert form_of(load_pieces(tmp_path / "p.model")) == "ccnet"


def test_no_pieces(tmp_path):
    (tmp_path / "p.model").write_bytes(b"no model")
    with pytest.raises(InputError, match="not a SentencePiece model"):
        load_pieces(tmp_path / "p.model")
