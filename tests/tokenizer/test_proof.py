from __future__ import annotations

import copy
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from pipeline.errors import StageFailed
from tests.toys import paragraphs
from tokenizer.bpe import read_tokenizer, spelling
from tokenizer.merges import grow
from tokenizer.pieces import WORD
from tokenizer.proof import prove, without_hangul
from tokenizer.train import learn

TEXTS = {"en": paragraphs("en", 10), "ko": paragraphs("ko", 10)}


@pytest.fixture(scope="module", params=["byte_level_model", "metaspace_model"])
def tried(request: pytest.FixtureRequest):
    """`tried(spoil)`: prove an extension whose tokenizer.json was changed by `spoil` first."""
    folder: Path = request.getfixturevalue(request.param)
    found = read_tokenizer(folder / "tokenizer.json")
    how = spelling(found, folder)
    words = {word: 2 for text in TEXTS["ko"] for word in WORD.findall(text)}
    extended, growth, _ = grow(found, how, learn(words, 200, 2), len(found["model"]["vocab"]), 8)

    def tried(spoil: Callable[[dict], None] = lambda extended: None, texts=TEXTS):
        spoiled = copy.deepcopy(extended)
        spoil(spoiled)
        tokenizers = [Tokenizer.from_str(json.dumps(one)) for one in (found, spoiled)]
        return prove(*tokenizers, growth, how, texts, "ko")

    return tried


def test_a_good_extension_is_proved(tried) -> None:
    found = tried()
    assert found["unchanged"]["en"]["texts"] == 10 and found["unchanged"]["en"]["tokens"] > 100
    assert [result["changed"] for result in found["unchanged"].values()] == [0, 0]
    assert found["round_trip"]["lost"] == found["round_trip"]["lost_by_base"]
    assert found["pieces"]["whole"] + found["pieces"]["partial_bytes"] == found["pieces"]["added"]
    assert found["old_ids_moved"] == 0


def test_a_latin_merge_is_caught(tried) -> None:
    def spoil(extended: dict) -> None:
        tokens = Tokenizer.from_str(json.dumps(extended)).encode(TEXTS["en"][0], add_special_tokens=False).tokens
        inside = next(pair for pair in pairwise(tokens) if pair[1].isascii() and "".join(pair).strip("Ġ▁").isalpha())
        model = extended["model"]
        model["vocab"]["".join(inside)] = max(model["vocab"].values()) + 1
        model["merges"].append(list(inside))

    with pytest.raises(StageFailed, match="would change"):
        tried(spoil)


def test_a_lost_merge_is_caught(tried) -> None:
    with pytest.raises(StageFailed, match="not its own token"):
        tried(lambda extended: extended["model"]["merges"].pop())


def test_a_moved_id_is_caught(tried) -> None:
    def spoil(extended: dict) -> None:
        vocabulary = extended["model"]["vocab"]
        vocabulary["("], vocabulary[")"] = vocabulary[")"], vocabulary["("]

    with pytest.raises(StageFailed, match=r"would change|moved"):
        tried(spoil, {"ko": TEXTS["ko"]})


def test_a_text_that_no_longer_comes_back_is_caught(tried) -> None:
    def spoil(extended: dict) -> None:
        extended["decoder"] = {
            "type": "Sequence",
            "decoders": [extended["decoder"], {"type": "Replace", "pattern": {"String": "있"}, "content": "없"}],
        }

    with pytest.raises(StageFailed, match="does not bring back"):
        tried(spoil)


def test_lines_with_hangul_are_left_out_of_the_comparison() -> None:
    assert without_hangul("a\nb 한\r\nc") == "a\nc"
    assert without_hangul("a\n\nb") == "a\n\nb"
    assert without_hangul("漢字 ㅋ\n") == "漢字 ㅋ\n"
