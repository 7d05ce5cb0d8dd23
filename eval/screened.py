"""What was judged of the documents: rules per source, the audit, masked personal data, contamination, score tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eval.lineage import stage
from pipeline.artifact import Artifact

MOVED = 12  # ways that documents moved between rules, shown of an audit at most


def tables(nodes: Mapping[str, Artifact], order: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Each table by node; a table without a node that has it is empty."""
    made = {"rules_by_source": rules_by_source, "pii": pii, "audits": audit, "contamination": contamination,
            "scores": scores, "ngrams": ngram, "classifiers": classifier}  # fmt: skip
    names = list(order)
    return {table: {name: found for name in names if (found := make(nodes[name]))} for table, make in made.items()}


def rules_by_source(artifact: Artifact) -> dict[str, Any]:
    """`{"sources": [names], "rules": {rule: {source: documents}}}` of a stage that counts by rule and source."""
    given = artifact.metrics.get("rules")
    if stage(artifact) != "refine" or not isinstance(given, dict):
        return {}
    found: dict[str, dict[str, int]] = {}
    for rule, by_source in given.items():
        counted = {
            str(source): whole(one.get("documents"))
            for source, one in by_source.items()
            if isinstance(one, dict) and whole(one.get("documents"))
        }
        if counted:
            found[str(rule)] = counted
    ordered = dict(sorted(found.items(), key=lambda pair: (-sum(pair[1].values()), pair[0])))
    return {"sources": sorted({source for row in found.values() for source in row}), "rules": ordered} if found else {}


def pii(artifact: Artifact) -> dict[str, Any]:
    """`{"kinds": [names], "sources": {source: {kind: masked}}, "total": {kind: masked}}`."""
    given = artifact.metrics.get("pii")
    if not isinstance(given, dict):
        return {}
    sources = {
        str(source): {str(kind): number for kind, n in one.items() if (number := whole(n))}
        for source, one in sorted(given.items())
        if isinstance(one, dict)
    }
    sources = {source: one for source, one in sources.items() if one}
    kinds = sorted({kind for one in sources.values() for kind in one})
    if not kinds:
        return {}
    total = {kind: sum(one.get(kind, 0) for one in sources.values()) for kind in kinds}
    return {"kinds": kinds, "sources": sources, "total": total}


def audit(artifact: Artifact) -> dict[str, Any]:
    """An audit's own metrics, its rules that take anything and what moved most."""
    metrics = artifact.metrics
    if stage(artifact) != "audit" or not isinstance(metrics.get("rules"), dict):
        return {}
    rules = {
        str(rule): one for rule, one in metrics["rules"].items()
        if any(whole((one.get(kind) or {}).get("documents")) for kind in ("dropped", "dropped_now", "alone"))
    }  # fmt: skip
    moved = [row for row in metrics.get("moved") or [] if isinstance(row, dict)]
    return {
        "judged_by": metrics.get("judged_by") or {},
        "totals": metrics.get("totals") or {},
        "rules": rules,
        "moved": moved[:MOVED],
        "moved_ways": len(moved),
        "sheet": metrics.get("sheet"),
    }


def contamination(artifact: Artifact) -> dict[str, Any]:
    """Items per task and how many stood in the corpus; documents cleaned and dropped per source that had any."""
    if stage(artifact) != "decontaminate" or not isinstance(artifact.metrics.get("tasks"), dict):
        return {}
    sources = {
        str(name): {key: whole(one.get(key)) for key in ("read", "kept", "dropped", "cleaned", "bytes_removed")}
        for name, one in sorted((artifact.metrics.get("sources") or {}).items())
    }
    return {
        "tasks": {
            str(task): {"items": whole(one.get("items")), "dirty": whole(one.get("dirty"))}
            for task, one in sorted(artifact.metrics["tasks"].items())
        },
        "sources": {name: one for name, one in sources.items() if one["dropped"] or one["cleaned"]},
        "clean_sources": sum(not (one["dropped"] or one["cleaned"]) for one in sources.values()),
    }


def scores(artifact: Artifact) -> dict[str, Any]:
    """Per source the quantiles of what a stage scored: `perplexity` with its buckets, `quality` with its floor."""
    kind = stage(artifact)
    metrics = artifact.metrics
    if kind not in ("perplexity", "quality") or not isinstance(metrics.get("sources"), dict):
        return {}
    return {
        "kind": kind,
        "sources": dict(sorted(metrics["sources"].items())),
        "scored": metrics.get("scored") or {},
        "unscored": metrics.get("unscored") or {},
        "cuts": metrics.get("cuts") or {},
        "low": metrics.get("low"),
        "reference": metrics.get("reference"),
    }


def ngram(artifact: Artifact) -> dict[str, Any]:
    return artifact.metrics if stage(artifact) == "ngram" else {}


def classifier(artifact: Artifact) -> dict[str, Any]:
    return artifact.metrics if stage(artifact) == "classifier" else {}


def whole(value: Any) -> int:
    """A count, 0 where there is none."""
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
