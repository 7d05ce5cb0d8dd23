"""The audit's figures as JSON and as Markdown: per rule, source and domain, and what moved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpus.filters.presets import STOCK
from pipeline.artifact import write_json

Cells = dict[str, list[int]]  # key -> documents, bytes, tokens
NAMES = ("documents", "bytes", "tokens")


def add(cells: Cells, key: str, size: Sequence[int]) -> None:
    held = cells.setdefault(key, [0, 0, 0])
    for place, number in enumerate(size):
        held[place] += number


def add_all(cells: Cells, more: Cells) -> None:
    for key, size in more.items():
        add(cells, key, size)


def publish_tables(
    sources: dict[str, Cells], domains: dict[str, Cells], judged_by: dict[str, Any], folder: Path
) -> dict[str, Any]:
    """Write `rules.json` and `rules.md`; returns what the former holds.

    `dropped` counts a document for the rule that dropped it, `alone` for every rule that would; `kept` is what was
    judged less `alone`: what the rule leaves.
    """
    whole: Cells = {}
    for cells in sources.values():
        add_all(whole, cells)
    tables = {
        "judged_by": judged_by,
        "totals": _totals(whole, judged_by["tokens"]),
        "rules": _rules(whole, judged_by["tokens"]),
        "moved": _moved(whole, judged_by["tokens"]),
        "sources": {name: _part(cells, judged_by["tokens"]) for name, cells in sorted(sources.items())},
        "domains": {name: _part(cells, judged_by["tokens"]) for name, cells in domains.items()},
        "domain_order": list(domains),
    }
    write_json(folder / "rules.json", tables)
    (folder / "rules.md").write_text(_markdown(tables), encoding="utf-8")
    return tables


def _numbers(size: Sequence[int], tokens: bool) -> dict[str, int | None]:
    return {name: None if name == "tokens" and not tokens else size[place] for place, name in enumerate(NAMES)}


def _sum(cells: Cells, wanted: Any) -> list[int]:
    total: Cells = {}
    for key, size in cells.items():
        if wanted(key):
            add(total, "", size)
    return total.get("", [0, 0, 0])


def _totals(cells: Cells, tokens: bool) -> dict[str, Any]:
    """As published, and as the rules asked here would have it."""
    return {
        "kept": _numbers(cells.get("was|", [0, 0, 0]), tokens),
        "dropped": _numbers(_sum(cells, lambda key: key.startswith("was|") and key != "was|"), tokens),
        "judged": _numbers(cells.get("judged", [0, 0, 0]), tokens),
        "kept_now": _numbers(cells.get("now|", [0, 0, 0]), tokens),
        "dropped_now": _numbers(_sum(cells, lambda key: key.startswith("now|") and key != "now|"), tokens),
    }


def _rules(cells: Cells, tokens: bool) -> dict[str, Any]:
    found = {key.split("|")[1] for key in cells if key.startswith(("was|", "now|", "alone|"))} - {""}
    judged = cells.get("judged", [0, 0, 0])
    rules: dict[str, Any] = {}
    for rule in _ordered(found):
        alone = cells.get(f"alone|{rule}", [0, 0, 0])
        rules[rule] = {
            "dropped": _numbers(cells.get(f"was|{rule}", [0, 0, 0]), tokens),
            "dropped_now": _numbers(cells.get(f"now|{rule}", [0, 0, 0]), tokens),
            "alone": _numbers(alone, tokens),
            "kept": _numbers([all_ - out for all_, out in zip(judged, alone, strict=True)], tokens),
        }
    return rules


def _moved(cells: Cells, tokens: bool) -> list[dict[str, Any]]:
    """From which reason to which; "" is kept."""
    rows = [(key.split("|")[1:], size) for key, size in cells.items() if key.startswith("moved|")]
    rows.sort(key=lambda row: (-row[1][0], row[0]))
    return [{"from": ends[0], "to": ends[1]} | _numbers(size, tokens) for ends, size in rows]


def _part(cells: Cells, tokens: bool) -> dict[str, Any]:
    return {"totals": _totals(cells, tokens), "rules": _rules(cells, tokens), "moved": _moved(cells, tokens)}


def _ordered(rules: set[str]) -> list[str]:
    """In the order in which rules are asked; other reasons first."""
    places = {rule: place for place, rule in enumerate(STOCK)}
    return sorted(rules, key=lambda rule: (places.get(rule, -1), rule))


def _markdown(tables: dict[str, Any]) -> str:
    by = tables["judged_by"]
    thresholds = f" with thresholds {by['thresholds']}" if by["thresholds"] else ""
    out = [
        "# Rules", "", f"Judged by `rules: {by['rules']}`{thresholds}. `dropped`: the first rule that failed, as"
        " published; `alone`: documents that the rule would drop if it stood alone; `now`: the first rule that fails"
        " here.", "", *_fates("source", tables["sources"] | {"all": {"totals": tables["totals"]}}), "",
        "## Per rule", "", "| rule | dropped | bytes | tokens | now | bytes | alone | bytes | tokens |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for rule, row in tables["rules"].items():
        numbers = [
            *row["dropped"].values(), row["dropped_now"]["documents"], row["dropped_now"]["bytes"],
            *row["alone"].values(),
        ]  # fmt: skip
        out.append(_line([f"`{rule}`", *map(_show, numbers)]))
    for kind in ("sources", "domains"):
        parts = {name: tables[kind][name] for name in (tables["domain_order"] if kind == "domains" else tables[kind])}
        out += ["", f"## Documents that each rule drops alone, per {kind[:-1]}", "", *_across(parts, tables["rules"])]
    out += ["", *_fates("domain", {name: tables["domains"][name] for name in tables["domain_order"]})]
    if tables["moved"]:
        out += ["", "## What moved", "", "| from | to | documents | bytes | tokens |", "|---|---|---|---|---|"]
        for row in tables["moved"]:
            ends = [row[end] or "(kept)" for end in ("from", "to")]
            out.append(_line([*ends, *(_show(row[name]) for name in NAMES)]))
    return "\n".join(out) + "\n"


def _fates(what: str, parts: dict[str, Any]) -> list[str]:
    out = [f"| {what} | documents kept | of | bytes kept | of | kept now | bytes kept now | share of bytes now |"]
    out.append("|---|---|---|---|---|---|---|---|")
    for name, part in parts.items():
        totals = part["totals"]
        read = {one: totals["kept"][one] + totals["dropped"][one] for one in ("documents", "bytes")}
        now = totals["kept_now"]
        numbers = [totals["kept"]["documents"], read["documents"], totals["kept"]["bytes"], read["bytes"]]
        share = f"{now['bytes'] / max(1, read['bytes']):.1%}"
        out.append(_line([name, *map(_show, [*numbers, now["documents"], now["bytes"]]), share]))
    return out


def _across(parts: dict[str, Any], rules: dict[str, Any]) -> list[str]:
    shown = [rule for rule, row in rules.items() if row["alone"]["documents"]]
    out = [_line(["", *(f"`{rule}`" for rule in shown)]), _line(["---"] * (len(shown) + 1))]
    for name, part in parts.items():
        held = part["rules"]
        out.append(_line([name, *(_show(held[rule]["alone"]["documents"] if rule in held else 0) for rule in shown)]))
    return out


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _show(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"
