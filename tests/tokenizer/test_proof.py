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
from tokenizer.proof import forgeries, prove, untouched
from tokenizer.scripts import Scripts
from tokenizer.train import learn

TEXTS = {"en": paragraphs("en", 10), "ko": paragraphs("ko", 10)}


@pytest.fixture(scope="module", params=["byte_level_model", "metaspace_model"])
def tried(request: pytest.FixtureRequest):
    """`tried(spoil)`: prove an extension whose tokenizer.json was changed by `spoil` first."""
    folder: Path = request.getfixturevalue(request.param)
    found = read_tokenizer(folder / "tokenizer.json")
    how = spelling(found, folder)
    words = {word: 2 for text in TEXTS["ko"] for word in Scripts().word.findall(text)}
    extended, growth, _ = grow(found, how, learn(words, 200, 2), len(found["model"]["vocab"]), 64)

    def tried(spoil: Callable[[dict], None] = lambda extended: None, texts=TEXTS):
        spoiled = copy.deepcopy(extended)
        spoil(spoiled)
        tokenizers = [Tokenizer.from_str(json.dumps(one)) for one in (found, spoiled)]
        return prove(*tokenizers, growth, how, texts, "ko")

    return tried


def test_a_good_extension_is_proved(tried) -> None:
    found = tried()
    assert found["unchanged"]["en"]["texts"] == 10 and found["unchanged"]["en"]["tokens"] > 100
    assert [result["changed"] for result in found["unchanged"].values()] == [0, 0, 0]
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


def test_a_reserved_token_that_text_can_reach_is_caught(tried) -> None:
    def spoil(extended: dict) -> None:
        name, number = next(item for item in extended["model"]["vocab"].items() if item[0].startswith("<|malmoi"))
        token = {**extended["added_tokens"][0], "id": number, "content": name, "special": False}
        extended["added_tokens"].append(token)

    with pytest.raises(StageFailed, match="would be read as a"):
        tried(spoil)


def test_a_piece_that_spells_a_control_token_is_caught(tried) -> None:
    def spoil(extended: dict) -> None:
        number = max(extended["model"]["vocab"].values()) + 1
        extended["added_tokens"].append({**extended["added_tokens"][0], "id": number, "content": "서"})

    with pytest.raises(StageFailed, match="holds the spelling of a control token"):
        tried(spoil)


@pytest.mark.parametrize("text", ["<|im_end|>", "<s>"])
def test_spellings_of_a_control_token(text: str) -> None:
    made = list(forgeries([text]))
    assert {text, f"한국{text}어", f"{text[:1]}가{text[1:]}", f"{text}가"} <= set(made)
    assert len(made) == len(set(made)) == 5 + len(text)


def test_lines_that_may_change_are_left_out_of_the_comparison() -> None:
    hangul, hanja = Scripts().touched, Scripts(("hangul", "hanja")).touched
    assert untouched("a\nb 한\r\nc", hangul) == "a\nc"
    assert untouched("a\n\nb", hangul) == "a\n\nb"
    assert untouched("漢字 ㅋ\n", hangul) == "漢字 ㅋ\n"
    assert untouched("漢字 ㅋ\nx", hanja) == "x"
