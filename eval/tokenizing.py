"""What the report shows of tokenizers: the extension and its proof, the starts, the frontier, dead and rare pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.plots import Bar, bar_chart, size_chart
from eval.summary import korean_first, language
from eval.writing import count, number, percent

LINES = 4  # sources drawn beside the whole
PLACES = {
    "tokens_per_character": "Tokens per character", "tokens_per_eojeol": "per eojeol", "tokens_per_byte": "per byte",
}  # fmt: skip


def shown(data: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the tokenizer's section is given beside the collected data."""
    extensions = data["extensions"]
    return {
        "vocabulary": {name: vocabulary(one) for name, one in extensions.items()},
        "proofs": {name: proof(one.get("proof") or {}) for name, one in extensions.items()},
        "starts": {name: found for name, one in extensions.items() if (found := starts(name, one, data))},
        "frontiers": {name: frontier(name, one) for name, one in data["frontiers"].items() if one.get("rows")},
        "audited": [audited(name, one) for name, one in data["token_audits"].items()],
    }


def vocabulary(one: Mapping[str, Any]) -> list[dict[str, str]]:
    """Facts of an extension: rows before and after, and how new ones begin."""
    known = (("old_vocabulary", "rows before"), ("added", "pieces added"), ("new_vocabulary", "rows after"),
             ("padded_vocabulary", "padded to"), ("init", "new rows start as"), ("chosen", "start chosen"))  # fmt: skip
    return [{"name": name, "value": count(one[key]) if isinstance(one[key], int) else str(one[key])}
            for key, name in known if isinstance(one.get(key), (int, str))]  # fmt: skip


