from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from corpus.config import Refine
from corpus.filters import _load, check, table
from corpus.filters.presets import FINEWEB2, KOREAN, PRESETS, STOCK, STRICT

FOLDER = Path(__file__).parents[3]


TABLES = [(preset, lang, found) for preset, tables in PRESETS.items() for lang, found in tables.items()]


@pytest.mark.parametrize(("preset", "lang", "found"), TABLES, ids=[f"{preset}-{lang}" for preset, lang, _ in TABLES])
def test_every_table_names_every_rule_and_option(preset, lang, found):
    assert list(found) == list(STOCK)
    for rule, options in found.items():
        assert set(options) - {"enabled"} == set(STOCK[rule]) - {"enabled"}, rule


@pytest.mark.parametrize("rule", list(KOREAN))
def test_strict_is_at_least_as_strict_as_korean(rule):
    loose, tight = KOREAN[rule], STRICT[rule]
    assert tight.get("enabled", True) >= loose.get("enabled", True)
    for option, value in loose.items():
        if isinstance(value, float) or option in ("high", "low"):
            less = tight[option] >= value if option.startswith("low") else tight[option] <= value
            assert less, option


@pytest.mark.data
def test_the_fineweb2_figures_are_the_published_ones(data):
    found = YAML(typ="safe").load((data / "lists/fineweb2_kor_Hang/configs_kor_Hang.yml").read_text(encoding="utf-8"))
    assert {f"n{n}": share for n, share in found["top_n_grams"]} == {
        option: value for option, value in FINEWEB2["top_ngrams"].items() if option.startswith("n")
    }
    assert {f"n{n}": share for n, share in found["dup_n_grams"]} == {
        option: value for option, value in FINEWEB2["duplicate_ngrams"].items() if option.startswith("n")
    }
    assert found["dup_line_frac"] == FINEWEB2["duplicate_lines"]["share"]
    assert found["line_punct_thr"] == FINEWEB2["terminal_lines"]["low"]
    assert found["new_line_ratio"] == FINEWEB2["newline_ratio"]["high"]
    assert found["max_non_alpha_words_ratio"] == FINEWEB2["alphabetic_words"]["low"]
    assert [found[f"{end}_avg_word_length"] for end in ("min", "max")] == [
        FINEWEB2["mean_word_length"][option] for option in ("low", "high")
    ]


@pytest.mark.parametrize("rule", list(STOCK))
def test_a_rules_own_defaults_are_the_stock_ones(rule):
    parameters = inspect.signature(_load(rule).__init__).parameters
    own = {
        name: list(found.default) if isinstance(found.default, tuple) else found.default
        for name, found in parameters.items()
        if name != "self"
    }
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
    assert rules == {*STOCK, "__init__", "lists", "presets", "repeats", "rule", "spans", "stage", "text"}
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
    tables = PRESETS[preset]
    wanted = {"": tables["*"]} if len(tables) == 1 else {"@ko": tables["ko"], "@other": tables["*"]}
    assert spelled == {
        f"{rule}{suffix}.{option}"
        for suffix, held in wanted.items()
        for rule in held
        for option in {*held[rule], "enabled"}
    }
