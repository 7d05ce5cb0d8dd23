import pytest

from pipeline.artifact import Artifact
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import Interrupted, MalmoiError


@pytest.fixture
def context(tmp_path):
    return Context("sft", tmp_path / "x.part", {"model": Artifact(tmp_path), "many": {"a": Artifact(tmp_path)}}, Run())


def test_inputs_by_name(context, tmp_path):
    assert context.artifact("model").path == tmp_path
    assert list(context.artifacts("many")) == ["a"]
    assert context.artifacts("absent") == {}
    with pytest.raises(MalmoiError, match="no single input 'many'"):
        context.artifact("many")


def test_fresh_forgets_an_earlier_try(context):
    (context.fresh("documents") / "old").write_text("x")
    assert list(context.fresh("documents").iterdir()) == []


def test_work_survives_and_stop_is_asked_for(context):
    (context.work / "state").write_text("x")
    assert (context.work / "state").exists()
    context.stop_if_asked()
    context.stop_requested = lambda: True
    with pytest.raises(Interrupted, match="resumes"):
        context.stop_if_asked()
