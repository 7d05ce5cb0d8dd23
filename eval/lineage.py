"""Where each node comes from: names found again from the fingerprints that manifests record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.artifact import Artifact

EVALUATION = "evaluate"


def stage(artifact: Artifact) -> str:
    return str(artifact.manifest.get("stage", ""))


def lineage(nodes: Mapping[str, Artifact]) -> dict[str, Any]:
    """`{"nodes": {name: {stage, version, fingerprint, leaf, inputs}}, "order": [...]}`, parents before children.

    An input is `{"node": name or None, "fingerprint"}`: None where the node is not among those given.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, artifact in nodes.items():
        manifest = artifact.manifest
        found[name] = {
            "stage": stage(artifact),
            "version": manifest.get("version"),
            "fingerprint": artifact.fingerprint,
            "leaf": "use" in manifest.get("section", {}),
            "inputs": {
                field: {"node": node_of(nodes, entry["fingerprint"], name), "fingerprint": entry["fingerprint"]}
                for field, entry in sorted(manifest.get("inputs", {}).items())
            },
        }
    deep = depths({name: parents(entry) for name, entry in found.items()})
    return {"nodes": found, "order": sorted(found, key=lambda name: (deep[name], "@" in name, name))}


def node_of(nodes: Mapping[str, Artifact], fingerprint: str, child: str = "") -> str | None:
    """The node with this fingerprint; of several (equal variants) the one `child` is named after, else the first."""
    same = sorted((name for name, artifact in nodes.items() if artifact.fingerprint == fingerprint), key=_plain_first)
    return next((name for name in same if child.endswith(f"@{name}")), same[0] if same else None)


def parents(entry: Mapping[str, Any]) -> list[str]:
    """Node names among an entry's inputs, each once."""
    return list(dict.fromkeys(given["node"] for given in entry["inputs"].values() if given["node"] is not None))


def chain(found: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """A model node and the models it was made from, the newest first."""
    names = [name]
    while names[-1] in found:
        before = found[names[-1]]["inputs"].get("model", {}).get("node")
        if before is None or before in names:
            break
        names.append(before)
    return names


def ancestors(found: Mapping[str, Mapping[str, Any]], name: str) -> set[str]:
    """The node and every node it is made from."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        one = todo.pop()
        if one in found and one not in seen:
            seen.add(one)
            todo.extend(parents(found[one]))
    return seen


def depths(graph: Mapping[str, list[str]]) -> dict[str, int]:
    """The longest way from a node without parents; parents outside the mapping do not count."""
    found: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in found:
            found[name] = -1  # a circle cannot be built; a damaged manifest must not loop
            found[name] = 1 + max((depth(parent) for parent in graph[name] if parent in graph), default=-1)
        return found[name]

    for name in graph:
        depth(name)
    return found


def _plain_first(name: str) -> tuple[bool, str]:
    return "@" in name, name
