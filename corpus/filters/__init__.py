"""The rules by name: checked without importing one, built when a document is to be judged.

`thresholds` sets options over a preset's: `{word_count: {low: 40}}` for every language, `{word_count@ko: {low: 20}}`
for one, `{curly_bracket: {enabled: false}}` to leave a rule out. `datatrove:<Class>` adds a filter of datatrove's own,
with its constructor's arguments as options; it is asked after ours. The lists that a user gives as files are added to
those of the options.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.filters.presets import PRESETS, STOCK, Table
from corpus.text.languages import unknown
from pipeline.errors import ConfigError, nearest

if TYPE_CHECKING:
    from datatrove.pipeline.filters.base_filter import BaseFilter

    from corpus.filters.rule import Rule

FOREIGN = "datatrove:"
ENABLED = "enabled"
OTHER = "other"  # after @: every language for which the preset has no form of its own

FILES = {"block": ("url_lists", "block"), "allow": ("url_lists", "allow"), "bad_words": ("bad_words", "words")}

Thresholds = Mapping[str, Mapping[str, Any]]


def check(thresholds: Thresholds, section: str = "refine") -> None:
    """Raise ConfigError for a rule, an option or a value that no rule has, with the nearest name."""
    for key, options in thresholds.items():
        rule, at, lang = key.partition("@")
        where = f"{section}.thresholds.{key}"
        if at and lang != OTHER and (not lang or unknown(lang)):
            why = unknown(lang) if lang else "a language stands after @"
            raise ConfigError(f"{where}: {why}, or '{OTHER}' for those without a form of their own")
        if rule.startswith(FOREIGN):
            _check_foreign(rule, options, where)
            continue
        if rule not in STOCK:
            raise ConfigError(f"{section}.thresholds: there is no rule '{rule}'{nearest(rule, list(STOCK))}")
        known = {ENABLED: True, **STOCK[rule]}
        for option, value in options.items():
            if option not in known:
                raise ConfigError(f"{where}: the rule has no option '{option}'{nearest(option, list(known))}")
            _check_value(f"{where}.{option}", value, known[option])


def _check_value(where: str, value: Any, like: Any) -> None:
    if isinstance(like, bool):
        fits, kind = isinstance(value, bool), "true or false"
    elif isinstance(like, str):
        fits, kind = value in ("stock", "korean"), "stock or korean"
    elif isinstance(like, list):
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        kind = "a list of texts"
    else:
        fits, kind = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    if not fits:
        raise ConfigError(f"{where} must be {kind}, not {value!r}")


def _check_foreign(rule: str, options: Mapping[str, Any], where: str) -> None:
    known = set(inspect.signature(_foreign(rule).__init__).parameters) - {"self", "exclusion_writer"} | {ENABLED}
    for option in options:
        if option not in known:
            raise ConfigError(f"{where}: the filter has no argument '{option}'{nearest(option, sorted(known))}")


def _foreign(rule: str) -> type[BaseFilter]:
    from datatrove.pipeline.filters.base_filter import BaseFilter

    module = import_module("datatrove.pipeline.filters")
    name = rule.removeprefix(FOREIGN)
    found = getattr(module, name, None)
    if not (inspect.isclass(found) and issubclass(found, BaseFilter)):
        filters = [known for known in dir(module) if known.endswith("Filter")]
        raise ConfigError(f"refine.thresholds: datatrove has no filter '{name}'{nearest(name, filters)}")
    return found


def table(preset: str, thresholds: Thresholds, lang: str) -> Table:
    """The options of every enabled rule for documents of `lang`, in the order they are asked."""
    tables = PRESETS[preset]
    rules: Table = {rule: dict(options) for rule, options in tables.get(lang, tables["*"]).items()}
    for key, options in sorted(thresholds.items(), key=lambda pair: "@" in pair[0]):  # one language over all
        rule, _, only = key.partition("@")
        if only in ("", lang) or (only == OTHER and lang not in tables):
            rules.setdefault(rule, {}).update(options)
    return {
        rule: {option: value for option, value in options.items() if option != ENABLED}
        for rule, options in rules.items()
        if options.get(ENABLED, True)
    }


def build(
    preset: str, thresholds: Thresholds, lang: str, lists: Mapping[str, str | None] | None = None
) -> dict[str, Rule | BaseFilter]:
    """The rules of a preset by name, and the filters of datatrove's own.

    `lists` names the files of the user's lists: `block` and `allow` (hosts and URLs), `bad_words`.
    """
    check(thresholds)
    rules = table(preset, thresholds, lang)
    for name, path in (lists or {}).items():
        rule, option = FILES[name]
        if path and rule in rules:
            from corpus.filters.lists import read_list

            rules[rule][option] = chain(rules[rule].get(option, ()), read_list(Path(path).expanduser()))
    return {rule: _load(rule)(**options) for rule, options in rules.items()}


def _load(rule: str) -> Any:
    if rule.startswith(FOREIGN):
        return _foreign(rule)
    name = "".join(part.capitalize() for part in rule.split("_"))
    return getattr(import_module(f"corpus.filters.{rule}"), name)
