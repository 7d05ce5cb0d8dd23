"""How the report writes: numbers, intervals, and text that must not become markup."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from eval.summary import korean_first, language, signed

NONE = "–"


def environment() -> Any:
    """Templates of this package; only `.html.j2` files escape by themselves, Markdown ones ask by `| md`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("eval", "templates"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    made.filters.update(
        number=number, plus=plus, chance=chance, count=count, size=size, percent=percent, points=points, signed=signed,
        points_plain=points_plain, flops=flops, interval=interval, interval_percent=interval_percent,
        interval_points=interval_points, millions=millions, pieces_or_base=pieces_or_base, language=language, md=md,
        yaml=yaml_text,
        korean_first=lambda by_lang: sorted(by_lang.items(), key=lambda pair: korean_first(pair[0])),
    )  # fmt: skip
    return made


def number(value: Any, digits: int = 3) -> str:
    return NONE if not isinstance(value, (int, float)) else f"{value:,.{digits}f}"


def plus(value: float | None, digits: int = 3) -> str:
    return NONE if value is None else f"{value:+.{digits}f}".replace("-", "−")


def count(value: Any) -> str:
    return NONE if not isinstance(value, (int, float)) else f"{value:,.0f}"


def size(value: Any) -> str:
    """Bytes as people read them, in powers of 1,024."""
    if not isinstance(value, (int, float)):
        return NONE
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def flops(value: Any) -> str:
    """Floating-point operations as people read them, in powers of 1,000."""
    if not isinstance(value, (int, float)):
        return NONE
    power = 0
    while value >= 1000 and power < 6:
        value, power = value / 1000, power + 1
    return f"{value:.3g} {'kMGTPE'[power - 1 : power]}FLOP"


def millions(value: Any) -> str:
    """Parameters in millions."""
    return NONE if not isinstance(value, (int, float)) else f"{value / 1e6:,.1f} M"


def pieces_or_base(pieces: int) -> str:
    """A size of the frontier as a column's head."""
    return count(pieces) if pieces else "base"


def percent(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:.1f}%"


def chance(p: float) -> str:
    """A p-value; one too small for three digits is said to be so."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def points(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:+.1f} points".replace("-", "−")


def points_plain(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:.1f} points"


def interval(one: Mapping[str, Any], digits: int = 3, sign: bool = False) -> str:
    if one.get("low") is None or one.get("high") is None:
        return ""
    write = plus if sign else number
    return f"[{write(one['low'], digits)}, {write(one['high'], digits)}]"


def interval_percent(one: Mapping[str, Any]) -> str:
    return "" if one.get("low") is None else f"[{one['low'] * 100:.1f}, {one['high'] * 100:.1f}]"


def interval_points(one: Mapping[str, Any]) -> str:
    return "" if one.get("low") is None else f"[{one['low'] * 100:+.1f}, {one['high'] * 100:+.1f}]".replace("-", "−")


def md(value: Any) -> str:
    """Text as Markdown that shows it and does nothing else: no HTML, link, table cell or emphasis comes of it."""
    text = " ".join(str(value).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*\[\]|#~!])", r"\\\1", text)
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)


def yaml_text(value: Any) -> str:
    """One string as a double-quoted YAML scalar (JSON's strings are such), without characters that open markup."""
    text = json.dumps(str(value), ensure_ascii=False)
    for char in "\x7f<>[":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
