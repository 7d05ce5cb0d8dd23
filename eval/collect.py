"""Every node's artifact read into the one structure behind the report; parts that are not there are left empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval import compare
from eval.breakeven import break_even, curves
from eval.config import MODELS
from eval.curves import training
from eval.funnel import corpus
from eval.gates import gates, no_gate
from eval.lineage import EVALUATION, ancestors, chain, lineage, stage
from eval.pairs import FEW_DOCUMENTS, Scored, pair, scored
from pipeline.artifact import Artifact

TRAINED = ("dapt", "tapt", "sft")


def collect(nodes: Mapping[str, Artifact], against: str) -> dict[str, Any]:
    """The report as data: the keys of the contract, and what the pages show beside them.

    `models`, `comparisons`, `fertility`, `training` are keyed by model node; a second evaluation of a model on other
    terms is keyed `model (evaluation node)`. `order` lists the models as the pages show them: `against` first.
    """
    found = lineage(nodes)
    evaluations = _evaluations(nodes, found["order"])
    order = _order(evaluations, found, against)
    comparisons = _comparisons(evaluations, against)
    trained = [
        name
        for name in sorted(found["order"], key=lambda name: _rank(found, name))
        if stage(nodes[name]) in TRAINED and not found["nodes"][name]["leaf"]
    ]
    measured = gates(nodes, trained, comparisons, against)
    return {
        "against": against,
        "order": order,
        "main": _main(order, found["nodes"], trained),
        "models": {key: _model(evaluations[key]) for key in order},
        "comparisons": comparisons,
        "arms": _arms(nodes, found["nodes"], evaluations, trained),
        "fertility": _fertility(nodes, evaluations, found["order"], found["nodes"]),
        "extensions": {
            name: _extension(nodes[name])
            for name in found["order"]
            if stage(nodes[name]) == "extend" and not found["nodes"][name]["leaf"]
        },
        "frontiers": {name: nodes[name].metrics for name in found["order"] if stage(nodes[name]) == "frontier"},
        "token_audits": _token_audits(nodes, found),
        "gate": _last(measured, found["nodes"]),
        "gates": measured,
        "benchmarks": {
            name: nodes[name].metrics.get("tasks", {})
            for name in found["order"]
            if stage(nodes[name]) in ("benchmarks", "cloze")
        },
        "training": {
            name: training(name, nodes[name], found["nodes"][name]["inputs"].get("model", {}).get("node"))
            for name in trained
        },
        "corpus": corpus(nodes, found["order"]),
        "lineage": found,
    }


def _evaluations(nodes: Mapping[str, Artifact], order: list[str]) -> dict[str, Scored]:
    """Report key -> evaluation; the plainest evaluation of a model has the model's own name."""
    found: dict[str, Scored] = {}
    for name in sorted((n for n in order if stage(nodes[n]) == EVALUATION), key=lambda n: (n.count("@"), n)):
        one = scored(nodes, name)
        key = one.model if one.model not in found else f"{one.model} ({name})"
        found[key] = one
    return found


def _order(evaluations: Mapping[str, Scored], found: Mapping[str, Any], against: str) -> list[str]:
    """`against` first, then by stage, variants after the plain one; a model's further evaluations follow its first."""

    def turn(key: str) -> tuple[Any, ...]:
        model = evaluations[key].model
        return model != against, _rank(found, model), model, key != model, key

    return sorted(evaluations, key=turn)


def _rank(found: Mapping[str, Any], name: str) -> tuple[int, bool, int]:
    """Where a model stands: its stage on the way, variants after the plain one, then its place in the lineage."""
    stage_name = name.partition("@")[0]
    place = found["order"].index(name) if name in found["order"] else len(found["order"])
    return MODELS.index(stage_name) if stage_name in MODELS else len(MODELS), "@" in name, place


def _main(order: list[str], found: Mapping[str, Any], trained: list[str]) -> str | None:
    """The model the report is about: the plain one with the longest chain of training; else the last one evaluated."""
    names = [name for name in order if name in trained] or [name for name in trained if not order] or order
    deepest = max((len(chain(found, name)) for name in names), default=0)
    return next((name for name in sorted(names, key=lambda n: "@" in n) if len(chain(found, name)) == deepest), None)


def _model(one: Scored) -> dict[str, Any]:
    metrics = one.metrics
    tasks = {}
    for task, given in sorted(metrics.get("tasks", {}).items()):
        lines = one.items.get(task, [])
        tasks[task] = {
            **given,
            "smoke": given.get("items", 0) < compare.SMOKE,
            "collapse": given.get("collapse") or (_collapse(lines) if lines else None),
        }
    return {
        "evaluation": one.node,
        "protocol": {key: value for key, value in metrics.get("protocol", {}).items() if key != "vocabulary"},
        "bpb": {
            lang: {**given, "smoke": given.get("documents", 0) < FEW_DOCUMENTS}
            for lang, given in sorted(metrics.get("bpb", {}).items())
        },
        "sources": metrics.get("sources", {}),
        "tasks": tasks,
    }


