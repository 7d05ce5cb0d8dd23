"""The data card of a mixture: what is in it, whose it is, what may be done with it, and what was lost on the way.

The headings follow what Data Statements (Bender and Friedman 2018) and Datasheets for Datasets (Gebru et al. 2021) ask
that a program can know; no figure is written by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.artifact import Artifact, write_json
from pipeline.errors import InputError

COUNTED = ("documents", "bytes", "characters")


def write_card(folder: Path, metrics: dict[str, Any], parent: Artifact, counts: dict[str, Any]) -> None:
    """Write `card.json` and `card.md` for a mixture made from `parent`."""
    way = lineage(parent)
    card = {
        "sources": metrics["sources"],
        "languages": metrics["languages"],
        "licenses": by_license(metrics["sources"]),
        "allowed_use": metrics["allowed_use"],
        "funnel": [
            *({"stage": stage, **funnel_row(found.counts, found.metrics)} for stage, found in way),
            {"stage": "mix", **funnel_row(counts, metrics)},
        ],
        "charsets": refined(way, "charsets"),
        "mojibake": refined(way, "mojibake"),
    }
    write_json(folder / "card.json", card)
    path = folder / "card.md"
    temporary = folder / ".card.md.part"
    temporary.write_text(markdown(card), encoding="utf-8")
    temporary.replace(path)


def lineage(artifact: Artifact) -> list[tuple[str, Artifact]]:
    """The artifact and those it was made from, oldest first, as (stage, artifact), as far as they are at hand.

    An ancestor is at hand when it stands under the same root and is still the one that was read.
    """
    found: list[tuple[str, Artifact]] = []
    todo = [artifact]
    seen: set[str] = set()
    while todo:
        one = todo.pop(0)
        if one.fingerprint in seen:
            continue
        seen.add(one.fingerprint)
        found.append((str(one.manifest.get("stage", "")), one))
        for _, recorded in sorted(one.manifest.get("inputs", {}).items()):
            for path in sorted(artifact.path.parent.parent.glob(f"*/{recorded.get('fingerprint', '-')}")):
                ancestor = Artifact(path)
                try:
                    same = ancestor.manifest_sha256 == recorded["manifest_sha256"]
                except (InputError, KeyError):
                    continue
                if same:
                    todo.append(ancestor)
    return found[::-1]


def funnel_row(counts: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """read, kept, dropped, failed, and documents dropped by rule, where a stage counts them."""
    row = {key: counts[key] for key in ("read", "kept", "dropped", "failed") if isinstance(counts.get(key), int)}
    rules = counts.get("rules")
    if isinstance(rules, dict):
        return {**row, "rules": rules}
    by_rule = metrics.get("rules")  # refine's: by rule and source
    if isinstance(by_rule, dict):
        sums = {rule: sum(one["documents"] for one in sources.values()) for rule, sources in by_rule.items()}
        return {**row, "rules": {rule: count for rule, count in sorted(sums.items()) if count}}
    return row


def refined(way: list[tuple[str, Artifact]], name: str) -> dict[str, Any]:
    """That metric of the refine stage, by source; {} where no such stage is at hand."""
    found = next((artifact.metrics.get(name) for stage, artifact in way if stage == "refine"), None)
    return found if isinstance(found, dict) else {}


def by_license(sources: dict[str, Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for source in sources.values():
        for license, counted in source["licenses"].items():
            own = found.setdefault(license, dict.fromkeys(COUNTED, 0))
            for key in COUNTED:
                own[key] += counted[key]
    return dict(sorted(found.items()))


def markdown(card: dict[str, Any]) -> str:
    """The card as a page of tables."""
    lines = ["# Data card", "", "## Allowed use", "", *use_lines(card["allowed_use"])]
    lines += ["", "## Sources", ""]
    lines += table(
        ["stream", "language", "license", "train documents", "train bytes", "train characters", "held-out documents",
         "held-out bytes"],
        [
            [name, s["lang"], s["license"], s["train"]["documents"], s["train"]["bytes"], s["train"]["characters"],
             s["heldout"]["documents"], s["heldout"]["bytes"]]
            for name, s in card["sources"].items()
        ],
    )  # fmt: skip
    lines += ["", "## Licenses", ""]
    lines += table(
        ["license", *COUNTED], [[name, *(c[key] for key in COUNTED)] for name, c in card["licenses"].items()]
    )
    lines += ["", "## From the first record to the mixture", ""]
    lines += table(
        ["stage", "read", "kept", "dropped", "failed", "dropped by rule"],
        [
            [row["stage"], *(row.get(key, "") for key in ("read", "kept", "dropped", "failed")),
             ", ".join(f"{rule} {count}" for rule, count in sorted(row.get("rules", {}).items()) if count)]
            for row in card["funnel"]
        ],
    )  # fmt: skip
    if card["charsets"]:
        lines += ["", "## Charsets of the pages", ""]
        rows = [
            [source, charset, verdict, count]
            for source, charsets in sorted(card["charsets"].items())
            for charset, verdicts in sorted(charsets.items())
            for verdict, count in sorted(verdicts.items())
        ]
        lines += table(["source", "charset", "decided by", "pages"], rows)
    if card["mojibake"]:
        lines += ["", "## Mojibake", ""]
        rows = [
            [source, counted["judged"], counted["documents"], rate(counted["documents"], counted["judged"])]
            for source, counted in sorted(card["mojibake"].items())
        ]
        lines += table(["source", "documents judged", "with mojibake", "rate"], rows)
    return "\n".join(lines) + "\n"


def rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else ""


def use_lines(use: dict[str, Any]) -> list[str]:
    """The ledger in words."""
    lines = [
        f"- Passing the text on: {use['pass_on']}",
        f"- Commercial use: {use['commercial']}",
        f"- Changed versions: {use['changes']}",
    ]
    for key, words in (
        ("no_passing_on", "Forbid passing the text on"),
        ("no_commercial", "Forbid commercial use"),
        ("no_changes", "Forbid changed versions"),
        ("share_alike", "Ask for the same license (share-alike)"),
        ("attribution", "Ask for attribution"),
        ("unknown", "Not known"),
    ):
        if use[key]:
            lines.append(f"- {words}: {', '.join(use[key])}")
    lines += [f"- {name}: {limits}" for name, limits in use["limits"].items()]
    return [*lines, "", "The strictest terms of all sources, for passing this text on; not legal advice."]


def table(head: list[str], rows: list[list[Any]]) -> list[str]:
    """A Markdown table; numbers get thousands separators."""

    def cell(value: Any) -> str:
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        return shown.replace("|", "\\|").replace("\n", " ")

    return [
        f"| {' | '.join(head)} |",
        f"| {' | '.join('---' for _ in head)} |",
        *(f"| {' | '.join(cell(value) for value in row)} |" for row in rows),
    ]
