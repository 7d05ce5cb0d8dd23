from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipeline.errors import InputError
from tests.toys import paragraphs
from tokenizer.bpe import Spelling, read_tokenizer, spelling
from tokenizer.measure import encode
from tokenizer.merges import Growth, cutting, every_split, grow, merges_of
from tokenizer.scripts import Scripts
from tokenizer.train import Piece, learn

PIECES = learn(
    {word: 3 for text in paragraphs("ko", 40) for word in Scripts().word.findall(text)}
    | {" 쀍": 2, " 괆": 2, "뷁": 9, "힣": 9},
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


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=12),
            st.sampled_from(
                [
                    "한국어를",
                    "배우는",
                    "사람이",
                    "가힣뷁",
                    "ㅋㅋㅠ",
                    "大韓民國",
                    "ᄒᆞᆫ",
                    "🙂👩\u200d👩\u200d👧",
                    "<s>",
                    "<|im_end|>",
                ]
            ).map(str.encode),
            st.sampled_from(["\x00", "\x1b", "\u200b", "\u2028", "\r\n", " ", "▁"]).map(str.encode),
        ),
        max_size=12,
    )
)
def test_fuzzed_bytes_come_back(grown, parts: list[bytes]) -> None:
    _, new, _, _, how = grown
    text = b"".join(parts).decode("utf-8", "replace")
    if how.kind == "metaspace":
        text = text.replace("▁", "_")  # SentencePiece reads it as a space
    ids = next(iter(encode(new, [text])))
    assert new.decode(ids, skip_special_tokens=False) == text


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


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_pieces_that_hold_a_symbol_are_left_out(request, name: str) -> None:
    folder = request.getfixturevalue(name)
    found = read_tokenizer(folder / "tokenizer.json")
    last = len(found["model"]["vocab"])
    found["model"]["vocab"]["가"] = last
    found["added_tokens"].append({**found["added_tokens"][0], "id": last, "content": "가", "special": False})
    pieces = [Piece(text, "", "", 1) for text in (" 나다", "가나", " 가", "다나")]
    extended, growth, _ = grow(found, spelling(found, folder), pieces, last + 1, 1)
    assert growth.missed == ["가나", " 가"]
    new = Tokenizer.from_str(json.dumps(extended))
    assert all(len(new.model.tokenize(growth.spelling.spell(text))) == 1 for text in (" 나다", "다나"))


def test_a_sentencepiece_base_stays_one(metaspace_model: Path) -> None:
    found = read_tokenizer(metaspace_model / "tokenizer.json")
    extended, growth, _ = grow(found, spelling(found, metaspace_model), PIECES, len(found["model"]["vocab"]), 64)
    assert growth.scores is not None
    assert merges_of(extended) == every_split(growth.scores, extended["model"]["vocab"])
    old = merges_of(found)
    assert [merge for merge in merges_of(extended) if merge in set(old)] == old
    kept = [merge for merge in old if merge != old[3]]
    other = {**found, "model": {**found["model"], "merges": [list(merge) for merge in kept]}}
    assert Growth.of(other, spelling(found, metaspace_model), 480).scores is None
    made, growth, _ = grow(other, spelling(found, metaspace_model), PIECES[:80], len(found["model"]["vocab"]), 64)
    assert merges_of(made)[: len(kept)] == kept and merges_of(made)[len(kept) :] == growth.new_merges


