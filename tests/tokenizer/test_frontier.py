"""Size against tokens, parameters and speed, and the knee."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from corpus.documents import write_documents
from pipeline.artifact import Artifact
from pipeline.config import Run
from pipeline.errors import ConfigError, InputError
from tests.toys import paragraphs
from tokenizer.config import Extend, Frontier, Pieces
from tokenizer.extend import run as extend
from tokenizer.frontier import knee, run
from tokenizer.pieces import run as learn_pieces

KOREAN, ENGLISH = paragraphs("ko", 80), paragraphs("en", 60)
SOURCES = {"docs": ("ko", KOREAN[:50]), "news": ("ko", KOREAN[50:]), "manual": ("en", ENGLISH)}


@pytest.fixture
def inputs(documents, build, published) -> Callable[..., dict[str, Artifact]]:
    def inputs(model, size: int = 300, sources=SOURCES) -> dict[str, Artifact]:
        mixture = documents(sources, mixture=True)
        pieces = build("pieces", learn_pieces, Pieces(size=size), {"documents": mixture})
        return {"model": published(model), "pieces": pieces, "documents": mixture}

    return inputs


@pytest.mark.parametrize("name", ["byte_level_model", "metaspace_model"])
def test_more_pieces_fewer_tokens_more_parameters(request, inputs, build, name):
    given = inputs(request.getfixturevalue(name))
    made = build("frontier", run, Frontier(sizes=[50, 100, 200, 1000]), given)
    rows = made.metrics["rows"]
    assert [row["pieces"] for row in rows] == [0, 50, 100, 200, 300]
    rate = [row["languages"]["ko"]["tokens_per_character"] for row in rows]
    assert all(one["value"] > two["value"] for one, two in itertools.pairwise(rate))
    assert all(one["low"] <= one["value"] <= one["high"] for one in rate)
    english = [row["languages"]["en"]["tokens"] for row in rows]
    assert len(set(english)) == 1
    assert [row["padded"] % 64 for row in rows[1:]] == [0] * 4
    assert all(row["added"] >= row["pieces"] for row in rows)  # what lies between counts too
    assert rows[0]["languages"]["ko"]["speed"] == 1
    assert next(iter(rows[0]["parameters"].values()))["added"] == 0
    assert rows[1]["languages"]["ko"]["speed"] > 1 > rows[1]["languages"]["en"]["speed"]
    assert set(rows[0]["sources"]) == {"docs", "news", "manual"}
    assert made.counts == {"read": 14, "kept": 14, "dropped": 0, "failed": 0}


def test_the_whole_size_is_what_extend_makes_and_measures(byte_level_model, inputs, build):
    given = inputs(byte_level_model)
    largest = build("frontier", run, Frontier(sizes=[100]), given).metrics["rows"][-1]
    made = build("extend", extend, Extend(init="mean"), given).metrics
    assert (largest["added"], largest["padded"]) == (made["added"], made["padded_vocabulary"])
    for lang, after in made["fertility"]["after"].items():
        found = largest["languages"][lang]
        assert found["tokens"] == after["tokens"]
        for name in ("tokens_per_character", "tokens_per_eojeol", "tokens_per_byte"):
            assert found[name]["value"] == pytest.approx(after[name], abs=1e-6)


def test_the_speed_is_the_formulas(byte_level_model, inputs, build):
    found = build("frontier", run, Frontier(sizes=[100]), inputs(byte_level_model)).metrics
    base, row = found["rows"][0], found["rows"][1]
    body, hidden = found["base"]["body"], found["base"]["hidden"]

    def flops(one, passes):
        return one["languages"]["ko"]["tokens_per_character"]["value"] * passes * (body + hidden * one["padded"])

    assert row["languages"]["ko"]["serve_flops_per_character"] == pytest.approx(flops(row, 2), abs=1)
    assert row["languages"]["ko"]["train_flops_per_character"] == pytest.approx(flops(row, 6), abs=1)
    assert row["languages"]["ko"]["speed"] == pytest.approx(flops(base, 2) / flops(row, 2), rel=1e-5)


def test_the_premium_compares_the_same_content(byte_level_model, build, published, documents, tmp_path):
    given = {"model": published(byte_level_model), "documents": documents(SOURCES, mixture=True)}
    given["pieces"] = build("pieces", learn_pieces, Pieces(size=300), {"documents": given["documents"]})
    folder = given["documents"].path

    def rows(source, lang, texts):
        return [{"id": f"{source}/{lang}/p{n}", "text": text, "source": source, "url": "", "lang": lang, "license": "x",
                 "charset": "utf-8", "meta": {}} for n, text in enumerate(texts)]  # fmt: skip

    write_documents(folder / "heldout" / "docs.parquet", rows("docs", "ko", KOREAN[:5]))
    write_documents(folder / "heldout" / "manual.parquet", rows("manual", "en", ENGLISH[:2]))
    write_documents(folder / "train" / "manual.parquet", rows("manual", "en", ENGLISH[:4])[2:])
    found = build("frontier", run, Frontier(sizes=[100], parallel={"docs": "manual"}), given).metrics
    assert found["samples"]["parallel"]["docs/manual"]["pairs"] == 4  # the fifth has no counterpart
    premium = [row["premium"]["docs/manual"]["value"] for row in found["rows"]]
    assert premium[0] > premium[1] > premium[2]
    some = build("frontier", run, Frontier(sizes=[100], parallel={"docs": "manual", "news": "nosuch"}), given)
    assert list(some.metrics["rows"][0]["premium"]) == ["docs/manual"]
    with pytest.raises(InputError, match=r"no pair of frontier\.parallel has a document in common"):
        build("frontier", run, Frontier(parallel={"docs": "nosuch"}), given)


def test_the_table_holds_every_measure_and_repeats(byte_level_model, inputs, build, tmp_path):
    given = inputs(byte_level_model)
    made = build("frontier", run, Frontier(sizes=[100]), given)
    lines = [line.split("\t") for line in (made.path / "frontier.tsv").read_text().splitlines()]
    assert {(line[1], line[2]) for line in lines[1:]} == {
        ("languages", "ko"), ("languages", "en"), ("sources", "docs"), ("sources", "news"), ("sources", "manual")
    }  # fmt: skip
    again = build("frontier", run, Frontier(sizes=[100], gain=0.06), given, workers=2)
    assert (again.path / "frontier.tsv").read_bytes() == (made.path / "frontier.tsv").read_bytes()
    assert json.dumps(again.metrics["rows"]) == json.dumps(made.metrics["rows"])


@pytest.mark.parametrize(
    ("gains", "wanted"),
    [
        ([(0.2, 0.25), (0.1, 0.12), (0.03, 0.04)], {"pieces": 4000, "open": False, "clear": True}),
        ([(0.2, 0.25), (0.045, 0.06), (0.07, 0.08)], {"pieces": 2000, "open": False, "clear": False}),
        ([(0.2, 0.25), (0.1, 0.12), (0.06, 0.07)], {"pieces": 8000, "open": True, "clear": False}),
        ([], {"pieces": 8000, "open": True, "clear": False}),
    ],
)
def test_the_knee_is_the_first_size_whose_next_doubling_gains_too_little(gains, wanted):
    rows = [{"from": size, "to": 2 * size, "value": value, "low": 0.0, "high": high}
            for size, (value, high) in zip((1000, 2000, 4000), gains, strict=False)]  # fmt: skip
    assert wanted.items() <= knee(rows, 8000, 0.05).items()


def test_faults(byte_level_model, inputs, build):
    given = inputs(byte_level_model)
    for path in [*given["documents"].path.glob("*/docs.parquet"), *given["documents"].path.glob("*/news.parquet")]:
        path.unlink()
    with pytest.raises(InputError, match="holds no 'ko' text to measure on"):
        build("frontier", run, Frontier(), given)
    with pytest.raises(ConfigError, match="must rise"):
        Frontier(sizes=[2000, 1000]).check(Run())
    with pytest.raises(ValidationError):
        Frontier(sizes=[0])
