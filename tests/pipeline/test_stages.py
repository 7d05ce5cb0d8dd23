import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.config import Input, field_mark
from pipeline.stages import STAGES

ROWS = [(stage.name, target) for stage in STAGES.values() for target in (stage.function, stage.adopt) if target]


@pytest.mark.parametrize(("stage", "target"), ROWS)
def test_every_function_of_the_table_exists(stage, target):
    module, _, name = target.partition(":")
    tree = ast.parse(Path(find_spec(module).origin).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_inputs_name_kinds_and_stages_that_exist():
    kinds = {stage.kind for stage in STAGES.values()} | {"*"}
    known = {*STAGES, "*"}
    for stage in STAGES.values():
        for info in stage.section.model_fields.values():
            mark = field_mark(info, Input)
            if mark is not None:
                assert set(mark.kinds) <= kinds, stage.name
                assert set(mark.default) <= known, stage.name


def test_names_and_versions():
    assert all(name == stage.name and stage.version >= 1 and stage.summary for name, stage in STAGES.items())
