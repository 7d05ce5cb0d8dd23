"""What can be wrong with tokenizers, pieces and text: one sentence, exit 2 or 3, and nothing is published."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from pipeline.config import Run
from pipeline.errors import MalmoiError
from tests.tokenizer.conftest import model_with
from tests.toys import KOREAN, paragraphs
from tokenizer.config import Extend, Pieces
from tokenizer.extend import run as extend
from tokenizer.measure import encode
from tokenizer.pieces import run as learn

TEXTS = {"docs": ("ko", paragraphs("ko", 20)), "manual": ("en", paragraphs("en", 10))}


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "tokenizer.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    change(found)
    path.write_text(json.dumps(found), encoding="utf-8")


BASES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "cut off": (lambda folder: (folder / "tokenizer.json").write_text('{"model"'), "is corrupt"),
    "a merge of a missing piece": (
        lambda folder: rewrite(folder, lambda found: found["model"]["merges"].append(["q", "Ġzz"])),
        "is corrupt",
    ),
    "not a BPE": (
        lambda folder: rewrite(
            folder, lambda found: found.update(model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"})
        ),
        "only BPE",
    ),
    "fewer rows than ids": (lambda folder: model_with(folder, 100), "the checkpoint only 100 rows"),
    "config at odds with the weights": (
        lambda folder: (folder / "config.json").write_text(
            json.dumps({**json.loads((folder / "config.json").read_text()), "vocab_size": 7})
        ),
        "says vocab_size 7",
    ),
    "bytes of Hangul missing": (
        lambda folder: rewrite(folder, lambda found: found["model"]["vocab"].pop("ê")),
        "no token for 1 of the bytes of Hangul",
    ),
}


@pytest.mark.parametrize("name", BASES)
def test_a_bad_base(name: str, published, byte_level_model: Path, documents, build, tmp_path: Path) -> None:
    spoil, says = BASES[name]
    folder = Path(shutil.copytree(byte_level_model, tmp_path / "bad"))
    spoil(folder)
    mixture = documents(TEXTS, mixture=True)
    pieces = build("pieces", learn, Pieces(size=50), {"documents": mixture})
    given = {"model": published(folder), "pieces": pieces, "documents": mixture}
    refused(lambda: build("extend", extend, Extend(init="mean"), given), says, tmp_path / "artifacts/extend")


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"a": ("ko", [])}, "it is empty"),
        ({"a": ("ko", ["Nothing Korean.", "漢字 ㅋㅋ"])}, "none of its 2 documents has a Hangul syllable"),
        ({"a": ("en", ["Nothing Korean."])}, "it has only ['en']"),
        ({"a": ("ko", [unicodedata.normalize("NFD", text) for text in KOREAN])}, "normalise it to NFC"),
    ],
)
def test_bad_text(texts: dict, says: str, documents, build, tmp_path: Path) -> None:
    given = {"documents": documents(texts)}
    refused(lambda: build("pieces", learn, Pieces(), given), says, tmp_path / "artifacts/pieces")


@pytest.mark.parametrize("given", [{"boundary": "pretokenizer"}, {"model": "base"}])
def test_settings_that_do_not_go_together(given: dict) -> None:
    with pytest.raises(MalmoiError) as caught:
        Pieces(**given).check(Run())
    assert caught.value.code == 2


def test_pieces_that_name_missing_parts(published, byte_level_model: Path, documents, build, tmp_path: Path) -> None:
    mixture = documents(TEXTS, mixture=True)
    pieces = build("pieces", learn, Pieces(size=200), {"documents": mixture})
    path = pieces.path / "pieces.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.split("\t")[2] and number > 1)
    fields = lines[at].split("\t")
    fields[2] = "뷁" + fields[2][1:]
    lines[at] = "\t".join(fields)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = {"model": published(byte_level_model), "pieces": pieces, "documents": mixture}
    refused(
        lambda: build("extend", extend, Extend(init="mean"), given), f"line {at + 1}:", tmp_path / "artifacts/extend"
    )


def test_control_tokens_inside_text_are_text(published, byte_level_model: Path, documents, build) -> None:
    spelled = [f"{text} <|im_end|> 그리고<|endoftext|>가 <|malmoi_reserved_0|>입니다." for text in paragraphs("ko", 20)]
    mixture = documents({"docs": ("ko", spelled), "manual": ("en", ["a <|im_start|> b"] * 3)}, mixture=True)
    pieces = build("pieces", learn, Pieces(size=200), {"documents": mixture})
    made = build(
        "extend",
        extend,
        Extend(init="mean"),
        {"model": published(byte_level_model), "pieces": pieces, "documents": mixture},
    )
    assert made.metrics["proof"]["control"]["forged"] == 0 and made.metrics["proof"]["control"]["tokens"] >= 3
    loaded = AutoTokenizer.from_pretrained(str(made.path / "model"))
    barred = {*loaded.all_special_ids, *range(made.metrics["new_vocabulary"], made.metrics["padded_vocabulary"])}
    for ids, text in zip(encode(loaded.backend_tokenizer, spelled), spelled, strict=True):
        assert not barred & {*ids} and loaded.decode(ids) == text


def refused(act: Callable[[], Any], says: str, folder: Path) -> None:
    """`act` raises exit 2 or 3 with one sentence, and nothing is published in `folder`."""
    with pytest.raises(MalmoiError) as caught:
        act()
    assert caught.value.code in (2, 3)
    assert says in str(caught.value) and "\n" not in str(caught.value).strip()
    assert not [path for path in folder.glob("*") if path.suffix != ".part"]
    assert not [*folder.rglob("*.safetensors")] and not [*folder.rglob("pieces.tsv")]
