"""Inline SVG: curves, bars with intervals, and a graph of nodes. No script; colours come from the page's CSS.

Charts are drawn 420 units wide with 13-unit text, so that a phone shows them readably and a desktop sets two in a row.
Each has a title and a text that says in words what it shows, for screen readers. All text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from eval.lineage import depths

WIDTH = 420
MOST_POINTS = 300  # of one curve; more are averaged in equal buckets
COLOURS = 6  # classes c0 ... c5 in the page's CSS; c0 is grey, for what others are compared with


@dataclass(frozen=True)
class Bar:
    """One bar: `low` and `high` draw an interval, `note` is shown after the value."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers (1, 2, 5 x a power of ten) from at or below `low` to at or above `high`."""
    if not math.isfinite(low) or not math.isfinite(high):
        return [0.0, 1.0]
    if high <= low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def moving_mean(points: Sequence[tuple[float, float]], window: int) -> list[tuple[float, float]]:
    """The mean of the last `window` values at each point (fewer at the start)."""
    found = []
    for end in range(1, len(points) + 1):
        part = points[max(0, end - window) : end]
        found.append((points[end - 1][0], sum(y for _, y in part) / len(part)))
    return found


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """At most about `most` points, each the mean of its bucket."""
    size = math.ceil(len(points) / most) if points else 1
    if size == 1:
        return list(points)
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return [(sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts]


def line_chart(
    ident: str,
    title: str,
    curves: Mapping[str, Sequence[tuple[float, float]]],
    x_label: str,
    y_label: str,
    marks: Sequence[tuple[float, str]] = (),
) -> Markup:
    """Each curve as measured (faint) and as a moving mean over a twentieth of its points (bold).

    `marks` are vertical lines with a word. The vertical axis need not start at zero.
    """
    finite = {name: [p for p in points if math.isfinite(p[1])] for name, points in curves.items()}
    finite = {name: points for name, points in finite.items() if points}
    if not finite:
        return Markup("")
    means = {name: moving_mean(points, max(1, len(points) // 20)) for name, points in finite.items()}
    every = [p for points in finite.values() for p in points]
    y_ticks = ticks(min(y for _, y in every), max(y for _, y in every))
    x_ticks = ticks(min(0.0, *(x for x, _ in every)), max(x for x, _ in every))
    left, right, top, height = 46.0, WIDTH - 14.0, 40.0, 170.0
    bottom = top + height

    def x_at(value: float) -> float:
        return left + (right - left) * (value - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])

    def y_at(value: float) -> float:
        return bottom - height * (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])

    parts = [_text(4, 14, y_label, "axis"), _text(right, bottom + 34, x_label, "axis", "end")]
    for tick in y_ticks:
        parts.append(
            f'<line class="grid" x1="{left:.1f}" x2="{right:.1f}" y1="{y_at(tick):.1f}" y2="{y_at(tick):.1f}"/>'
        )
        parts.append(_text(left - 6, y_at(tick) + 4, f"{tick:g}", "axis", "end"))
    for tick in x_ticks:
        parts.append(_text(x_at(tick), bottom + 17, f"{tick:g}", "axis", "middle"))
    for place, word in marks:
        parts.append(f'<line class="mark" x1="{x_at(place):.1f}" x2="{x_at(place):.1f}" y1="{top}" y2="{bottom}"/>')
        parts.append(_text(x_at(place) + 4, top + 11, word, "axis"))
    along = left
    for number, (name, points) in enumerate(finite.items()):
        colour = f"c{1 + number % (COLOURS - 1)}"
        for kind, line in (("raw", thinned(points)), ("mean", thinned(means[name]))):
            path = " ".join(f"{x_at(x):.1f},{y_at(y):.1f}" for x, y in line)
            parts.append(f'<polyline class="{kind} {colour}" points="{path}"/>')
        parts.append(f'<rect class="fill {colour}" x="{along:.1f}" y="22" width="14" height="8" rx="2"/>')
        parts.append(_text(along + 19, 30, name, "label"))
        along += 34 + 8 * _columns(name)
    said = "; ".join(
        f"{name} from {means[name][0][1]:.3f} to {means[name][-1][1]:.3f} (moving mean)" for name in finite
    )
    return _svg(ident, title, f"{y_label} by {x_label}: {said}.", bottom + 42, parts)


def size_chart(
    ident: str,
    title: str,
    curves: Mapping[str, Sequence[Bar]],
    x_label: str,
    y_label: str,
    mark: tuple[float, str] | None = None,
) -> Markup:
    """Curves over sizes, each doubling as far as the next: a `Bar` per size, its label the size; intervals as whiskers.

    The first curve is bold and only it has whiskers; `mark` is a vertical line with a word. The vertical axis need not
    start at zero.
    """
    places = sorted({float(bar.label) for bars in curves.values() for bar in bars})
    shown = {name: [bar for bar in bars if math.isfinite(bar.value)] for name, bars in curves.items()}
    shown = {name: bars for name, bars in shown.items() if bars}
    if len(places) < 2 or places[0] <= 0 or not shown:
        return Markup("")
    keys, legend = _legend(list(shown))
    left, right, top, height = 46.0, WIDTH - 26.0, 24.0 + legend, 170.0
    bottom = top + height
    every = [n for bars in shown.values() for bar in bars for n in (bar.value, bar.low, bar.high) if n is not None]
    y_ticks = ticks(min(every), max(every))

    def x_at(size: float) -> float:
        return left + 12 + (right - left - 12) * math.log2(size / places[0]) / math.log2(places[-1] / places[0])

    def y_at(value: float) -> float:
        return bottom - height * (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])

    parts = [_text(4, 14, y_label, "axis"), _text(right, bottom + 34, x_label, "axis", "end"), *keys]
    for tick in y_ticks:
        y = y_at(tick)
        parts.append(f'<line class="grid" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(left - 6, y + 4, f"{tick:g}", "axis", "end"))
    last = -math.inf
    for size in places:
        if x_at(size) - last > 44:  # a label is about so wide
            parts.append(_text(x_at(size), bottom + 17, f"{size:,.0f}", "axis", "middle"))
            last = x_at(size)
    if mark is not None and places[0] <= mark[0] <= places[-1]:
        x, near = x_at(mark[0]), x_at(mark[0]) > (left + right) / 2
        parts.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>')
        parts.append(_text(x - 4 if near else x + 4, top + 11, mark[1], "axis", "end" if near else "start"))
    for number, bars in enumerate(shown.values()):
        colour = f"c{1 + number % (COLOURS - 1)}"
        path = " ".join(f"{x_at(float(bar.label)):.1f},{y_at(bar.value):.1f}" for bar in bars)
        parts.append(f'<polyline class="{"thin" if number else "mean"} {colour}" points="{path}"/>')
        for bar in bars:
            x = x_at(float(bar.label))
            parts.append(f'<circle class="fill {colour}" cx="{x:.1f}" cy="{y_at(bar.value):.1f}" r="3"/>')
            if not number and bar.low is not None and bar.high is not None:
                low, high = y_at(bar.low), y_at(bar.high)
                parts.append(f'<path class="whisker" d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 4:.1f} {low:.1f}h8'
                             f'M{x - 4:.1f} {high:.1f}h8"/>')  # fmt: skip
    said = "; ".join(
        f"{name} " + ", ".join(f"{float(bar.label):,.0f}: {bar.value:.3f}" for bar in bars)
        for name, bars in shown.items()
    )
    return _svg(ident, title, f"{y_label} by {x_label}: {said}.", bottom + 42, parts)


def _legend(names: Sequence[str]) -> tuple[list[str], float]:
    """A coloured box and a name for each curve, in as many rows as they need; with the height of the rows."""
    parts, along, row = [], 4.0, 0
    for number, name in enumerate(names):
        wide = 34 + 8 * _columns(name)
        if along > 4 and along + wide > WIDTH:
            along, row = 4.0, row + 1
        y = 22 + 17 * row
        parts.append(
            f'<rect class="fill c{1 + number % (COLOURS - 1)}" x="{along:.1f}" y="{y}" width="14" height="8" rx="2"/>'
        )
        parts.append(_text(along + 19, y + 8, name, "label"))
        along += wide
    return parts, 17.0 * (row + 1)


def bar_chart(
    ident: str, title: str, bars: Sequence[Bar], digits: int = 3, unit: str = "", reference: str | None = None
) -> Markup:
    """Horizontal bars from zero, labels above, intervals as whiskers, a mark in each row at the bar `reference`."""
    bars = [bar for bar in bars if math.isfinite(bar.value)]
    if not bars:
        return Markup("")
    left, right, row = 4.0, WIDTH - 8.0, 40.0
    most = max(max(bar.value, bar.high or 0.0) for bar in bars) or 1.0

    def x_at(value: float) -> float:
        return left + (right - left) * max(0.0, value) / most

    parts, said = [], []
    for number, bar in enumerate(bars):
        y = 6 + number * row
        colour = "c0" if bar.label == reference else "c1"
        value = f"{bar.value:.{digits}f}{unit}"
        if bar.low is not None and bar.high is not None:
            value += f" [{bar.low:.{digits}f}, {bar.high:.{digits}f}]"
        parts.append(_text(left, y + 13, bar.label, "label"))
        parts.append(_text(right, y + 13, f"{value} {bar.note}".strip(), "axis", "end"))
        width = x_at(bar.value) - left
        parts.append(
            f'<rect class="fill {colour}" x="{left}" y="{y + 19:.1f}" width="{width:.1f}" height="12" rx="2"/>'
        )
        if bar.low is not None and bar.high is not None:
            middle = y + 25
            parts.append(
                f'<path class="whisker" d="M{x_at(bar.low):.1f} {middle:.1f}H{x_at(bar.high):.1f}'
                f'M{x_at(bar.low):.1f} {middle - 4:.1f}v8M{x_at(bar.high):.1f} {middle - 4:.1f}v8"/>'
            )
        said.append(f"{bar.label} {value} {bar.note}".strip())
    bottom = 6 + len(bars) * row
    at = next((bar.value for bar in bars if bar.label == reference), None)
    if at is not None and len(bars) > 1:
        ticks_at = "".join(f"M{x_at(at):.1f} {6 + number * row + 16:.1f}v18" for number in range(len(bars)))
        parts.append(f'<path class="mark" d="{ticks_at}"/>')
    return _svg(ident, title, "; ".join(said) + ".", bottom, parts)


def graph(ident: str, title: str, parents: Mapping[str, Sequence[str]], notes: Mapping[str, str]) -> Markup:
    """Boxes in layers, parents above children, each with a note; edges that a longer way implies are left out."""
    direct = {name: _direct(name, parents) for name in parents}
    depth = _levels(direct)
    box, high, gap = 128.0, 42.0, 22.0
    places: dict[str, tuple[float, float]] = {}
    y = 4.0
    for level in range(max(depth.values(), default=-1) + 1):
        row = [name for name in parents if depth[name] == level]
        row.sort(key=lambda name: _middle([places[p][0] for p in direct[name]]))
        for start in range(0, len(row), 3):
            part = row[start : start + 3]
            for number, name in enumerate(part):
                places[name] = (WIDTH / 2 + (number - (len(part) - 1) / 2) * (box + 8), y)
            y += high + gap
    parts = []
    for name, found in direct.items():
        x2, y2 = places[name]
        for parent in found:
            x1, y1 = places[parent][0], places[parent][1] + high
            bend = min(gap, (y2 - y1) / 2)
            curve = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
            parts.append(f'<path class="edge" d="{curve}"/>')
    for name, (x, at) in places.items():
        parts.append(f'<rect class="box" x="{x - box / 2:.1f}" y="{at:.1f}" width="{box}" height="{high}" rx="6"/>')
        parts.append(_text(x, at + 18, _short(name, 21), "label", "middle", most=box - 8))
        parts.append(_text(x, at + 34, _short(notes.get(name, ""), 20), "axis", "middle"))
    said = "; ".join(f"{name} from {', '.join(found) or 'nothing'}" for name, found in parents.items())
    return _svg(ident, title, said + ".", y - gap + 6, parts)


def _levels(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """A layer per node, as near above its first child as can be, so that few edges pass other boxes."""
    found = depths({name: list(given) for name, given in parents.items()})
    for name in sorted(found, key=lambda name: -found[name]):
        below = [found[child] for child, given in parents.items() if name in given]
        found[name] = min(below) - 1 if below else found[name]
    return found


def _direct(name: str, parents: Mapping[str, Sequence[str]]) -> list[str]:
    """The parents of a node that no other parent of it descends from."""
    found = [parent for parent in parents[name] if parent in parents]
    above: set[str] = set()
    todo = [grand for parent in found for grand in parents[parent]]
    while todo:
        one = todo.pop()
        if one in parents and one not in above:
            above.add(one)
            todo.extend(parents[one])
    return [parent for parent in dict.fromkeys(found) if parent not in above]


def _middle(places: Sequence[float]) -> float:
    return sum(places) / len(places) if places else WIDTH / 2


def _columns(text: str) -> int:
    """Width in Latin letters: a Hangul syllable or Han character is about two."""
    return sum(2 if ord(char) >= 0x1100 else 1 for char in text)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start", most: float | None = None) -> str:
    """Text; one that looks wider than `most` is squeezed into it."""
    squeeze = f' textLength="{most:.0f}" lengthAdjust="spacingAndGlyphs"' if most and 8 * _columns(text) > most else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{squeeze}>{escape(text)}</text>'


def _svg(ident: str, title: str, said: str, height: float, parts: Sequence[str]) -> Markup:
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-labelledby="{escape(ident)}-t {escape(ident)}-d">'
        f'<title id="{escape(ident)}-t">{escape(title)}</title><desc id="{escape(ident)}-d">{escape(said)}</desc>'
        + "".join(parts)
        + "</svg>"
    )
