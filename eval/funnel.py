"""The words of a run: what each stage kept, why it dropped the rest, and under which licenses text came in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from corpus.licenses import allowed_use
from eval import screened
from eval.lineage import node_of, stage
from pipeline.artifact import Artifact

STAGES = ("crawl", "refine", "dedup", "perplexity", "quality", "decontaminate", "mix", "pack")
SPLITS = ("train", "heldout", "documents")


def corpus(nodes: Mapping[str, Artifact], order: Iterable[str]) -> dict[str, Any]:
    """`funnel` rows from records to text, `rules` by node, `mixtures` by source, `licenses`; {} without any of it."""
    order = list(order)
    names = [name for name in order if stage(nodes[name]) in STAGES]
    if all(stage(nodes[name]) == "pack" for name in names):
        return {}
    mixtures = {name: mixture(nodes[name]) for name in names if _is_mixture(nodes[name])}
    return {
        "funnel": [row(name, nodes[name]) for name in names if nodes[name].counts or stage(nodes[name]) == "crawl"],
        "rules": {name: found for name in names if (found := rules(nodes[name]))},
        "crawled": {name: _crawled(nodes[name]) for name in names if stage(nodes[name]) == "crawl"},
        "mixtures": mixtures,
        "licenses": ledger(mixtures.values()),
        "tokens": {name: found for name in names if (found := tokens(name, nodes, mixtures))},
        "by_source": by_source(nodes, names),
        "charsets": {name: found for name in names if (found := charsets(nodes[name]))},
        **screened.tables(nodes, order),
    }


def row(name: str, artifact: Artifact) -> dict[str, Any]:
    """One step of the funnel; None where a stage did not count that."""
    counts = artifact.counts
    given = counts.get("bytes")
    sizes = given if isinstance(given, dict) else {}
    found = {key: _whole(counts.get(key)) for key in ("read", "kept", "dropped", "failed")}
    if stage(artifact) == "crawl" and found["kept"] is None:
        found["kept"] = sum(_whole(given.get("records")) or 0 for given in _sources(artifact).values())
    return {
        "node": name,
        "stage": stage(artifact),
        **found,
        "bytes_read": _whole(sizes.get("read")),
        "bytes_kept": _kept_bytes(artifact) if sizes.get("kept") is None else _whole(sizes["kept"]),
        "tokens": sum(_whole(one.get("tokens")) or 0 for one in _streams(artifact).values()) or None,
    }


def _kept_bytes(artifact: Artifact) -> int | None:
    """What the sources say they kept, where the stage itself does not count it."""
    sources = _sources(artifact).values()
    if _is_mixture(artifact):
        return sum(_sizes(given.get(split) or {})["bytes"] for given in sources for split in SPLITS)
    return sum(_whole(given.get("bytes")) or 0 for given in sources) or None


def rules(artifact: Artifact) -> dict[str, dict[str, int]]:
    """Rule -> documents (and bytes, 0 where not counted) it dropped, the busiest first; rules without one are left out.

    A stage gives a number per rule, or `documents` and `bytes` per rule, or those per rule and source.
    """
    given = artifact.metrics.get("rules") or artifact.counts.get("rules") or _reasons(artifact)
    found: dict[str, dict[str, int]] = {}
    for rule, value in given.items() if isinstance(given, dict) else ():
        total = found.setdefault(str(rule), {"documents": 0, "bytes": 0})
        for part in _parts(value):
            total["documents"] += _whole(part.get("documents") if isinstance(part, dict) else part) or 0
            total["bytes"] += (_whole(part.get("bytes")) or 0) if isinstance(part, dict) else 0
    kept = {rule: total for rule, total in found.items() if total["documents"]}
    return dict(sorted(kept.items(), key=lambda pair: (-pair[1]["documents"], pair[0])))


def _parts(value: Any) -> list[Any]:
    """A rule's figures, one per source where it has them so."""
    if isinstance(value, dict) and value and all(isinstance(one, dict) for one in value.values()):
        return list(value.values())
    return [value]


def by_source(nodes: Mapping[str, Artifact], names: Iterable[str]) -> list[dict[str, Any]]:
    """Read and kept of each source at each stage that counts them: source by source, along the way."""
    rows = []
    for place, name in enumerate(names):
        for source, given in _sources(nodes[name]).items():
            read, kept = _whole(given.get("read")), _whole(given.get("kept"))
            if read is not None and kept is not None:
                rows.append({"source": source, "node": name, "place": place, "read": read, "kept": kept})
    return sorted(rows, key=lambda row: (row["source"], row.pop("place")))


def charsets(artifact: Artifact) -> dict[str, Any]:
    """Pages by character set and how it was found, wrong and repaired ones, and the rate of broken text; {} if none."""
    tables = artifact.metrics.get("charsets") or {}
    total: Counter[tuple[str, str]] = Counter()
    for table in tables.values():
        for charset, ways in table.items():
            total.update({(str(charset), str(way)): _whole(number) or 0 for way, number in ways.items()})
    signs = [one for one in (artifact.metrics.get("mojibake") or {}).values() if isinstance(one, dict)]
    judged = sum(_whole(one.get("judged")) or 0 for one in signs)
    if not total and not judged:
        return {}
    sources = _sources(artifact).values()
    rows = [{"charset": c, "by": way, "pages": number} for (c, way), number in sorted(total.items()) if number]
    return {
        "pages": rows,
        "lying": sum(_whole(one.get("lying")) or 0 for one in sources),
        "repaired": sum(_whole(one.get("repaired")) or 0 for one in sources),
        "judged": judged,
        "mojibake": sum(_whole(one.get("documents")) or 0 for one in signs),
    }


