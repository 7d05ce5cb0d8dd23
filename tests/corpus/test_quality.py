import numpy as np
import pytest

from corpus.classifier import run as run_classifier
from corpus.config import Quality
from corpus.documents import read_documents, read_file
from corpus.quality import run
from corpus.scores.features import Linear
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import InputError
from pipeline.units import ShardDone
from tests.corpus.test_classifier import GIVEN, SECTION


@pytest.fixture
def inputs(build, documents):
    given = documents(GIVEN)
    section = SECTION.model_copy(update={"cross": False})
    return {"documents": given, "model": build("classifier", run_classifier, section, {"documents": given})}


def test_scores_are_stored_and_low_ones_dropped(build, inputs):
    made = build("quality", run, Quality(low=0.5), inputs)
    kept = list(read_documents(made))
    dropped = [row for path in sorted((made.path / "dropped").glob("*")) for row in read_file(path)]
    model = Linear.read(inputs["model"].path)
    for row in [*kept, *dropped]:
        assert row["meta"].get("quality") == (model.score(row["text"]) if row["lang"] == "ko" else None)
    assert all(row["meta"].get("quality", 1) >= 0.5 for row in kept)
    assert {(row["rule"], row["threshold"]) for row in dropped} == {("quality", "0.5")}
    assert all(float(row["value"]) < 0.5 for row in dropped)
    assert {row["source"] for row in dropped} >= {"chat"}
    assert (made.counts["read"], made.counts["kept"], made.counts["failed"]) == (270, len(kept), 0)
    assert made.counts["dropped"] == len(dropped)
    assert made.metrics["unscored"] == {"en": 10}
    assert made.metrics["sources"]["books"]["p50"] > made.metrics["sources"]["chat"]["p50"]


def test_without_a_floor_nothing_is_dropped(build, inputs):
    made = build("quality", run, Quality(), inputs)
    assert made.counts["dropped"] == 0
    assert not (made.path / "dropped").exists()


def test_the_same_bytes_whatever_workers_and_shards(build, inputs, tmp_path):
    once = build("quality", run, Quality(low=0.5), inputs)
    hashes = {entry["path"]: entry["sha256"] for entry in once.manifest["files"]}
    again = build("quality", run, Quality(low=0.5), inputs, workers=2)
    assert {entry["path"]: entry["sha256"] for entry in again.manifest["files"]} == hashes
    part = tmp_path / "x.part"
    part.mkdir()
    for shard in (0, 1):
        with pytest.raises(ShardDone):
            run(Quality(low=0.5), Context("q", part, inputs, Run(root=str(tmp_path), workers=1), shard=(shard, 2)))
    context = Context("q", part, inputs, Run(root=str(tmp_path), workers=1))
    assert run(Quality(low=0.5), context) == once.metrics
    assert context.counts == once.counts


def test_a_damaged_classifier(build, inputs):
    np.savez(inputs["model"].path / "weights.npz", weights=np.zeros(3))
    with pytest.raises(InputError, match="not a classifier"):
        build("quality", run, Quality(), inputs)
