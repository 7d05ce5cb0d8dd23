"""The model card: what the report's main model is, whose work went into it, and what may be done with it.

Its front matter follows the Hub's model card fields (Mitchell et al. 2019 for the idea of the card).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from corpus.licenses import allowed_use
from eval.lineage import ancestors, chain
from eval.summary import language
from pipeline.artifact import Artifact


def card(data: Mapping[str, Any], nodes: Mapping[str, Artifact]) -> dict[str, Any]:
    """What the card's template is given beside the report's own data, for the model `data["main"]`."""
    main = data["main"]
    found = data["lineage"]["nodes"]
    models = chain(found, main) if main in found else ([] if main is None else [main])
    base = models[-1] if models else None
    origin = ancestors(found, main) if main is not None else set()
    rows = _licenses(data, nodes, base, models, origin)
    licenses = [row["license"] for row in rows]
    languages = sorted({one["lang"] for name in data["corpus"].get("mixtures", {}) if name in origin
                        for one in data["corpus"]["mixtures"][name]["sources"].values() if one["lang"]},
                       key=lambda lang: (lang != "ko", lang))  # fmt: skip
    return {
        "model": main,
        "way": models[::-1],
        "base": _origin(nodes[base]) if base is not None and base in nodes else None,
        "languages": languages or sorted(data["models"].get(main, {}).get("bpb", {})) if main else [],
        "language_names": [language(lang) for lang in languages],
        "licenses": rows,
        "license": licenses[0] if len(set(licenses)) == 1 and licenses[0] != "unknown" else None,
        "allowed_use": allowed_use(licenses) if licenses else None,
        "mixtures": {name: one for name, one in data["corpus"].get("mixtures", {}).items() if name in origin},
        "training": {name: data["training"][name] for name in models[::-1] if name in data["training"]},
        "scores": data["models"].get(main),
        "comparison": data["comparisons"].get(main),
        "gate": next((data["gates"][name] for name in models if name in data["gates"]), None),
    }


def _licenses(
    data: Mapping[str, Any],
    nodes: Mapping[str, Artifact],
    base: str | None,
    models: list[str],
    origin: set[str],
) -> list[dict[str, Any]]:
    """One row per thing that went in: the base's weights, each source of text, each set of chat data."""
    rows: list[dict[str, Any]] = []
    if base is not None and base in nodes:
        section, metrics = nodes[base].section, nodes[base].metrics
        license = str(section.get("license") or metrics.get("license") or "unknown")
        rows.append({"what": f"base model ({base})", "license": license, "share": None})
    for name in sorted(origin & data["corpus"].get("mixtures", {}).keys()):
        for source, one in data["corpus"]["mixtures"][name]["sources"].items():
            what = f"text: {source} ({language(one['lang'])})"
            rows.append({"what": what, "license": one["license"], "share": one["share"]})
    for name in models:
        for chat, one in (data["training"].get(name, {}).get("chat") or {}).items():
            if one["license"] is not None:  # pairs made from the mixture's pages fall under their licenses
                rows.append({"what": f"chat: {chat}", "license": one["license"], "share": None})
    return rows


def _origin(artifact: Artifact) -> str:
    """The Hub id a base came from, or the beginning of its content's hash; never a path."""
    given = artifact.section.get("source") or artifact.section.get("use")
    if isinstance(given, Mapping) and given.get("hub"):
        return f"{given['hub']}@{str(given.get('commit', ''))[:12]}"
    if isinstance(given, Mapping) and given.get("sha256"):
        return f"local weights, sha256 {str(given['sha256'])[:12]}"
    return f"fingerprint {artifact.fingerprint[:12]}"
