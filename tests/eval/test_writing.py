"""Numbers as they are read, and text that shows itself and does nothing."""

import pytest

from eval import writing


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (writing.number(1.23456), "1.235"), (writing.number(None), "–"), (writing.count(12345), "12,345"),
        (writing.plus(-0.5), "−0.500"), (writing.plus(0.5), "+0.500"), (writing.percent(0.123), "12.3%"),
        (writing.size(1), "1 B"), (writing.size(1536), "1.5 KiB"), (writing.size(3 << 30), "3.0 GiB"),
        (writing.size(5 << 40), "5.0 TiB"), (writing.size(None), "–"), (writing.points(-0.1), "−10.0 points"),
        (writing.chance(0.0004), "p < 0.001"), (writing.chance(0.04), "p = 0.040"),
        (writing.interval({"low": 1, "high": 2}, 1), "[1.0, 2.0]"), (writing.interval({"low": None, "high": None}), ""),
        (writing.interval({"low": -1, "high": 2}, 1, True), "[−1.0, +2.0]"), (writing.interval({}), ""),
        (writing.interval_percent({"low": 0.1, "high": 0.2}), "[10.0, 20.0]"), (writing.signed(-0.051), "−5.1%"),
    ],
)  # fmt: skip
def test_numbers(made, shown):
    assert made == shown


def test_markdown():
    assert writing.md("a|b") == "a\\|b"
    assert writing.md("too_short evaluate@base") == "too_short evaluate@base"
    assert writing.md("_x_ **y**") == "\\_x\\_ \\*\\*y\\*\\*"
    assert writing.md("<b>&\n# [x](y) `z`") == "&lt;b&gt;&amp; \\# \\[x\\](y) \\`z\\`"


@pytest.mark.parametrize("text", ["plain", 'a "b" \\ c', "- x: [y]", "<a>\u2028\x7f\x00", "줄\n바꿈", "no", "# x"])
def test_yaml_reads_back(text):
    from ruamel.yaml import YAML

    scalar = writing.yaml_text(text)
    assert YAML(typ="safe").load(f"key: {scalar}") == {"key": text}
    assert "<" not in scalar and "\n" not in scalar


def test_floating_point_operations_in_words():
    assert [writing.flops(value) for value in (5, 1500, 5.82e13, 3e21, None)] == [
        "5 FLOP", "1.5 kFLOP", "58.2 TFLOP", "3e+03 EFLOP", "–"
    ]  # fmt: skip
