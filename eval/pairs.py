"""Models beside each other: the same documents and items scored by two models, compared item by item."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any
from urllib.parse import unquote

from eval import compare
from eval.lineage import node_of
from pipeline.artifact import Artifact, digest
from pipeline.errors import InputError

FEW_DOCUMENTS = 30  # a bootstrap over fewer documents is labelled a smoke test


@dataclass(frozen=True)
class Scored:
    """One evaluation: the `model` it judged, the `terms` it was done on, and its lines by language and by task."""

    node: str
    model: str
    terms: str
    metrics: dict[str, Any]
    documents: dict[str, list[dict[str, Any]]]
    items: dict[str, list[dict[str, Any]]]


def scored(nodes: Mapping[str, Artifact], name: str) -> Scored:
    """Read an evaluation. Two with equal `terms` (settings, held-out text, benchmarks) can be paired."""
    artifact = nodes[name]
    inputs = {field: entry["fingerprint"] for field, entry in artifact.manifest["inputs"].items()}
    of = inputs.pop("of", "")
    protocol = artifact.metrics.get("protocol", {})
    settings = {key: value for key, value in artifact.section.items() if key not in ("of", *inputs)}
    others = {key: node for key, node in nodes.items() if node is not artifact}
    documents: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((artifact.path / "bpb").glob("*.jsonl")):
        for line in read_lines(path):
            documents.setdefault(line["lang"], []).append({**line, "id": f"{line['source']}\0{line['id']}"})
    return Scored(
        node=name,
        model=node_of(others, of, name) or name.partition("@")[2] or name,
        terms=digest([settings, inputs, [protocol.get(key) for key in ("window", "stride")]]),
        metrics=artifact.metrics,
        documents=documents,
        items={unquote(path.stem): read_lines(path) for path in sorted((artifact.path / "tasks").glob("*.jsonl"))},
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    found = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                found.append(json.loads(line))
            except ValueError as error:
                raise InputError(f"{path}, line {number}: {error}") from None
    return found


def pair(first: Scored, second: Scored) -> dict[str, Any]:
    """`{"bpb": {lang: ...}, "tasks": {task: ...}}` of `second` less `first`, where both scored the same items."""
    bpb = {
        lang: _texts(first.documents[lang], second.documents[lang], f"held-out {lang} of {second.node}")
        for lang in sorted(first.documents.keys() & second.documents.keys())
    }
    tasks = {
        task: _choices(first.items[task], second.items[task], f"{task} of {second.node}")
        for task in sorted(first.items.keys() & second.items.keys())
        if first.items[task]
    }
    return {"bpb": bpb, "tasks": tasks}


def _texts(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]], what: str) -> dict[str, Any]:
    """Bits per byte paired by document; `relative` is the rise as a share, its interval from the same bootstrap."""
    lines = compare.paired_lines(first, second, what)
    one, two = ([pair[side]["nll"] / math.log(2) for pair in lines] for side in (0, 1))
    sizes = [pair[0]["bytes"] for pair in lines]
    found = compare.paired_ratio(one, two, sizes)
    relative = compare.ratio(two, one) if all(bits > 0 for bits in one) else None
    return {
        **found.as_dict(),
        "bytes": sum(sizes),
        "relative": relative.value - 1 if relative else None,
        "relative_low": relative.low - 1 if relative and relative.low is not None else None,
        "relative_high": relative.high - 1 if relative and relative.high is not None else None,
        "smallest_difference": _detectable(found.low, found.high),
        "smoke": len(lines) < FEW_DOCUMENTS,
    }


def _choices(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]], what: str) -> dict[str, Any]:
    """Multiple choice paired by item; `smallest_difference` is None where these items could show none."""
    lines = compare.paired_lines(first, second, what)
    one, two = ([bool(pair[side]["correct"]) for pair in lines] for side in (0, 1))
    found = compare.paired_accuracy(one, two)
    differing = sum(a != b for a, b in zip(one, two, strict=True))
    rate = differing / found.items if differing else None
    smallest = compare.smallest_difference(found.items, rate=found.first, discordant=rate)
    return {
        **found.as_dict(),
        "differing": differing,
        "smallest_difference": smallest if smallest < 1 else None,  # 1 says that so few differing items show nothing
        "smoke": found.items < compare.SMOKE,
    }


def _detectable(low: float | None, high: float | None) -> float | None:
    """The true difference an interval of this width shows with `compare.POWER`, by the normal approximation."""
    if low is None or high is None:
        return None
    z, reach = NormalDist().inv_cdf(0.5 + compare.CONFIDENCE / 2), NormalDist().inv_cdf(compare.POWER)
    return (high - low) / 2 * (z + reach) / z
