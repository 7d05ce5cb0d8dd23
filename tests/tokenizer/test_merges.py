from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipeline.errors import InputError
from tests.toys import paragraphs
from tokenizer.bpe import read_tokenizer, spelling
from tokenizer.merges import grow, hangul_only
from tokenizer.pieces import WORD
from tokenizer.train import Piece, learn

PIECES = learn(
    {word: 3 for text in paragraphs("ko", 40) for word in WORD.findall(text)} | {" 쀍": 2, " 괆": 2, "뷁": 9, "힣": 9},
    400,
    2,
)


@pytest.fixture(scope="module", params=["byte_level_model", "metaspace_model"])
def grown(request: pytest.FixtureRequest):
    folder: Path = request.getfixturevalue(request.param)
    found = read_tokenizer(folder / "tokenizer.json")
    how = spelling(found, folder)
    first = json.loads((folder / "config.json").read_text())["vocab_size"]
    extended, growth, padded = grow(found, how, PIECES, first, 64)
    return Tokenizer.from_str(json.dumps(found)), Tokenizer.from_str(json.dumps(extended)), growth, padded, how


@pytest.mark.parametrize("raw", [" 한국", "가", "힣", " 뷁"])
def test_hangul_may_stand_alone(raw: str) -> None:
    assert hangul_only(raw.encode())


def test_parts_of_a_syllable_only_where_no_other_script_begins_so() -> None:
    for character in ("가", "뷁", "한", "힣"):
        assert hangul_only(character.encode()[:2]) and hangul_only("한".encode() + character.encode()[:2])
    assert hangul_only(b"\xec") and hangul_only(b" \xec")
    assert not hangul_only(b"\xea") and not hangul_only(b" \xea")  # Yi, Vai, Javanese ... begin with EA
    assert not hangul_only("ꀀ".encode()[:2])
    for other in ("a", "", " ", "한a", "a한", "  한", "漢", "ㅋ", "é", "한\n"):
        assert not hangul_only(other.encode())
    assert not hangul_only("한".encode()[1:])


def test_every_piece_is_one_token(grown) -> None:
    _, new, growth, _, how = grown
    assert growth.missed == []
    for piece in PIECES:
        assert len(new.model.tokenize(how.spell(piece.text))) == 1


def test_intermediate_tokens_are_few_and_counted(grown) -> None:
    _, _, growth, _, _ = grown
    assert len(growth.new_tokens) == len(PIECES) - growth.present + growth.intermediate
    assert len(growth.new_tokens) == len(set(growth.new_tokens)) == len(growth.parts)
    assert growth.intermediate < len(PIECES)


def test_a_new_token_is_made_of_what_the_base_splits_it_into(grown) -> None:
    old, _, growth, _, how = grown
    for token, parts in zip(growth.new_tokens, growth.parts, strict=True):
        assert max(parts) < growth.first
        assert b"".join(how.raw(old.id_to_token(number)) for number in parts) == how.raw(token)
        if how.kind == "byte-level" or token in growth.vocabulary:
            assert parts == [found.id for found in old.model.tokenize(token)]


def test_padding_fills_up_and_no_text_reaches_it(grown) -> None:
    _, new, growth, padded, _ = grown
    last = growth.first + len(growth.new_tokens)
    assert padded % 64 == 0 and last <= padded < last + 64
    names = [new.id_to_token(number) for number in range(last, padded)]
    assert None not in names and len(set(names)) == len(names)
    assert all(number < last for name in names for number in new.encode(name, add_special_tokens=False).ids)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_text_without_hangul_never_changes(grown, text: str) -> None:
    old, new, _, _, _ = grown
    kept = "".join(character for character in text if not "가" <= character <= "힣")
    assert old.encode(kept).ids == new.encode(kept).ids


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from("한국어를배우는사람이가힣뷁ㅋ a1.\n漢é🙂"), max_size=40))
def test_new_tokens_only_join_what_was_split(grown, text: str) -> None:
    old, new, growth, _, _ = grown
    ids = new.encode(text).ids
    flat = [
        part for number in ids for part in (growth.parts[number - growth.first] if number >= growth.first else [number])
    ]
    assert flat == old.encode(text).ids
    assert new.decode(ids, skip_special_tokens=False) == old.decode(flat, skip_special_tokens=False)


def test_a_base_that_was_extended_before_says_so(byte_level_model: Path) -> None:
    found = read_tokenizer(byte_level_model / "tokenizer.json")
    how = spelling(found, byte_level_model)
    once, _, padded = grow(found, how, PIECES[:50], 400, 64)
    with pytest.raises(InputError, match="extended before"):
        grow(once, how, [Piece("뛟", "", "", 1)], padded, 64)


def test_merges_keep_the_form_of_the_file(byte_level_model: Path) -> None:
    found = read_tokenizer(byte_level_model / "tokenizer.json")
    how = spelling(found, byte_level_model)
    joined = {**found, "model": {**found["model"], "merges": [" ".join(merge) for merge in found["model"]["merges"]]}}
    texts = grow(joined, how, PIECES[:20], 400, 1)[0]["model"]["merges"]
    lists = grow(found, how, PIECES[:20], 400, 1)[0]["model"]["merges"]
    assert texts == [" ".join(merge) for merge in lists]


def test_added_tokens_outside_the_vocabulary_keep_their_ids(byte_level_model: Path) -> None:
    found = read_tokenizer(byte_level_model / "tokenizer.json")
    extra = {**found["added_tokens"][0], "id": 400, "content": "|||EMAIL|||", "special": False}
    found["added_tokens"].append(extra)
    old = Tokenizer.from_str(json.dumps(found))
    assert old.token_to_id("|||EMAIL|||") == 400
    new = Tokenizer.from_str(json.dumps(grow(found, spelling(found, byte_level_model), PIECES[:50], 401, 64)[0]))
    assert new.token_to_id("|||EMAIL|||") == 400
    assert new.encode("a |||EMAIL||| b").ids == old.encode("a |||EMAIL||| b").ids
