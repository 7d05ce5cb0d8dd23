"""The gates on forgetting: limits set before training, beside what the evaluations measured after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.artifact import Artifact

KEYS = (
    "node", "against", "lang", "metric", "limit", "action", "value", "low", "high", "documents", "smoke", "passed",
)  # fmt: skip


def no_gate() -> dict[str, Any]:
    """A gate of which nothing is known."""
    return dict.fromkeys(KEYS)


def gates(
    nodes: Mapping[str, Artifact],
    trained: list[str],
    comparisons: Mapping[str, Mapping[str, Any]],
    against: str,
) -> dict[str, dict[str, Any]]:
    """Training node with a gate -> the relative rise of its language's bits per byte over `against`, and the verdict.

    `passed` is None where the model or `against` was not evaluated, and where the two are one.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in trained:
        given = nodes[name].section.get("gate")
        if not isinstance(given, Mapping) or "limit" not in given:
            continue
        lang = str(given.get("lang", "en"))
        measured = comparisons.get(name, {}).get("bpb", {}).get(lang) or {}
        value = measured.get("relative")
        found[name] = {
            **no_gate(),
            "node": name,
            "against": against,
            "lang": lang,
            "metric": f"bpb/{lang}",
            "limit": given["limit"],
            "action": given.get("action"),
            "value": value,
            "low": measured.get("relative_low"),
            "high": measured.get("relative_high"),
            "documents": measured.get("items"),
            "smoke": measured.get("smoke"),
            "passed": None if value is None else value <= given["limit"],
        }
    return found
