"""A document held against every rule: which would drop it alone, which drops it first, and how near each came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corpus.filters import FOREIGN, build
from corpus.filters.presets import STOCK


@dataclass(frozen=True)
class Nearest:
    """Of a rule's options the broken one, or the one nearest to its threshold."""

    option: str
    value: str
    threshold: str
    broken: bool


def is_rule(name: str) -> bool:
    """Whether a reason in `dropped/` is a rule of `corpus.filters`; status, mime, empty and language are none."""
    return name in STOCK or name.startswith(FOREIGN)


class Judge:
    """The rules of a preset with thresholds and lists, built once per language."""

    def __init__(self, preset: str, thresholds: Mapping[str, Any], lists: Mapping[str, str | None]) -> None:
        self.preset, self.thresholds, self.lists = preset, thresholds, lists
        self._rules: dict[str, dict[str, Any]] = {}

    def rules(self, lang: str) -> dict[str, Any]:
        if lang not in self._rules:
            self._rules[lang] = build(self.preset, self.thresholds, lang, self.lists)
        return self._rules[lang]

    def __call__(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Nearest]]:
        """(the rule that drops it first, or ""; rule -> what it found in the whole text, as if it stood alone).

        Rules are asked in their order, each on the text as the line rules before it left it, until one drops.
        """
        from datatrove.data import Document

        metadata = {"lang": row["lang"], "url": row["url"]}
        found: dict[str, Nearest] = {}
        first, text = "", str(row["text"])
        for name, rule in self.rules(row["lang"]).items():
            whole = Document(text=row["text"], id=row["id"], metadata=dict(metadata))
            alone = found[name] = _ask(rule, whole)
            if first:
                continue
            if text == row["text"]:
                here, left = alone, whole.text
            else:
                edited = Document(text=text, id=row["id"], metadata=dict(metadata))
                here, left = _ask(rule, edited), edited.text
            if here.broken:
                first = name
            else:
                text = left
        return first, found


def _ask(rule: Any, doc: Any) -> Nearest:
    from corpus.filters.rule import Rule

    if not isinstance(rule, Rule):  # a filter of datatrove's own gives its reason only
        answer = rule.filter(doc)
        stays, reason = answer if isinstance(answer, tuple) else (answer, "")
        return Nearest("" if stays else str(reason), "", "", not stays)
    found = None
    for measure in rule.measures(doc):
        if found is None or measure.broken or measure.margin < found.margin:
            found = measure
        if measure.broken:
            break
    if found is None:
        return Nearest("", "", "", False)
    return Nearest(found.option, f"{round(found.value, 4):g}", f"{found.threshold:g}", found.broken)
