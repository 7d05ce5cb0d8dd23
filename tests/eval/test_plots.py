"""SVG: what is drawn where, what is said of it, and what must not break it."""

import itertools
import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from eval.plots import WIDTH, Bar, bar_chart, graph, line_chart, moving_mean, size_chart, thinned, ticks


def tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(svg))


@pytest.mark.parametrize(("low", "high"), [(0, 1), (1.6, 2.2), (-3, 8), (0.0001, 0.00013), (5, 5), (0, 0), (0, 1e9)])
def test_ticks_cover_the_range_in_equal_round_steps(low, high):
    found = ticks(low, high)
    assert found[0] <= low and found[-1] >= high and 2 <= len(found) <= 8
    step = found[1] - found[0]
    assert all(b - a == pytest.approx(step) for a, b in itertools.pairwise(found))
    assert round(step / 10 ** math.floor(math.log10(step) + 1e-9)) in (1, 2, 5)


def test_moving_mean_and_thinning_keep_the_mean():
    points = [(float(x), float(x % 7)) for x in range(1000)]
    assert moving_mean(points, 7)[-1][1] == pytest.approx(3.0)
    few = thinned(points, 100)
    assert len(few) == 100 and sum(y for _, y in few) / 100 == pytest.approx(sum(y for _, y in points) / 1000)
    assert thinned(points[:50], 100) == points[:50]


def test_bar_lengths_are_proportional_from_zero():
    svg = tree(bar_chart("b", "t", [Bar("base", 2.0, 1.8, 2.1), Bar("dapt", 1.0)], reference="base"))
    widths = [float(one.get("width")) for one in svg.iter() if one.get("class", "").startswith("fill")]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)
    assert len([one for one in svg.iter() if one.get("class") == "whisker"]) == 1
    assert "base 2.000 [1.800, 2.100]; dapt 1.000." in [one.text for one in svg]


def test_bars_that_are_no_numbers_are_left_out():
    assert bar_chart("b", "t", [Bar("x", math.nan)]) == "" and bar_chart("b", "t", []) == ""


def test_curves_lie_inside_and_leave_out_what_is_not_finite():
    points = [(step, math.nan if step == 5 else 3 - step / 10) for step in range(1, 20)]
    svg = tree(line_chart("l", "t", {"Korean": points, "none": []}, "steps", "nats", [(10, "all")]))
    lines = [one for one in svg.iter() if one.tag.endswith("polyline")]
    assert len(lines) == 2
    for line in lines:
        places = [tuple(map(float, place.split(","))) for place in line.get("points").split()]
        assert len(places) == 18
        height = float(svg.get("viewBox").split()[3])
        assert all(0 <= x <= WIDTH and 0 <= y <= height for x, y in places)
    assert line_chart("l", "t", {"a": [(1, math.inf)]}, "x", "y") == ""
    tree(line_chart("l", "t", {"a": [(1.0, 2.0)]}, "x", "y"))


def test_names_are_escaped():
    evil = '"><script>&</script>'
    for svg in (
        bar_chart(evil, evil, [Bar(evil, 1, note=evil)]),
        line_chart(evil, evil, {evil: [(1, 1), (2, 3)]}, evil, evil, [(1, evil)]),
        graph(evil, evil, {evil: []}, {evil: evil}),
    ):
        assert "<script" not in svg
        tree(svg)


def test_graph_puts_parents_above_and_drops_implied_edges():
    parents = {"a": [], "b": ["a"], "c": ["a", "b"], "d": ["c", "a", "elsewhere"], "late": [], "e": ["d", "late"]}
    svg = tree(graph("g", "t", parents, {"a": "v1"}))
    places = {
        text.text: float(text.get("y"))
        for text in svg.iter()
        if text.tag.endswith("text") and text.get("class") == "label"
    }
    assert all(places[parent] < places[name] for name, found in parents.items() for parent in found if parent in places)
    assert places["late"] == places["d"]  # as near its child as can be
    assert len([one for one in svg.iter() if one.get("class") == "edge"]) == 5
    numbers = [float(one) for one in re.findall(r"(?<= x=\")[-\d.]+", str(graph("g", "t", parents, {})))]
    assert min(numbers) >= 0 and max(numbers) <= WIDTH


def sizes(values, low=None, high=None):
    return [Bar(str(1000 * 2**n), value, low, high) for n, value in enumerate(values)]


def test_sizes_stand_a_doubling_apart_with_the_knee_at_its_size():
    curves = {"Korean": sizes([0.6, 0.5, 0.45], 0.44, 0.62), "docs": sizes([0.7, 0.6, 0.5])}
    svg = tree(size_chart("s", "t", curves, "pieces", "tokens", (2000.0, "knee")))
    places = [float(one.get("cx")) for one in svg.iter() if one.tag.endswith("circle")][:3]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)
    mark = next(one for one in svg.iter() if one.get("class") == "mark")
    assert float(mark.get("x1")) == pytest.approx(places[1], abs=0.1)
    assert len([one for one in svg.iter() if one.get("class") == "whisker"]) == 3  # of the first curve alone
    assert "Korean 1,000: 0.600, 2,000: 0.500, 4,000: 0.450; docs" in " ".join(one.text or "" for one in svg)


def test_a_long_legend_takes_more_rows_and_stays_inside():
    names = [f"a source with a long name {n}" for n in range(5)]
    svg = tree(size_chart("s", "t", {name: sizes([1.0, 2.0]) for name in names}, "pieces", "tokens"))
    height = float(svg.get("viewBox").split()[3])
    boxes = [one for one in svg.iter() if one.tag.endswith("rect")]
    assert len({one.get("y") for one in boxes}) > 1
    tops = [float(one.get("y1")) for one in svg.iter() if one.get("class") == "grid"]
    assert max(float(one.get("y")) for one in boxes) < min(tops) and max(tops) < height


def test_one_size_or_none_is_no_chart():
    assert size_chart("s", "t", {"a": sizes([1.0])}, "x", "y") == "" and size_chart("s", "t", {}, "x", "y") == ""
    assert size_chart("s", "t", {"a": sizes([math.nan, math.nan])}, "x", "y") == ""
