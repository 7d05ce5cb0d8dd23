from pathlib import Path

import pytest

from pipeline import yaml
from pipeline.errors import ConfigError


def read(tmp_path: Path, text: str):
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return yaml.read(path)


def test_numbers_are_yaml_1_2(tmp_path):
    assert read(tmp_path, "rate: 1e-4\nsize: 0o10\ncount: 010\nday: 2024-01-02\nanswer: no\n") == {
        "rate": 1e-4,
        "size": 8,
        "count": 10,
        "day": "2024-01-02",
        "answer": "no",
    }


def test_an_empty_file_is_an_empty_mapping(tmp_path):
    assert read(tmp_path, "# nothing\n") == {}


def test_anchors_and_merge_keys_work(tmp_path):
    assert read(tmp_path, "a: &a {x: 1}\nb: {<<: *a, y: 2}\n")["b"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dapt: {rate: 1}\ndapt: {rate: 2}\n", "'dapt' stands twice"),
        ("a: {b: 1, b: 2}\n", "'b' stands twice"),
        ("a: !!python/object:os.system {}\n", "tags"),
        ("a: !secret x\n", "tags"),
        ("- a\n- b\n", "must hold a mapping"),
        ("a: [1, 2\n", "line"),
        ("a: .nan\n", "finite"),
        ("1: x\n", "must be text"),
        ("a: *nowhere\n", "nowhere"),
        ("a: 1\n---\nb: 2\n", "document"),
    ],
)
def test_traps_are_one_sentence(tmp_path, text, said):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert "c.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_alias_bomb_is_refused_without_expanding_it(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 40)]
    with pytest.raises(ConfigError, match="aliases expand"):
        read(tmp_path, "\n".join(lines))


def test_a_file_that_is_no_text_or_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        yaml.read(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 3"):
        yaml.read(tmp_path / "b.yaml")
