from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from corpus.config import Refine
from corpus.filters import _load, check, table
from corpus.filters.presets import KOREAN, OTHER, PRESETS, STOCK

FOLDER = Path(__file__).parents[3]


def test_every_table_names_every_rule_and_option():
    for found in (KOREAN, OTHER):
        assert list(found) == list(STOCK)
        for rule, options in found.items():
            assert set(options) - {"enabled"} == set(STOCK[rule]) - {"enabled"}, rule


@pytest.mark.parametrize("rule", list(STOCK))
def test_a_rules_own_defaults_are_the_stock_ones(rule):
    parameters = inspect.signature(_load(rule).__init__).parameters
    own = {name: found.default for name, found in parameters.items() if name != "self"}
    assert own == {name: value for name, value in STOCK[rule].items() if name != "enabled"}


@pytest.mark.parametrize("rule", list(STOCK))
def test_a_rule_names_its_source_and_its_korean_form(rule):
    text = import_module(f"corpus.filters.{rule}").__doc__
    assert text.startswith(
        ("Gopher (Rae et al. 2021", "C4 (Raffel et al. 2020", "FineWeb (Penedo et al. 2024", "Ours:")
    )
    assert "Korean form:" in text or "stock preset has no such" in " ".join(text.split())


def test_every_rule_has_a_file_and_a_test():
    rules = {path.stem for path in (FOLDER / "corpus/filters").glob("*.py")}
    assert rules == {*STOCK, "__init__", "presets", "repeats", "rule", "spans"}
    tests = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert set(STOCK) <= tests


@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_ready_made_fragment_says_what_the_preset_means(preset):
    found = YAML(typ="safe").load((FOLDER / "configs/filters" / f"{preset}.yaml").read_text(encoding="utf-8"))
    section = Refine(**found["refine"])
    assert section.rules == preset
    check(section.thresholds)
    for lang in ("ko", "en"):
        assert table(preset, section.thresholds, lang) == table(preset, {}, lang)
    spelled = {f"{rule}.{option}" for rule, options in section.thresholds.items() for option in options}
    wanted = {"": STOCK} if preset == "stock" else {"@ko": KOREAN, "@other": OTHER}
    assert spelled == {
        f"{rule}{suffix}.{option}"
        for suffix, held in wanted.items()
        for rule in held
        for option in {*held[rule], "enabled"}
    }