def test_runs_of_one_score_may_be_mixed_as_transformers_does(metaspace_model: Path) -> None:
    from transformers.convert_slow_tokenizer import generate_merges

    found = read_tokenizer(metaspace_model / "tokenizer.json")
    how, vocabulary = spelling(found, metaspace_model), found["model"]["vocab"]
    runs = ["▁" * length for length in range(2, 9)]
    vocabulary.update({run: number for number, run in enumerate(runs[::-1], len(vocabulary))})
    scores = {left + right: -float(rank) for rank, (left, right) in reversed([*enumerate(merges_of(found))])}
    old = generate_merges(vocabulary, [*scores.items(), *((run, -1e9) for run in runs)])
    assert old != every_split({"".join(merge): rank for rank, merge in enumerate(old)}, vocabulary)
    found["model"]["merges"] = [list(merge) for merge in old]
    extended, growth, _ = grow(found, how, PIECES, len(vocabulary), 64)
    assert growth.scores is not None and growth.missed == []
    assert [merge for merge in merges_of(extended) if merge in set(old)] == old
    before, after = (Tokenizer.from_str(json.dumps(one)) for one in (found, extended))
    for length in range(1, 40):
        assert before.encode(f"a{' ' * length}b").ids == after.encode(f"a{' ' * length}b").ids
    symbol = "".join(old[0])  # read from text before any merge
    added = [*found["added_tokens"], {**found["added_tokens"][0], "content": symbol, "special": False}]
    assert Growth.of({**found, "added_tokens": added}, how, 500).scores is not None
    found["model"]["merges"] = [*map(list, old[:-28]), *map(list, old[:-29:-1])]  # the runs, shortest first
    assert Growth.of(found, how, 500).scores is None


@pytest.mark.parametrize("limit", [1, 7, 60])
@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_a_limit_counts_intermediate_tokens(request, name: str, limit: int) -> None:
    folder = request.getfixturevalue(name)
    found = read_tokenizer(folder / "tokenizer.json")
    growth = grow(found, spelling(found, folder), PIECES, 480, 1, limit)[1]
    assert limit - 3 < len(growth.new_tokens) <= limit


def test_a_merge_of_missing_pieces_is_named(byte_level_model: Path) -> None:
    found = read_tokenizer(byte_level_model / "tokenizer.json")
    merges = [*found["model"]["merges"], ["q", "Ġzz"]]
    with pytest.raises(InputError, match="a missing piece"):
        Growth.of({**found, "model": {**found["model"], "merges": merges}}, spelling(found, byte_level_model), 400)


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_jamo_and_hanja_become_pieces_and_nothing_else_changes(request, name: str) -> None:
    folder = request.getfixturevalue(name)
    found = read_tokenizer(folder / "tokenizer.json")
    how = spelling(found, folder)
    pieces = learn({"ㅋㅋㅋ": 9, " 大韓民國": 8, "ㅠㅠ": 5, " 中國에": 4}, 60, 2)
    extended, growth, _ = grow(found, how, pieces, 480, 8)
    assert growth.scripts == Scripts(("hangul", "jamo", "hanja"))
    old, new = (Tokenizer.from_str(json.dumps(one)) for one in (found, extended))
    for text in ("ㅋㅋㅋ", " 大韓民國"):
        assert text in growth.missed or len(new.model.tokenize(how.spell(text))) == 1
    assert any(len(new.model.tokenize(how.spell(text))) == 1 for text in ("ㅋㅋㅋ", " 大韓民國", " 中國에"))
    for text in ("ㄅㄆㄇ bopomofo ㆠ", "䷀䷁ hexagrams", "かな カナ", "ꀀꀁ", "ﬀ ligature", "plain"):
        assert new.encode(text).ids == old.encode(text).ids


def test_runs_of_spaces_among_the_added_tokens_are_merged_as_before(metaspace_model: Path) -> None:
    """Gemma lists them as added tokens, spelled as they never stand in text: the merges are what makes them."""
    found = json.loads((metaspace_model / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary, merges = found["model"]["vocab"], found["model"]["merges"]
    if "▁▁" not in vocabulary:
        vocabulary["▁▁"] = len(vocabulary)
        merges.append(["▁", "▁"])
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    found["added_tokens"].append({"id": vocabulary["▁▁"], "content": "▁▁", **flags})
    assert cutting(found) == []
    assert cutting({"added_tokens": [{"content": "<sep>", **flags}]}) == ["<sep>"]
    extended, _, _ = grow(found, Spelling("metaspace"), [Piece("가", "", "", 2)], len(vocabulary), 1)
    old, new = (Tokenizer.from_str(json.dumps(one)) for one in (found, extended))
    assert old.encode("a   b").ids == new.encode("a   b").ids and "▁▁" in old.encode("a   b").tokens