def proof(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of what an extension compared and how much of it differed; parts a proof does not have are left out."""
    rows: list[dict[str, Any]] = []
    for name, one in (given.get("unchanged") or {}).items():
        code, _, rest = name.partition(", ")
        of = f"ids of held-out {language(code)}" + (f", {rest}" if rest else "")
        rows.append({
            "what": "ids of built-in texts without Hangul" if name == "probes" else of,
            "compared": f"{count(one.get('texts'))} texts, {count(one.get('tokens'))} tokens",
            "differs": one.get("changed"),
            "note": f"{count(one['left_out'])} more have Hangul in every line" if one.get("left_out") else "",
        })  # fmt: skip
    if one := given.get("round_trip"):
        rows.append({
            "what": "texts that no longer decode to themselves", "compared": f"{count(one.get('texts'))} texts",
            "differs": max(0, (one.get("lost") or 0) - (one.get("lost_by_base") or 0)),
            "note": f"{count(one['lost_by_base'])} do not with the base either" if one.get("lost_by_base") else "",
        })  # fmt: skip
    if one := given.get("pieces"):
        notes = []
        if one.get("partial_bytes"):
            notes.append(f"{count(one['partial_bytes'])} of them are parts of characters")
        if one.get("left_out"):
            notes.append(f"{count(len(one['left_out']))} learned pieces could not be added")
        rows.append({"what": "added pieces that no text reaches", "compared": f"{count(one.get('added'))} pieces",
                     "differs": one.get("unreachable"), "note": "; ".join(notes)})  # fmt: skip
    if "old_ids_moved" in given:
        rows.append({"what": "old tokens that have another id", "compared": "the whole vocabulary",
                     "differs": given["old_ids_moved"]})  # fmt: skip
    if one := given.get("control"):
        by_base = one.get("forged_with_base") or 0
        rows.append({
            "what": "texts that forge a control token",
            "compared": f"{count(one.get('texts'))} spellings of {count(one.get('tokens'))} tokens",
            "differs": max(0, (one.get("forged") or 0) - by_base),
            "note": f"the base itself reads {count(by_base)} of them as one" if by_base else "",
        })  # fmt: skip
    for reader, one in (given.get("readers") or {}).items():
        compared = isinstance(one, Mapping)
        by_base = (one.get("different_with_the_base_too") or 0) if compared else 0
        note = f"{count(by_base)} more differ with the base's own files too" if by_base else ""
        rows.append({
            "what": f"ids as {reader} reads the files", "differs": one.get("different") if compared else None,
            "compared": f"{count(one.get('texts'))} texts" if compared else "not compared",
            "note": note if compared else str(one),
        })  # fmt: skip
    return [{"note": "", **row} for row in rows]


def starts(name: str, extension: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Bits per byte before any training of each way to begin new rows, the base beside it, and on how much text."""
    given = extension.get("starts")
    if not isinstance(given, Mapping) or not given:
        return {}
    methods = given.get("methods")
    listed = {"base": given.get("base"), **methods} if isinstance(methods, Mapping) else given
    rows: list[dict[str, Any]] = [
        {"method": str(method), "bpb": {str(lang): _value(one) for lang, one in (found.get("bpb") or {}).items()}}
        for method, found in listed.items()
        if isinstance(found, Mapping) and isinstance(found.get("bpb"), Mapping)
    ]
    languages = sorted({lang for row in rows for lang in row["bpb"]}, key=korean_first)
    main = languages[0] if languages else ""
    rows.sort(key=lambda row: (row["method"] != "base", row["bpb"].get(main) or float("inf"), row["method"]))
    base = next((row for row in rows if row["method"] == "base"), None)
    chosen = str(given.get("chosen") or extension.get("init"))
    for row in rows:
        row["chosen"] = row["method"] == chosen
        row["over"] = {
            lang: value / base["bpb"][lang] - 1
            for lang, value in row["bpb"].items()
            if base is not None and base is not row and value is not None and base["bpb"].get(lang)
        }
    plots = []
    for lang in languages[:1]:
        bars = [Bar(row["method"], row["bpb"][lang]) for row in rows if row["bpb"].get(lang) is not None]
        title = f"{language(lang)} before any training: bits per byte"
        ident = f"starts-{list(data['extensions']).index(name)}"
        plots.append({"title": title, "svg": bar_chart(ident, title, bars, 3, reference="base"), "note": ""})
    return {"rows": rows, "languages": languages, "plots": plots, "note": _starts_note(given)}


def _starts_note(given: Mapping[str, Any]) -> str:
    """What the starts were fitted and measured on, or why none was."""
    if given.get("why"):
        return f"Starts were not compared: {given['why']}."
    measured = given.get("documents")
    if not isinstance(measured, Mapping):
        return ""
    texts = ", ".join(
        f"{count(number)} {language(lang)}"
        for lang, number in sorted(measured.items(), key=lambda p: korean_first(p[0]))
    )
    fitted = (
        f"; rows that are fitted saw {count(given['fitted_on'])} tokens of others" if given.get("fitted_on") else ""
    )
    return f"Measured on train documents set apart ({texts}){fitted}. The held-out figures stand under Models."


def _value(one: Any) -> float | None:
    found = one.get("value") if isinstance(one, Mapping) else one
    return float(found) if isinstance(found, (int, float)) else None


def frontier(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """Plots, rows and the sentence on the knee of one frontier."""
    lang = str(one["lang"])
    rows = one["rows"]
    grown = [row for row in rows if row["pieces"] > 0]
    languages = sorted(rows[0]["languages"], key=korean_first)
    gains = {gain["to"]: gain for gain in one["gains"]}
    return {
        "lang": lang,
        "languages": [other for other in languages if other != lang],
        "rows": [
            {
                **row,
                "gain": gains.get(row["pieces"]),
                "knee": row["pieces"] == one["knee"]["pieces"] and not one["knee"]["open"],
            }
            for row in rows
        ],
        "knee": knee(one),
        "plots": _plots(name, one, grown, lang, languages),
        "sources": sorted(
            rows[0]["sources"], key=lambda source: (one["samples"]["sources"][source]["lang"] != lang, source)
        ),
        "pairs": list(rows[0]["premium"]),
        "samples": one["samples"],
        "places": PLACES,
        "untied": "untied" in rows[0]["parameters"],
        "tied": "tied" in rows[0]["parameters"],
    }


def _plots(
    name: str, one: Mapping[str, Any], grown: list[Any], lang: str, languages: list[str]
) -> list[dict[str, Any]]:
    base = one["rows"][0]["languages"][lang]["tokens_per_character"]["value"]
    mark = None if one["knee"]["open"] else (float(one["knee"]["pieces"]), "knee")
    own = [source for source, sample in one["samples"]["sources"].items() if sample["lang"] == lang]
    own.sort(key=lambda source: -one["samples"]["sources"][source]["characters"])
    curves = {language(lang): [_bar(row, row["languages"][lang]["tokens_per_character"]) for row in grown]}
    if len(own) > 1:
        curves |= {s: [_bar(row, row["sources"][s]["tokens_per_character"]) for row in grown] for s in own[:LINES]}
    left = len(own) - LINES
    more = f" {left} more {'source stands' if left == 1 else 'sources stand'} in the table." if left > 0 else ""
    speeds = {
        language(other): [Bar(str(row["pieces"]), row["languages"][other]["speed"]) for row in grown
                          if row["languages"][other]["speed"] is not None]
        for other in languages
    }  # fmt: skip
    premium = {
        pair: [_bar(row, row["premium"][pair]) for row in grown]
        for pair in list(one["rows"][0]["premium"])[: LINES + 1]
    }
    found = [
        ("Tokens per character", curves, f"The base, without new pieces: {number(base)}.{more}", "tokens"),
        ("Speed against the base, per character", speeds, "By FLOPs per character, as below; 1 is the base.",
         "times as fast"),
        ("Tokens for one English token, same content", premium,
         "Where a translation leaves parts out, the figure is too low.", "tokens"),
    ]  # fmt: skip
    plots = []
    for at, (title, lines, note, unit) in enumerate(found):
        svg = size_chart(f"frontier-{at}-{name}", f"{title}: {name}", lines, "pieces learned", unit, mark)
        plots.append({"title": title, "svg": svg, "note": note})
    return [plot for plot in plots if plot["svg"]]


def _bar(row: Mapping[str, Any], found: Mapping[str, Any]) -> Bar:
    return Bar(str(row["pieces"]), found["value"], found["low"], found["high"])


def knee(one: Mapping[str, Any]) -> str:
    """The rule, and what came of it."""
    found, words = one["knee"], language(one["lang"])
    rule = f"the smallest size whose next doubling buys less than {percent(found['rule'])} more {words} text per FLOP"
    if found["open"]:
        return f"No size measured is the knee ({rule}): every doubling buys more, so more pieces may pay."
    text = f"The knee is {count(found['pieces'])} pieces: {rule}. The next one buys {percent(found['next'])}"
    return f"{text}." if found["clear"] else f"{text}, which this sample cannot tell from the limit."


def audited(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """One model's row, and what stands behind it."""
    counts = one["counts"]
    reach = [
        {**row, "times": _times(row), "share": row["tokens"] / total if (total := _total(one)) else None}
        for row in one["reach"]
        if row["pieces"]
    ]
    held = one["heldout"]
    return {
        "name": name,
        "counts": counts,
        "rows": one["rows"],
        "rare": one["rare"],
        "reach": reach,
        "old": one["old"],
        "moved": counts["unmoved_input"] is not None,
        "untied": not one["rows"]["tied"],
        "reference": one["untrained_reference"],
        "unseen_heldout": held["of_unseen"] / held["added"] if held["added"] else None,
        "agreement": one["agreement"],
        "suspects": {words: found for key, words in (
            ("dead", "Never seen, not even inside a longer piece"), ("part", "Seen inside longer pieces alone"),
            ("unmoved", "In the train streams, yet where they started: no batch held them"),
        ) if (found := one["suspects"].get(key))},
    }  # fmt: skip


def _total(one: Mapping[str, Any]) -> int:
    return sum(row["tokens"] for row in one["reach"])


def _times(row: Mapping[str, Any]) -> str:
    low, below = row["from"], row["below"]
    if below is None:
        return f"{count(low)} and more"
    return count(low) if below == low + 1 else f"{count(low)} to {count(below - 1)}"
