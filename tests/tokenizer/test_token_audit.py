"""Dead, rare and untouched pieces: what the streams and the rows say of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from pipeline.artifact import Artifact, digest, publish
from pipeline.errors import InputError
from tests.example_run import Example
from tests.toys import paragraphs
from tokenizer.config import Extend, Pack, Pieces, Tokens
from tokenizer.extend import run as extend
from tokenizer.pack import Stream
from tokenizer.pack import run as pack
from tokenizer.pieces import run as learn_pieces
from tokenizer.token_audit import run

KOREAN = paragraphs("ko", 60)
LEARNED = {"docs": ("ko", [*KOREAN, "가는 횃불" * 40]), "manual": ("en", paragraphs("en", 30))}
PACKED = {"docs": ("ko", KOREAN[:40]), "manual": ("en", paragraphs("en", 30))}  # 횃불 stands nowhere in it


@pytest.fixture
def inputs(documents, build, published, byte_level_model) -> dict[str, Artifact]:
    mixture = documents(LEARNED, mixture=True)
    pieces = build("pieces", learn_pieces, Pieces(size=400), {"documents": mixture})
    given = {"model": published(byte_level_model), "pieces": pieces, "documents": mixture}
    grown = build("extend", extend, Extend(init="mean"), given)
    packed = build("pack", pack, Pack(), {"model": grown, "documents": documents(PACKED, mixture=True)})
    return {"of": grown, "tokens": packed, "start": grown}


def trained(start: Artifact, folder: Path, numbers: list[int]) -> Artifact:
    """`start` with the rows `numbers` moved, as a training stage would leave it."""
    part = folder / f"{digest(numbers)}.part"
    shutil.copytree(start.path / "model", part / "model")
    file = part / "model" / "model.safetensors"
    tensors = load_file(file)
    tensors["model.embed_tokens.weight"][numbers] *= 1.1
    save_file(tensors, file, metadata={"format": "pt"})
    manifest = {"stage": "dapt", "version": 1, "fingerprint": part.stem, "section": {}, "inputs": {}, "counts": {}}
    return publish(part, part.with_suffix(""), {**manifest, "metrics": {}, "provenance": {}})


def lines(made: Artifact) -> dict[str, dict]:
    found = [json.loads(line) for line in (made.path / "tokens.jsonl").read_text(encoding="utf-8").splitlines()]
    return {line["text"] or line["token"]: line for line in found}


def test_counts_are_those_of_the_streams(inputs, build):
    made = build("tokens", run, Tokens(rare=20), inputs)
    found, counts = lines(made), made.metrics["counts"]
    train = [Stream(inputs["tokens"], f"train/{name}").tokens for name in ("docs", "manual")]
    whole = np.concatenate([np.asarray(one) for one in train])
    assert all(line["train"] == int((whole == line["id"]).sum()) for line in found.values())
    assert counts["added"] == len(found) == sum(counts[kind] for kind in ("used", "rare", "part", "dead"))
    assert all((line["class"] == "used") == (line["train"] >= 20) for line in found.values())
    assert sum(row["pieces"] for row in made.metrics["reach"]) == len(found)
    assert sum(row["tokens"] for row in made.metrics["reach"]) == sum(line["train"] for line in found.values())
    assert made.metrics["share"]["en"]["added"] == 0 < made.metrics["share"]["ko"]["added"]


def test_dead_pieces_are_told_from_parts(inputs, build):
    found = lines(build("tokens", run, Tokens(), inputs))
    assert found[" 횃불"]["class"] == "dead" and found[" 횃불"]["train"] == 0
    parts = [line for line in found.values() if line["class"] == "part" and line["text"]]
    assert parts
    used = [line["text"] for line in found.values() if line["train"] and line["text"]]
    assert all(any(part["text"] in text for text in used) for part in parts)


def test_rows_that_did_not_move(inputs, build, tmp_path):
    before = build("tokens", run, Tokens(), inputs).metrics
    assert before["counts"]["unmoved_input"] is None and "moved_input" not in before["agreement"]
    found = [line for line in lines(build("tokens", run, Tokens(), inputs)).values() if line["train"]]
    left = next(line["id"] for line in found if line["text"])
    seen = [line["id"] for line in found]
    model = trained(inputs["of"], tmp_path, [number for number in seen if number != left])
    made = build("tokens", run, Tokens(shown=5), {**inputs, "of": model})
    metrics = made.metrics
    assert metrics["counts"]["unmoved_input"] == metrics["counts"]["added"] - len(seen) + 1
    assert [piece["id"] for piece in metrics["suspects"]["unmoved"]] == [left]
    assert metrics["reach"][0]["moved_input"] == 0
    assert metrics["reach"][1]["moved_input"] == pytest.approx(0.1, abs=1e-3)
    assert metrics["agreement"]["moved_input"] > 0.2


def test_a_model_without_new_pieces_has_nothing_to_audit(inputs, build, documents, published, byte_level_model):
    base = published(byte_level_model)
    packed = build("pack", pack, Pack(), {"model": base, "documents": documents(PACKED, mixture=True)})
    made = build("tokens", run, Tokens(), {"of": base, "tokens": packed, "start": inputs["start"]})
    assert made.metrics["counts"]["added"] == 0 and (made.path / "tokens.jsonl").read_text() == ""
    assert made.metrics["old"]["pieces"] > 50 and made.metrics["old"]["moved_input"] is None


def test_same_bytes_again(inputs, build):
    one = build("tokens", run, Tokens(rare=7), inputs)
    bytes_ = (one.path / "tokens.jsonl").read_bytes()
    two = build("tokens", run, Tokens(rare=7, shown=3), inputs, workers=2)
    assert (two.path / "tokens.jsonl").read_bytes() == bytes_


def test_streams_of_another_tokenizer(inputs, build, published, byte_level_model):
    with pytest.raises(InputError, match="was packed with another tokenizer"):
        build("tokens", run, Tokens(), {**inputs, "of": published(byte_level_model)})


def test_the_example_that_the_report_is_tested_on_has_this_shape(inputs, build, tmp_path):
    example = Example(tmp_path / "example")
    example.corpus()
    example.base()
    example.extension()
    example.tokens("extend")
    made, wanted = example.nodes["tokens@extend"].metrics, build("tokens", run, Tokens(), inputs).metrics
    assert set(made) == set(wanted) and set(made["counts"]) == set(wanted["counts"])
    assert set(made["reach"][0]) == set(wanted["reach"][0]) == set(made["old"])
    assert set(made["suspects"]) == set(wanted["suspects"]) and set(made["heldout"]) == set(wanted["heldout"])