def mixture(artifact: Artifact) -> dict[str, Any]:
    """`{"sources": {name: {lang, license, train, heldout}}, "languages": {lang: {train, heldout, share}}}`."""
    sources: dict[str, dict[str, Any]] = {}
    languages: dict[str, dict[str, Any]] = {}
    for name, given in sorted(_sources(artifact).items()):
        train, held = given.get("train") or given.get("documents") or {}, given.get("heldout") or {}
        sources[name] = {
            "lang": str(given.get("lang", "")),
            "license": str(given.get("license", "unknown")),
            "licenses": given.get("licenses") or {str(given.get("license", "unknown")): _sizes(train)},
            "train": _sizes(train),
            "heldout": _sizes(held),
        }
        total = languages.setdefault(sources[name]["lang"], {"train": _sizes({}), "heldout": _sizes({})})
        for split in ("train", "heldout"):
            for key, value in sources[name][split].items():
                total[split][key] += value
    every = sum(total["train"]["bytes"] for total in languages.values())
    for group in (sources, languages):
        for one in group.values():
            one["share"] = one["train"]["bytes"] / every if every else None
    return {"sources": sources, "languages": dict(sorted(languages.items()))}


def ledger(mixtures: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Bytes (train and held out) and sources under each license, and what all of them together allow."""
    by_license: dict[str, dict[str, Any]] = {}
    for found in mixtures:
        for name, source in found["sources"].items():
            for license, counted in source["licenses"].items():
                entry = by_license.setdefault(license, {"bytes": 0, "sources": []})
                entry["bytes"] += counted["bytes"]
                entry["sources"] = sorted({*entry["sources"], name})
    every = sum(entry["bytes"] for entry in by_license.values())
    for entry in by_license.values():
        entry["share"] = entry["bytes"] / every if every else None
    return {"by_license": dict(sorted(by_license.items())), "allowed_use": allowed_use(by_license)}


def tokens(name: str, nodes: Mapping[str, Artifact], mixtures: Mapping[str, Any]) -> dict[str, Any]:
    """A pack's tokens by source and split, and its train tokens by license; {} for any other node.

    A stream of several licenses is split by their characters, and its part is `estimated`.
    """
    streams = _streams(nodes[name])
    if not streams:
        return {}
    sources: dict[str, dict[str, Any]] = {}
    for stream, given in sorted(streams.items()):
        split, _, source = stream.partition("/")
        one = sources.setdefault(source, {"lang": str(given.get("lang", "")), "train": 0, "heldout": 0, "bytes": 0})
        if split in one:
            one[split] += _whole(given.get("tokens")) or 0
        if split == "train":
            one["bytes"] += _whole(given.get("bytes")) or 0
    read = nodes[name].manifest.get("inputs", {}).get("documents", {}).get("fingerprint")
    mixed = mixtures.get(node_of(nodes, read) or "", {}).get("sources", {}) if read else {}
    licenses: dict[str, dict[str, Any]] = {}
    for source, one in sources.items():
        for license, share in _license_shares(mixed.get(source, {})).items():
            entry = licenses.setdefault(license, {"tokens": 0.0, "estimated": False})
            entry["tokens"] += one["train"] * share
            entry["estimated"] = entry["estimated"] or share < 1
    total = sum(one["train"] for one in sources.values())
    for entry in [*licenses.values(), *sources.values()]:
        entry["share"] = (entry["tokens"] if "tokens" in entry else entry["train"]) / total if total else None
    for entry in licenses.values():
        entry["tokens"] = round(entry["tokens"])
    return {"sources": sources, "licenses": dict(sorted(licenses.items())), "total": total}


def _license_shares(source: Mapping[str, Any]) -> dict[str, float]:
    """License -> share of the source's characters (of its bytes where characters were not counted)."""
    given = source.get("licenses") or {"unknown": {}}
    if len(given) == 1:
        return dict.fromkeys(given, 1.0)
    for measure in ("characters", "bytes"):
        whole = sum(_whole(one.get(measure)) or 0 for one in given.values())
        if whole:
            return {license: (_whole(one.get(measure)) or 0) / whole for license, one in given.items()}
    return dict.fromkeys(given, 1 / len(given))


def _streams(artifact: Artifact) -> dict[str, dict[str, Any]]:
    given = artifact.metrics.get("streams") if stage(artifact) == "pack" else None
    return {str(n): one for n, one in given.items() if isinstance(one, dict)} if isinstance(given, dict) else {}


def _reasons(artifact: Artifact) -> dict[str, int]:
    """A crawl's reasons, summed over its sources."""
    total: Counter[str] = Counter()
    for given in _sources(artifact).values():
        total.update({str(k): n for k, v in (given.get("reasons") or {}).items() if (n := _whole(v)) is not None})
    return dict(total)


def _crawled(artifact: Artifact) -> dict[str, Any]:
    return {
        name: {
            "kind": str(given.get("kind", "")),
            "lang": str(given.get("lang", "")),
            "license": str(given.get("license", "unknown")),
            "records": _whole(given.get("records")),
            "bytes": _whole(given.get("bytes")),
        }
        for name, given in sorted(_sources(artifact).items())
    }


def _is_mixture(artifact: Artifact) -> bool:
    """A mix, or a user's own documents, which count their sources by split."""
    return any(isinstance(given.get(split), dict) for given in _sources(artifact).values() for split in SPLITS)


def _sources(artifact: Artifact) -> dict[str, dict[str, Any]]:
    given = artifact.metrics.get("sources")
    return {str(n): one for n, one in given.items() if isinstance(one, dict)} if isinstance(given, dict) else {}


def _sizes(given: Mapping[str, Any]) -> dict[str, int]:
    return {key: _whole(given.get(key)) or 0 for key in ("documents", "bytes", "characters")}


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
