"""The report in plain words: every sentence is computed from the collected figures, and says how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.lineage import chain

LANGUAGES = {"ko": "Korean", "en": "English", "ja": "Japanese", "zh": "Chinese", "code": "code"}
SHOWN = 0.0005  # bits per byte: less than that is no difference in the three decimals shown


def language(code: str) -> str:
    return LANGUAGES.get(code, code)


def signed(value: float, digits: int = 1) -> str:
    """A share as a signed percentage, with a true minus sign."""
    return f"{value * 100:+.{digits}f}%".replace("-", "−")


def korean_first(lang: str) -> tuple[bool, str]:
    """A sort key for language codes."""
    return lang != "ko", lang


def sentences(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """`[{"about", "text"}]`; about: gained, lost, unclear, kept, broken, bought, not_bought, task, warning, plain."""
    main = data["main"]
    if main is None:
        return [_say("plain", "No model was evaluated; the report shows the data and the nodes that are here.")]
    found: list[dict[str, str]] = []
    pretrained = data["gate"]["node"]
    if pretrained != main and pretrained in data["comparisons"]:
        found += _gained_and_lost(data, pretrained)
    if main in data["comparisons"]:
        found += _gained_and_lost(data, main)
    elif main in data["models"]:
        found += _alone(data, main)
    found += _gate(data)
    found += _extension(data)
    found += _tasks(data, main)
    return found


def _say(about: str, text: str) -> dict[str, str]:
    return {"about": about, "text": text}


def _target(data: Mapping[str, Any], main: str) -> str:
    """The language that training was for; Korean where nothing says so."""
    return next((str(run["lang"]) for run in _trained(data, main) if run["lang"]), "ko")


def _trained(data: Mapping[str, Any], main: str) -> list[Mapping[str, Any]]:
    """The training runs that the model comes from, the newest first."""
    return [data["training"][name] for name in chain(data["lineage"]["nodes"], main) if name in data["training"]]


def _gained_and_lost(data: Mapping[str, Any], main: str) -> list[dict[str, str]]:
    found, target = [], _target(data, main)
    cost = "the training" if _trained(data, main) else "the new start"
    by_lang = data["comparisons"][main]["bpb"]
    for lang in sorted(by_lang, key=lambda lang: (lang != target, lang)):
        one = by_lang[lang]
        text = (
            f"Held-out {language(lang)}: {main} needs {one['second']:.3f} bits per byte where {data['against']} needs "
            f"{one['first']:.3f}"
        )
        if one["relative"] is not None:
            text += f" ({signed(one['relative'])}"
            if one["relative_low"] is not None:
                text += f", 95% interval {signed(one['relative_low'])} to {signed(one['relative_high'])}"
            text += f", {one['items']:,} documents)"
        certain = one["low"] is not None and (one["high"] < 0 or one["low"] > 0)
        better = one["difference"] < 0
        if not certain:
            text += "; so few documents cannot tell that from no change." if one["difference"] else "; nothing changed."
        elif lang == target:
            text += (
                ": it predicts this language better than before."
                if better
                else ": it got worse at what it was trained for."
            )
        else:
            text += ": it lost nothing here." if better else f": this is what {cost} cost."
        if one["smoke"]:
            text += " On so small a sample this is a smoke test."
        found.append(_say(("gained" if better else "lost") if certain else "unclear", text))
    return found


def _alone(data: Mapping[str, Any], main: str) -> list[dict[str, str]]:
    """A model without one to compare it with."""
    found = []
    for lang, one in data["models"][main]["bpb"].items():
        text = f"Held-out {language(lang)}: {main} needs {one['value']:.3f} bits per byte"
        if one.get("low") is not None:
            text += f" (95% interval {one['low']:.3f} to {one['high']:.3f})"
        text += "; lower is better." + (" On so small a sample this is a smoke test." if one["smoke"] else "")
        found.append(_say("plain", text))
    if data["against"] != main:
        found.append(
            _say("plain", f"There is no evaluation of {data['against']} on the same terms to compare it with.")
        )
    return found


def _gate(data: Mapping[str, Any]) -> list[dict[str, str]]:
    gate = data["gate"]
    if gate["metric"] is None:
        return []
    limit = f"{language(gate['lang'])} bits per byte may rise by at most {gate['limit'] * 100:.1f}%"
    if gate["passed"] is None:
        text = f"{gate['node']} and {gate['against']} were not both evaluated on held-out {language(gate['lang'])}"
        return [_say("warning", f"The gate ({limit}) could not be judged: {text}.")]
    verdict = "is kept" if gate["passed"] else "is broken"
    text = f"The gate that was set before training ({limit}) {verdict}: {signed(gate['value'])}."
    if gate["low"] is not None and gate["low"] <= gate["limit"] <= gate["high"]:
        text += " The interval reaches over the limit, so another sample could turn the verdict."
    return [_say("kept" if gate["passed"] else "broken", text)]


def _extension(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """What new pieces buy (fewer tokens), and what they do not buy by themselves (better predictions)."""
    found: list[dict[str, str]] = []
    for name, extension in data["extensions"].items():
        fertility = extension.get("fertility") or {}
        for lang, after in sorted((fertility.get("after") or {}).items()):
            before = (fertility.get("before") or {}).get(lang)
            if not before or not after.get("tokens_per_character"):
                continue
            times = before["tokens_per_character"] / after["tokens_per_character"]
            if times >= 1.05:
                found.append(_say("bought", (
                    f"{name} writes held-out {language(lang)} in {after['tokens_per_character']:.2f} tokens per "
                    f"character instead of {before['tokens_per_character']:.2f}: {times:.1f} times fewer tokens to "
                    "read, to generate and to fit into a context."
                )))  # fmt: skip
        found += _start(data, name)
    for arm in data["arms"]:
        found += _arm(arm, _target(data, arm["extended"]))
    if data["extensions"] and not data["arms"] and data["training"]:
        found.append(_say("not_bought", _no_arm(data)))
    return found


def _no_arm(data: Mapping[str, Any]) -> str:
    """What is missing before one can say whether extension makes a better model."""
    said = "This run does not say whether extension makes a better model: for that, "
    nodes = data["lineage"]["nodes"]
    plain = [name for name in data["training"] if all(model not in data["extensions"] for model in chain(nodes, name))]
    if plain:
        return f"{said}{plain[0]} and an extended model of the same budget must be evaluated on the same terms."
    return (
        f"{said}train the base with the same budget and without new pieces, as the variant "
        "“dapt@plain: {model: base}”; the report then compares both."
    )


def _start(data: Mapping[str, Any], name: str) -> list[dict[str, str]]:
    found = []
    for lang, one in data["comparisons"].get(name, {}).get("bpb", {}).items():
        if one["low"] is not None and one["low"] > 0 and one["difference"] >= SHOWN:
            found.append(_say("not_bought", (
                f"Before any training {name} is worse at {language(lang)} than {data['against']}: {one['second']:.3f} "
                f"bits per byte against {one['first']:.3f}. New pieces start without knowledge of their own, and "
                "training has to make up for it first."
            )))  # fmt: skip
    return found


def _arm(arm: Mapping[str, Any], target: str) -> list[dict[str, str]]:
    found = []
    for lang in sorted(arm["bpb"], key=lambda lang: (lang != target, lang)):
        one = arm["bpb"][lang]
        head = (
            f"With the same budget of {arm['budget']:,} tokens, the extended {arm['extended']} reaches "
            f"{one['second']:.3f} bits per byte on {language(lang)}, the unextended {arm['plain']} {one['first']:.3f}"
        )
        better = one["difference"] < 0
        if one["low"] is None or one["low"] <= 0 <= one["high"]:
            found.append(_say("not_bought", f"{head}: a difference that this sample cannot tell from none."))
        elif lang != target:
            found.append(_say("bought" if better else "not_bought", f"{head}: it kept {'more' if better else 'less'}."))
        elif better:
            found.append(_say("bought", f"{head}: here extension predicts better, too."))
        else:
            found.append(_say("not_bought", f"{head}: here extension bought fewer tokens, and no better predictions."))
    return found


def _tasks(data: Mapping[str, Any], main: str) -> list[dict[str, str]]:
    found = []
    for task, one in data["comparisons"].get(main, {}).get("tasks", {}).items():
        text = (
            f"{task}: {main} answers {one['second'] * 100:.1f}% of {one['items']:,} items rightly, {data['against']} "
            f"{one['first'] * 100:.1f}%"
        )
        if one["difference"] == 0:
            text += ": no difference."
        else:
            text += "." if one["p"] < 0.05 else f": a difference that may be chance (p = {one['p']:.2f})."
        if one["smallest_difference"] is None:
            text += " Too few items are answered otherwise to show any difference."
        else:
            text += f" Differences under {one['smallest_difference'] * 100:.0f} points are out of these items' reach."
        if one["smoke"]:
            text += " A smoke test, not a benchmark."
        found.append(_say("task", text))
    for key, model in data["models"].items():
        for task, one in model["tasks"].items():
            if (one.get("collapse") or {}).get("collapsed"):
                found.append(_say("warning", (
                    f"{key} gives one and the same answer to {one['collapse']['share'] * 100:.0f}% of {task}: its "
                    "score there says nothing of what it knows."
                )))  # fmt: skip
    return found
