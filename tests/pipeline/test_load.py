from pathlib import Path

import pytest

from pipeline.config import Leaf
from pipeline.errors import ConfigError
from pipeline.load import Config, load
from pipeline.stages import STAGES

MODELS = {name: stage.section for name, stage in STAGES.items()}


def read(tmp_path: Path, text: str, *overrides: str) -> Config:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, overrides, MODELS)


def test_sections_and_circumstances(tmp_path):
    found = read(tmp_path, "run: {name: try, workers: 3}\nbase: {source: /m}\ndapt: {rate: 1e-4}\n")
    assert (found.run.name, found.run.workers) == ("try", 3)
    assert found.sections["dapt"].rate == 1e-4
    assert list(found.sections) == ["base", "dapt"]


def test_a_variant_inherits_and_overrides(tmp_path):
    found = read(tmp_path, "dapt: {rate: 0.1, replay: {en: 0.25, de: 0.1}}\ndapt@r0: {replay: {en: 0.0}}\n")
    assert found.sections["dapt@r0"].rate == 0.1
    assert found.sections["dapt@r0"].replay == {"en": 0.0, "de": 0.1}


def test_an_override_wins_and_reaches_variants(tmp_path):
    found = read(tmp_path, "dapt: {}\ndapt@a: {seed: 7}\n", "dapt.rate=2e-4", "dapt@a.seed=9", "run.zero=2")
    assert found.sections["dapt@a"].rate == 2e-4
    assert found.sections["dapt@a"].seed == 9
    assert found.run.zero == 2


def test_use_makes_a_leaf(tmp_path):
    found = read(tmp_path, "mix: {use: /some/file.jsonl, lang: ko}\n")
    assert isinstance(found.sections["mix"], Leaf)


def test_an_empty_section_is_all_defaults(tmp_path):
    assert read(tmp_path, "refine:\n").sections["refine"].rules == "korean"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dpat: {}\n", "unknown section 'dpat'; did you mean 'dapt'?"),
        ("dapt: {raet: 1.0}\n", "unknown key 'dapt.raet'; did you mean 'rate'?"),
        ("run: {worker: 1}\n", "unknown key 'run.worker'; did you mean 'workers'?"),
        ("dapt: {gate: {limt: 0.1}}\n", "unknown key 'dapt.gate.limt'; did you mean 'limit'?"),
        ("crawl: {sources: {a: {jsnol: x}}}\n", "did you mean 'jsonl'?"),
        ("base: {}\n", "'base.source' is required"),
        ("dapt: {rate: fast}\n", 'dapt.rate: input should be a valid number, not "fast"'),
        ("dapt: {budget: 1.5}\n", "dapt.budget"),
        ("base: {source: /m, parity: no}\n", "write true or false"),
        ("dapt: [1]\n", "must be a mapping"),
        ("dapt: {batch: 500}\n", "does not divide"),
        ("dapt: {phases: [{train: all, share: 0.5}]}\n", "shares of phases"),
        ("crawl: {sources: {a: {jsonl: x, site: y}}}\n", "exactly one of"),
        ("mix: {use: x, caps: {}}\n", "unknown key 'mix.caps'"),
        ("run: {name: ../x}\n", "run.name"),
        ("dapt@a b: {}\n", "unknown section"),
    ],
)
def test_a_wrong_key_is_one_sentence_with_file_and_key(tmp_path, text, said):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert str(tmp_path / "c.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("override", ["dapt.rate", "=3", "dapt..rate=1", "dapt.rate.x=1"])
def test_a_malformed_override(tmp_path, override):
    with pytest.raises(ConfigError, match="override"):
        read(tmp_path, "dapt: {rate: 1.0}\n", override)
