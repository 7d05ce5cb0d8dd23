"""What the templates of the report are given: plots, rows and labels made from the collected data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval import compare, tokenizing
from eval.pairs import FEW_DOCUMENTS
from eval.plots import Bar, bar_chart, graph, line_chart
from eval.summary import korean_first, language
from eval.writing import NONE, count, flops, number, percent

LOSS_NOTE = "Faint: as measured; bold: moving mean. Not comparable between tokenizers."
EDGE_NOTE = "Edges that a longer way implies are left out."
WORDS = {
    "gained": "Gained", "lost": "Lost", "unclear": "Unclear", "kept": "Gate kept", "broken": "Gate broken",
    "bought": "Bought", "not_bought": "Not bought", "task": "Tasks",
    "warning": "Caution", "plain": "Measured",
}  # fmt: skip


def view(data: Mapping[str, Any], title: str, summary: list[dict[str, str]]) -> dict[str, Any]:
    """The collected data and everything that the templates show made from it."""
    spent = _spent(data["fertility"])
    plots = {
        "bpb": _bpb_bars(data),
        "fertility": _fertility_bars(spent, data["against"]),
        "training": {name: _curves(name, run) for name, run in data["training"].items()},
        "lineage": _graph(data["lineage"]),
        "arms": [plot for arm in data["arms"] for plot in _arm_curves(arm)],
    }
    held = {
        "summary": True, "models": data["order"], "gate": data["gates"], "training": data["training"],
        "tokenizer": data["fertility"] or data["frontiers"] or data["token_audits"], "corpus": data["corpus"],
        "lineage": True, "method": True,
    }  # fmt: skip
    names = {"method": "Method", "models": "Models", "gate": "Gate"}
    return {
        **data,
        "title": title,
        "summary": summary,
        "words": WORDS,
        "plots": plots,
        "sections": [(ident, names.get(ident, ident.capitalize())) for ident, here in held.items() if here],
        "labels": _labels(data),
        "spent": spent,
        "sources": _source_rows(data),
        "tasks": _task_rows(data),
        "evens": [even_words(arm) for arm in data["arms"] if arm["break_even"] is not None],
        "facts": {name: _run_facts(run) for name, run in data["training"].items()},
        **tokenizing.shown(data),
        "use": use_lines(data["corpus"]["licenses"]["allowed_use"]) if data["corpus"] else [],
        "packs_heads": _token_heads(data["corpus"]),
        "estimated": any(
            one["estimated"] for pack in data["corpus"].get("tokens", {}).values() for one in pack["licenses"].values()
        ),
        "method": [*METHOD, *_protocols(data)],
    }


def _token_heads(corpus: Mapping[str, Any]) -> list[str]:
    """A column of token shares for each pack; its name where there are several."""
    packs = list(corpus.get("tokens", {}))
    return [f"Share of tokens, {name}" if len(packs) > 1 else "Share of tokens" for name in packs]


def use_lines(use: Mapping[str, Any]) -> list[str]:
    """What licenses allow, in words."""
    lines = [
        f"passing the text on: {use.get('pass_on', 'unknown')}", f"commercial use: {use['commercial']}",
        f"changed versions: {use['changes']}",
    ]  # fmt: skip
    for key, words in (
        ("no_passing_on", "not to be passed on, because of"), ("no_commercial", "no commercial use, because of"),
        ("no_changes", "no changed versions, because of"),
        ("share_alike", "the same license for what is made of it, because of"),
        ("attribution", "authors to be named, because of"), ("unknown", "terms not known of"),
    ):  # fmt: skip
        if use.get(key):
            lines.append(f"{words}: {', '.join(use[key])}")
    return [*lines, *(f"{name}: {limits}" for name, limits in (use.get("limits") or {}).items())]


def _bpb_bars(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    languages = sorted({lang for model in data["models"].values() for lang in model["bpb"]}, key=korean_first)
    found: list[dict[str, Any]] = []
    for lang in languages:
        given = [(key, data["models"][key]["bpb"].get(lang)) for key in data["order"]]
        bars = [Bar(key, one["value"], one.get("low"), one.get("high")) for key, one in given if one]
        title = f"{language(lang)}: bits per byte, held out"
        found.append({"title": title, "svg": bar_chart(f"bpb-{len(found)}", title, bars, 3, reference=data["against"])})
    return [{**plot, "note": ""} for plot in found if plot["svg"]]


def _spent(fertility: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for all models with one tokenizer: those for which the same figures stand."""
    rows: list[dict[str, Any]] = []
    for lang in sorted({lang for one in fertility.values() for lang in one}, key=korean_first):
        groups: list[tuple[Mapping[str, Any], list[str]]] = []
        for name, by_lang in fertility.items():
            if "tokens_per_character" not in by_lang.get(lang, {}):
                continue
            same = next((names for found, names in groups if found == by_lang[lang]), None)
            if same is None:
                groups.append((by_lang[lang], [name]))
            else:
                same.append(name)
        empty = {"tokens_per_eojeol": None, "documents": None, "characters": None}
        rows.extend({**empty, **found, "lang": lang, "names": names} for found, names in groups)
    return rows


