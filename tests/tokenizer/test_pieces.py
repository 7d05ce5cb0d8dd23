from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError
from tests.toys import KOREAN, paragraphs
from tokenizer.config import Pieces
from tokenizer.pieces import read_pieces, run
from tokenizer.scripts import Scripts


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
    assert all(Scripts().word.fullmatch(text) for text in texts)
    assert " 문서의" in texts and not any("똠" in text or "쀍" in text for text in texts)
    assert made.metrics["atoms"] + made.metrics["merges"] == len(texts)
    assert made.counts == {"read": 28, "kept": 28, "dropped": 0, "failed": 0}


def test_jamo_and_hanja_by_setting(documents, build) -> None:
    text = "정말ㅋㅋㅋ 재밌다ㅠㅠ 大韓民國은 (大韓)"
    given = {"documents": documents({"a": ("ko", [text] * 3)})}
    found = {}
    for scripts in (["hangul"], ["hangul", "jamo"], ["hanja", "hangul"]):
        made = build("pieces", run, Pieces(size=100, scripts=scripts), given)
        found[scripts[-1], scripts[0]] = {piece.text for piece in read_pieces(made)}
        assert made.metrics["scripts"] == [name for name in ("hangul", "jamo", "hanja") if name in scripts]
    assert not any("ㅋ" in piece or "大" in piece for piece in found["hangul", "hangul"])
    assert "정말ㅋㅋㅋ" in found["jamo", "hangul"] and " 大韓民國은" in found["hangul", "hanja"]


def test_small_sources_weigh_more_as_balance_falls(documents, build) -> None:
    given = {"documents": documents({"big": ("ko", ["가나다"] * 400), "small": ("ko", ["라마바 사"] * 4)})}
    first = {}
    for balance in (1.0, 0.5, 0.0):
        made = build("pieces", run, Pieces(size=40, balance=balance), given)
        first[balance] = next(iter(read_pieces(made))).text
        weights = {source: found["weight"] for source, found in made.metrics["sources"].items()}
        assert weights["small"] == 1 and weights["big"] == pytest.approx((8 / 400) ** (1 - balance), rel=1e-3)
        assert all(piece.count >= 2 for piece in read_pieces(made))
    assert first == {1.0: "가", 0.5: "가", 0.0: "가"}


def test_pieces_do_not_cross_the_cuts_of_the_base(documents, build, published, byte_level_model, tmp_path) -> None:
    import json
    import shutil

    folder = Path(shutil.copytree(byte_level_model, tmp_path / "cuts"))
    found = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    cut = {"type": "Split", "pattern": {"String": "나"}, "behavior": "Isolated", "invert": False}
    found["pre_tokenizer"]["pretokenizers"].insert(0, cut)
    (folder / "tokenizer.json").write_text(json.dumps(found), encoding="utf-8")
    texts = documents({"a": ("ko", ["마나라 가나다", "a 가다"] * 3)})
    given = {"documents": texts, "model": published(folder)}
    made = build("pieces", run, Pieces(boundary="pretokenizer", model="base"), given)
    assert {piece.text for piece in read_pieces(made)} == {"마", "나", "라", " 가", "다", " 가다"}
    plain = build("pieces", run, Pieces(), {"documents": texts})
    assert " 가나다" in {piece.text for piece in read_pieces(plain)}


def test_shards_and_workers_give_the_same_bytes(documents, build, monkeypatch) -> None:
    from pipeline.units import ShardDone
    from tokenizer import words

    monkeypatch.setattr(words, "GROUPS", 1)
    monkeypatch.setattr(words, "HELD", 20)  # everything is spilled again and again
    given = {"documents": documents({"a": ("ko", paragraphs("ko", 60)), "b": ("ko", paragraphs("ko", 9, seed=1))})}
    spilled = build("pieces", run, Pieces(), given)
    monkeypatch.undo()
    whole = (spilled.path / "pieces.tsv").read_bytes()
    metrics = spilled.metrics
    (spilled.path / "manifest.json").unlink()
    again = build("pieces", run, Pieces(), given, workers=2)
    assert (again.path / "pieces.tsv").read_bytes() == whole and again.metrics == metrics
    context = Context("pieces", again.path / "part", given, Run(), shard=(0, 2))
    context.path.mkdir()
    with pytest.raises(ShardDone):
        run(Pieces(), context)
    assert not (context.path / "pieces.tsv").exists()


def test_rare_words_are_left_out(documents, build) -> None:
    given = {"documents": documents({"a": ("ko", ["가나 다라", "가나"] * 3)})}
    made = build("pieces", run, Pieces(min_word_count=4), given)
    assert {piece.text for piece in read_pieces(made)} == {"가", "나", "가나"}
    assert made.metrics["rare_words_share"] == round(3 / 9, 6)


def test_the_pre_tokenizer_needs_a_base() -> None:
    for given in ({"boundary": "pretokenizer"}, {"model": "base"}):
        with pytest.raises(ConfigError, match="pieces.model"):
            Pieces(**given).check(Run())


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


@pytest.mark.parametrize("section", [{}, {"min_word_count": 3}, {"min_count": 10}])
def test_a_scrap_of_a_source_takes_nothing_from_a_large_one(documents, build, section) -> None:
    texts = paragraphs("ko", 200)
    alone = build("pieces", run, Pieces(size=400, **section), {"documents": documents({"a": ("ko", texts)})})
    both = documents({"a": ("ko", texts), "b": ("ko", ["네"])})
    beside = build("pieces", run, Pieces(size=400, **section), {"documents": both})
    before, after = ([piece.text for piece in read_pieces(made)] for made in (alone, beside))
    assert len(before) > 100 and after == before
    assert {source: found["weight"] for source, found in beside.metrics["sources"].items()} == {"a": 1, "b": 1}
