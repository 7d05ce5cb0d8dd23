"""What a training run says of itself: steps, tokens, settings, and its log as curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.pairs import read_lines
from eval.plots import thinned
from pipeline.artifact import Artifact

LOG = "log.jsonl"
SHOWN = (
    "budget", "sequence", "batch", "epochs", "rate", "rate_new_rows", "rate_old_rows", "beta2", "weight_decay",
    "warmup", "final", "precision", "seed",
)  # fmt: skip


def training(name: str, artifact: Artifact, model: str | None) -> dict[str, Any]:
    """A training node's figures; curves are thinned by averaging, so that the report stays small."""
    section, metrics = artifact.section, artifact.metrics
    found = log(artifact.path / LOG)
    return {
        "node": name,
        "model": model,
        "lang": section.get("lang"),
        "steps": metrics.get("steps"),
        "tokens": metrics.get("tokens"),
        "conversations": metrics.get("conversations"),
        "answer_tokens": metrics.get("answer_tokens"),
        "settings": {key: section[key] for key in SHOWN if section.get(key) is not None},
        "replay": section.get("replay"),
        "phases": section.get("phases"),
        "lora": section.get("lora"),
        "chat": chat(section.get("data")),
        "ledger": metrics.get("ledger"),
        "gate": metrics.get("gate"),
        "probe": metrics.get("probe"),
        "rows": metrics.get("rows"),
        "curves": {kind: {key: thinned(points) for key, points in found[kind].items()} for kind in sorted(found)},
        "turns": turns(artifact.path / LOG),
    }


def chat(given: Any) -> dict[str, dict[str, Any]] | None:
    """The sets of chat data in a section: whether each was made by us, and its license."""
    if not isinstance(given, Mapping):
        return None
    return {
        str(name): {
            "made": bool(one.get("made")),
            "license": None if one.get("made") else one.get("license", "unknown"),
        }
        for name, one in sorted(given.items())
    }


def log(path: Path) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """`{"loss": {lang: [(step, nats per token)]}, "bpb": {lang: [(step, bits per byte)]}}` of a training log.

    A line's `loss` or `bpb` is one number or a number per language; a language absent from a step has no point there.
    """
    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for line in read_lines(path) if path.is_file() else []:
        step = _number(line.get("step"))
        if step is None:
            continue
        for kind in ("loss", "bpb"):
            given = line.get(kind)
            for key, value in given.items() if isinstance(given, Mapping) else [("all", given)]:
                number = _number(value)
                if number is not None:
                    curves.setdefault(kind, {}).setdefault(str(key), []).append((step, number))
    for found in curves.values():
        if len(found) > 1:
            found.pop("all", None)
    return curves


def turns(path: Path) -> list[dict[str, Any]]:
    """Steps at which a new phase begins, after the first."""
    found: list[dict[str, Any]] = []
    before: Any = None
    for line in read_lines(path) if path.is_file() else []:
        phase = line.get("phase")
        if phase is not None and before is not None and phase != before and _number(line.get("step")) is not None:
            found.append({"step": line["step"], "phase": str(phase)})
        before = phase if phase is not None else before
    return found


def _number(value: Any) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)
