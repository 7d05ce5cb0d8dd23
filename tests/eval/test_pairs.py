"""Two models on the same documents and items."""

import math

import pytest

from eval.pairs import FEW_DOCUMENTS, pair, scored
from pipeline.errors import InputError
from tests.example_run import Example


def lines(factor: float, documents: int, lang: str = "ko"):
    return [
        {"id": f"d{n}", "lang": lang, "source": "s", "bytes": 100 + n, "tokens": 9, "characters": 50,
         "nll": (100 + n) * factor * math.log(2) * (1 + 0.01 * (n % 3))}
        for n in range(documents)
    ]  # fmt: skip


def two(tmp_path, first, second, items=None) -> tuple:
    example = Example(tmp_path)
    for name, rows in (("base", first), ("dapt", second)):
        example.put(name, {"name": name})
        files = {"bpb/a%2Fb.jsonl": rows, **({"tasks/t%20x.jsonl": items[name]} if items else {})}
        example.put(f"evaluate@{name}", {"window": 9}, {"of": name}, {}, lines=files)
    return scored(example.nodes, "evaluate@base"), scored(example.nodes, "evaluate@dapt")


def test_a_constant_factor_is_found_exactly(tmp_path):
    first, second = two(tmp_path, lines(2.0, 40), lines(1.9, 40))
    one = pair(first, second)["bpb"]["ko"]
    assert one["relative"] == pytest.approx(-0.05)
    assert one["relative_low"] == pytest.approx(-0.05) and one["relative_high"] == pytest.approx(-0.05)
    assert one["second"] - one["first"] == pytest.approx(one["difference"])
    assert one["low"] <= one["difference"] <= one["high"] < 0
    assert one["items"] == 40 and one["smoke"] is False
    assert one["smallest_difference"] == pytest.approx(
        (one["high"] - one["low"]) / 2 * (1.959964 + 0.841621) / 1.959964
    )


def test_one_document_gives_no_interval(tmp_path):
    one = pair(*two(tmp_path, lines(2.0, 1), lines(1.0, 1)))["bpb"]["ko"]
    assert one["relative"] == pytest.approx(-0.5)
    assert one["low"] is None and one["relative_low"] is None and one["smallest_difference"] is None and one["smoke"]


def test_few_documents_are_a_smoke_test(tmp_path):
    count = FEW_DOCUMENTS - 1
    assert pair(*two(tmp_path, lines(2.0, count), lines(1.0, count)))["bpb"]["ko"]["smoke"] is True


def test_only_languages_both_have(tmp_path):
    first, second = two(tmp_path, lines(2.0, 3), lines(2.0, 3, "en"))
    assert pair(first, second) == {"bpb": {}, "tasks": {}}


def test_items_are_paired_by_id_not_by_place(tmp_path):
    def items(right):
        return [
            {"id": str(n), "gold": 0, "prediction": 0 if n in right else 1, "correct": n in right} for n in range(10)
        ]

    given = {"base": items({0, 1, 2}), "dapt": list(reversed(items({1, 2, 3, 4, 5})))}
    one = pair(*two(tmp_path, lines(1, 2), lines(1, 2), given))["tasks"]["t x"]
    assert one["first"] == 0.3 and one["second"] == 0.5 and one["difference"] == pytest.approx(0.2)
    assert one["differing"] == 4 and one["smoke"] is True and one["p"] == pytest.approx(0.625)
    assert one["smallest_difference"] is None  # 4 differing items of 10 can show none


def test_items_none_of_which_differ(tmp_path):
    items = [{"id": str(n), "gold": 0, "prediction": 0, "correct": True} for n in range(10)]
    one = pair(*two(tmp_path, lines(1, 2), lines(1, 2), {"base": items, "dapt": items}))["tasks"]["t x"]
    assert one["difference"] == 0 and one["p"] == 1


def test_unlike_documents_are_refused_by_name(tmp_path):
    with pytest.raises(InputError, match="held-out ko of evaluate@dapt.*d3"):
        pair(*two(tmp_path, lines(2.0, 4), lines(2.0, 3)))


def test_damaged_scores_name_file_and_line(tmp_path):
    example = Example(tmp_path)
    example.base()
    artifact = example.put("evaluate@base", {}, {"of": "base"}, lines={"bpb/x.jsonl": lines(1, 2)})
    with (artifact.path / "bpb/x.jsonl").open("a") as file:
        file.write('{"id": "half')
    with pytest.raises(InputError, match=r"x\.jsonl, line 3"):
        scored(example.nodes, "evaluate@base")