def _collapse(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return compare.collapse([line["prediction"] for line in lines], [line["gold"] for line in lines])


def _comparisons(evaluations: Mapping[str, Scored], against: str) -> dict[str, dict[str, Any]]:
    """Each model less `against`, item by item, where both were evaluated on the same terms."""
    references = {one.terms: one for one in evaluations.values() if one.model == against}
    return {
        key: {"against": against, **pair(references[one.terms], one)}
        for key, one in evaluations.items()
        if one.model != against and one.terms in references
    }


def _arms(
    nodes: Mapping[str, Artifact],
    found: Mapping[str, Any],
    evaluations: Mapping[str, Scored],
    trained: list[str],
) -> list[dict[str, Any]]:
    """Extended models beside unextended ones trained with the same budget by the same stage: what extension changed."""
    arms = []
    evaluated = [name for name in trained if name in evaluations]
    for extended in evaluated:
        for plain in evaluated:
            same = stage(nodes[extended]) == stage(nodes[plain]) and _budget(nodes[extended]) == _budget(nodes[plain])
            if not same or not _is_extended(found, extended) or _is_extended(found, plain):
                continue
            if evaluations[extended].terms == evaluations[plain].terms and _budget(nodes[extended]) is not None:
                result = pair(evaluations[plain], evaluations[extended])
                lang = str(nodes[extended].section.get("lang", "ko"))
                even = break_even(curves(nodes[extended]), curves(nodes[plain]), lang)
                names = {"extended": extended, "plain": plain, "budget": _budget(nodes[extended])}
                arms.append({**names, "break_even": even, **result})
    return sorted(arms, key=lambda arm: ("@" in arm["extended"], arm["extended"], arm["plain"]))


def _budget(artifact: Artifact) -> int | None:
    return artifact.section.get("budget")


def _is_extended(found: Mapping[str, Any], name: str) -> bool:
    return any(found.get(model, {}).get("stage") == "extend" for model in chain(found, name))


def _fertility(
    nodes: Mapping[str, Artifact],
    evaluations: Mapping[str, Scored],
    order: list[str],
    found: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Tokens per character by node and language.

    A model has the figures an extension measured for its tokenizer; without one, those of the documents evaluated.
    """
    measured: dict[str, dict[str, Any]] = {}
    for name in order:
        given = nodes[name].metrics.get("fertility") if stage(nodes[name]) == "extend" else None
        if given:
            measured[name] = given.get("after", {})
            before = found[name]["inputs"].get("model", {}).get("node")
            if before is not None and given.get("before"):
                measured.setdefault(before, given["before"])
    fertility = dict(measured)
    for key, one in evaluations.items():
        origin = next((model for model in chain(found, one.model) if model in measured), None)
        fertility[key] = measured[origin] if origin is not None else _spent(one.documents)
    names = sorted(fertility, key=lambda name: (_rank({"order": order}, name), name))
    return {name: fertility[name] for name in names if fertility[name]}


def _spent(documents: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = {}
    for lang, lines in sorted(documents.items()):
        total = {part: sum(line.get(part, 0) for line in lines) for part in ("tokens", "characters", "bytes")}
        if total["characters"]:
            rate = total["tokens"] / total["characters"]
            found[lang] = {**total, "documents": len(lines), "tokens_per_character": rate}
    return found


def _extension(artifact: Artifact) -> dict[str, Any]:
    return {key: value for key, value in artifact.metrics.items() if key != "embeddings"}


def _token_audits(nodes: Mapping[str, Artifact], found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Model node -> what a `tokens` node found of its pieces; by the audit's own name where the model is not here."""
    audits: dict[str, dict[str, Any]] = {}
    for name in found["order"]:
        if stage(nodes[name]) == "tokens":
            model = found["nodes"][name]["inputs"].get("of", {}).get("node") or name.partition("@")[2] or name
            audits[model if model not in audits else f"{model} ({name})"] = {"node": name, **nodes[name].metrics}
    return dict(sorted(audits.items(), key=lambda pair: (_rank(found, pair[0]), pair[0])))


def _last(measured: Mapping[str, dict[str, Any]], found: Mapping[str, Any]) -> dict[str, Any]:
    """The gate of the plain model at the end of the longest chain; nulls where there is none."""
    if not measured:
        return no_gate()
    plain = [name for name in measured if "@" not in name] or list(measured)
    return measured[max(plain, key=lambda name: (len(ancestors(found, name)), name))]