def _fertility_bars(rows: list[dict[str, Any]], against: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for lang in dict.fromkeys(row["lang"] for row in rows):
        own = [row for row in rows if row["lang"] == lang]
        bars = [Bar(", ".join(row["names"]), row["tokens_per_character"]) for row in own]
        reference = next((", ".join(row["names"]) for row in own if against in row["names"]), None)
        title = f"{language(lang)}: tokens per character"
        found.append({"title": title, "svg": bar_chart(f"fertility-{len(found)}", title, bars, 3, reference=reference)})
    return [{**plot, "note": ""} for plot in found if plot["svg"]]


def _curves(name: str, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    titles = {
        "loss": (
            "Loss in training",
            "nats per token",
            "Faint: as measured; bold: moving mean. Not comparable between tokenizers.",
        ),
        "bpb": ("Bits per byte at checkpoints", "bits per byte", _probe_note(run["probe"])),
    }
    marks = [(turn["step"], f"phase: {turn['phase']}".replace("_", " ")) for turn in run["turns"]]
    found = []
    for kind, (title, unit, note) in titles.items():
        if kind not in run["curves"]:
            continue
        listed = sorted(run["curves"][kind].items(), key=lambda pair: korean_first(pair[0]))
        curves = {_curve_name(key): points for key, points in listed}
        svg = line_chart(f"{kind}-{name}", f"{title}: {name}", curves, "optimizer steps", unit, marks)
        found.append({"title": title, "svg": svg, "note": note})
    return [plot for plot in found if plot["svg"]]


def _arm_curves(arm: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bits per byte of an extended and an unextended arm by the operations trained, and from where on one is ahead."""
    even = arm["break_even"]
    if even is None:
        return []
    scale = 1e12
    curves = {
        arm[kind]: [(x / scale, y) for x, y in points] for kind, points in sorted(even["curves"].items(), reverse=True)
    }
    title = f"{language(even['lang'])} by training compute"
    marks = [(even["flops"] / scale, "ahead from here")] if even["flops"] else []
    ident = f"arms-{arm['extended']}-{arm['plain']}"
    svg = line_chart(ident, title, curves, "TFLOP of training", "bits per byte", marks)
    return [{"title": title, "svg": svg, "note": even_words(arm)}] if svg else []


def even_words(arm: Mapping[str, Any]) -> str:
    """From how much training on the extended arm is ahead, and what both cost in the other languages there."""
    even = arm["break_even"]
    lang = even["lang"]
    beside = "; ".join(
        f"{language(one)} there {number(both['extended'])} and {number(both['plain'])}"
        for one, both in sorted(even["there"].items())
        if one != lang
    )
    here = even["there"][lang]
    if even["flops"] is None:
        said = (
            f"{arm['extended']} is not ahead in {language(lang)} within the {flops(even['up_to'])} compared: "
            f"{number(here['extended'])} bits per byte against {number(here['plain'])}"
        )
    elif even["flops"] == 0:
        said = f"{arm['extended']} is ahead in {language(lang)} from the start to the {flops(even['up_to'])} compared"
    else:
        said = (
            f"{arm['extended']} is ahead in {language(lang)} from {flops(even['flops'])} of training on, of "
            f"{flops(even['up_to'])} compared, at {number(here['extended'])} bits per byte"
        )
    return f"{said}{'; ' if beside else ''}{beside}. By the probes of {even['probes']} checkpoints."


def _probe_note(probe: Mapping[str, Any] | None) -> str:
    """What the curve at checkpoints was measured on."""
    given = (probe or {}).get("documents") or {}
    texts = ", ".join(f"{count(number)} {language(lang)}" for lang, number in sorted(given.items()))
    return f"A probe on the openings of held-out documents ({texts}), not the evaluation above." if texts else ""


def _curve_name(key: str) -> str:
    return "all text" if key == "all" else language(key)


def _graph(lineage: Mapping[str, Any]) -> dict[str, Any]:
    nodes = lineage["nodes"]
    parents = {
        name: list(dict.fromkeys(given["node"] for given in nodes[name]["inputs"].values() if given["node"]))
        for name in lineage["order"]
    }
    notes = {name: f"v{one['version']} · {one['fingerprint'][:8]}" for name, one in nodes.items()}
    svg = graph("nodes", "Nodes of this run", parents, notes)
    return {
        "title": "Nodes, stage version and fingerprint",
        "svg": svg,
        "note": "Edges that a longer way implies are left out.",
    }


def _labels(data: Mapping[str, Any]) -> list[dict[str, str]]:
    found = []
    small = [
        f"{name} of {key}" for key, model in data["models"].items()
        for group in ("bpb", "tasks") for name, one in model[group].items() if one["smoke"]
    ]  # fmt: skip
    if small:
        found.append({
            "kind": "smoke", "word": "smoke test",
            "text": f"Scores with this label rest on fewer than {compare.SMOKE} items or {FEW_DOCUMENTS} documents. "
                    "They show that the machinery runs, not how good a model is.",
        })  # fmt: skip
    made = sorted({row["task"] for row in _task_rows(data) if row["made"]})
    if made:
        text = f"Made from this run's own held-out pages by a rule, not written by people: {', '.join(made)}."
        found.append({"kind": "made", "word": "made", "text": text})
    chats = sorted(
        {name for run in data["training"].values() for name, chat in (run["chat"] or {}).items() if chat["made"]}
    )
    if chats:
        text = f"Chat data made from this run's own train pages by a rule, not written by people: {', '.join(chats)}."
        found.append({"kind": "made", "word": "made", "text": text})
    return found


def _source_rows(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [
        {"source": source, "model": key, "documents": None, "bytes": None, **one}
        for key in data["order"] for source, one in data["models"][key]["sources"].items() if "value" in one
    ]  # fmt: skip
    place = {key: number for number, key in enumerate(data["order"])}
    return sorted(rows, key=lambda row: (row["source"], place[row["model"]]))


def _task_rows(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    choices = {task: one.get("choices") for tasks in data["benchmarks"].values() for task, one in tasks.items()}
    rows = []
    for key in data["order"]:
        for task, one in data["models"][key]["tasks"].items():
            rows.append({
                "lang": None, "made": False, "smallest_difference": None, "clean": None, "dirty": None, **one,
                "task": task, "model": key,
                "chance": one.get("chance") or (1 / choices[task] if choices.get(task) else None),
                "collapsed": bool((one["collapse"] or {}).get("collapsed")),
                "less": data["comparisons"].get(key, {}).get("tasks", {}).get(task),
            })  # fmt: skip
    place = {key: number for number, key in enumerate(data["order"])}
    return sorted(rows, key=lambda row: (row["task"], place[row["model"]]))


def _run_facts(run: Mapping[str, Any]) -> list[dict[str, str]]:
    facts = []
    if run["steps"] is not None:
        facts.append(("optimizer steps", count(run["steps"])))
    for key in ("conversations", "answer_tokens"):
        if run[key] is not None:
            facts.append((key.replace("_", " "), count(run[key])))
    tokens = run["tokens"]
    if isinstance(tokens, Mapping):
        total = sum(value for value in tokens.values() if isinstance(value, (int, float)))
        for lang, value in sorted(tokens.items(), key=lambda pair: korean_first(pair[0])):
            facts.append((f"{language(lang)} tokens", f"{count(value)} ({percent(value / total) if total else NONE})"))
    elif tokens is not None:
        facts.append(("tokens", count(tokens)))
    for key, value in run["settings"].items():
        facts.append((key.replace("_", " "), value if isinstance(value, str) else f"{value:,}"))
    for phase in run["phases"] or []:
        facts.append((f"phase {phase['train']}".replace("_", " "), percent(phase["share"])))
    if run["lora"]:
        facts.append(("LoRA", f"rank {run['lora'].get('rank')}, alpha {run['lora'].get('alpha')}"))
    for lang, one in sorted((run["ledger"] or {}).items(), key=lambda pair: korean_first(pair[0])):
        value = f"{number(one.get('start'))} → {number(one.get('end'))}, at most {number(one.get('highest'))}"
        facts.append((f"{language(lang)} bits per byte, probe", value))
    facts += _row_facts(run["rows"] or {})
    return [{"name": name, "value": str(value)} for name, value in facts]


def _row_facts(rows: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How many embedding rows moved: the old ones, and new ones that no batch held."""
    facts = []
    if "old_rows_changed" in rows:
        facts.append(("old rows that moved", f"{count(rows['old_rows_changed'])} of {count(rows['old_rows'])}"))
    if rows.get("new_rows"):
        facts.append(("new rows that moved", f"{count(rows['new_rows_changed'])} of {count(rows['new_rows'])}"))
        unseen = f"{count(rows['unseen_rows_changed'])} of {count(rows['new_rows_unseen'])}"
        facts.append(("new rows that moved unseen", unseen))
    return facts


def _protocols(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The terms of the evaluations, once for all models that share them."""
    said: dict[str, list[str]] = {}
    for key in data["order"]:
        given = data["models"][key]["protocol"]
        text = "; ".join(f"{name} {value}" for name, value in sorted(given.items()))
        if text:
            said.setdefault(text, []).append(key)
    return [{"name": f"Terms of {', '.join(keys)}", "text": f"{text}."} for text, keys in said.items()]


METHOD = [
    {"name": "Bits per byte", "text": (
        "The sum of the negative log-likelihoods of a document's tokens, divided by ln 2 and by the UTF-8 bytes of its "
        "original text. Documents are scored one by one, opened by the model's own start token, in windows of the "
        "length given below; each token is scored once."
    )},
    {"name": "Intervals", "text": (
        f"{compare.CONFIDENCE * 100:.0f}%. For bits per byte a bootstrap that draws whole documents "
        f"({compare.RESAMPLES:,} draws), since the tokens of one document hang together; for shares Wilson's interval."
    )},
    {"name": "Comparisons", "text": (
        "Two models are compared on the same documents and items only, pair by pair: a paired bootstrap for bits per "
        "byte, McNemar's exact test for multiple choice. Evaluations with other settings or texts are not compared."
    )},
    {"name": "Smallest difference", "text": (
        f"The smallest true difference that a sample of this size and spread shows with a probability of "
        f"{compare.POWER * 100:.0f}%. A smaller measured one may be chance, and its absence proves nothing."
    )},
    {"name": "Smoke test", "text": (
        f"Fewer than {compare.SMOKE} items, or fewer than {FEW_DOCUMENTS} documents."
    )},
    {"name": "Gate", "text": (
        "The relative rise of a language's bits per byte over the model compared with, on the same held-out documents."
    )},
    {"name": "Tokens per character", "text": (
        "Tokens divided by the code points of the NFC text, spaces included; an eojeol is what white space separates."
    )},
    {"name": "Held-out text", "text": (
        "Documents that were set aside per source before training; none of them was trained on."
    )},
]  # fmt: skip
