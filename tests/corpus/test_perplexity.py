import json
from importlib.util import find_spec

import pytest

from corpus.config import Perplexity
from corpus.documents import read_documents, read_file
from corpus.perplexity import Scorer, bucket_of, run
from pipeline.artifact import Artifact, publish, write_json
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError
from pipeline.units import ShardDone

needs_kenlm = pytest.mark.skipif(
    find_spec("kenlm") is None, reason="KenLM is not installed (python -m corpus.scores.kenlm builds it)"
)
ARPA = """\\data\\
ngram 1=6
ngram 2=2

\\1-grams:
-2.0\t<unk>
-99\t<s>\t0
-1.0\t</s>
-0.5\t가\t-0.1
-0.7\t나\t0
-0.3\t▁\t0

\\2-grams:
-0.2\t가 나
-0.1\t<s> 가

\\end\\
"""


def model(folder, folds=1, lang="ko"):
    """A hand-written model of syllables, published as `ngram` publishes its own; every fold has the same."""
    folder.mkdir(parents=True)
    names = [f"model-{fold}.arpa" for fold in range(folds)]
    for name in names:
        (folder / name).write_text(ARPA, encoding="utf-8")
    write_json(
        folder / "ngram.json",
        {"lang": lang, "form": "nfc", "units": "syllables", "models": names, "pieces": None},
    )
    manifest = {
        "stage": "ngram", "version": 1, "fingerprint": "0" * 64, "section": {}, "inputs": {}, "counts": {},
        "metrics": {"reference": None}, "provenance": {},
    }  # fmt: skip
    return publish(folder, folder.with_name("0" * 64), manifest)


TEXTS = {
    "a": ("ko", ["가나", "가나 가나", "나나나", "쿄쿄쿄쿄", "가 나", "가나\n가나"]),
    "b": ("ko", ["나", "뷁뷁", "가", "가가", "나가", "  "]),
    "c": ("en", ["the same"]),
}


def test_buckets():
    assert [bucket_of(value, (2, 5)) for value in (1, 2, 2.1, 5, 5.1)] == ["head", "head", "middle", "middle", "tail"]


@pytest.mark.parametrize(
    "keys", [{"head": 0.6, "middle": 0.3}, {"head": 0.5, "middle": 0.5}, {"cuts": (5.0, 2.0)}, {"cuts": (0.0, 1.0)}]
)
def test_cuts_that_make_no_sense(keys):
    with pytest.raises(ConfigError):
        Perplexity(**keys).check(Run())


@needs_kenlm
def test_the_perplexity_is_the_models_own(tmp_path):
    scorer = Scorer(model(tmp_path / "m").path)
    # <s> 가: 0.1, 가 나: 0.2, </s>: 1.0 -> three units
    assert scorer.perplexity("가나") == round(10 ** (1.3 / 3), 2)
    assert scorer.perplexity("가나\n\n가나") == scorer.perplexity("가나")
    assert scorer.perplexity(" \n") is None
    assert scorer.perplexity("쿄" * 50) > 50


@needs_kenlm
def test_buckets_are_stored_and_what_is_asked_for_is_dropped(build, documents, tmp_path):
    given, ngram = documents(TEXTS), model(tmp_path / "m", folds=2)
    made = build("perplexity", run, Perplexity(drop=["tail"]), {"documents": given, "model": ngram})
    kept = list(read_documents(made))
    dropped = [row for path in sorted((made.path / "dropped").glob("*")) for row in read_file(path)]
    low, high = made.metrics["cuts"]["corpus"]
    scorer = Scorer(ngram.path)
    for row in [*kept, *dropped]:
        value = scorer.perplexity(row["text"]) if row["lang"] == "ko" else None
        assert row["meta"].get("perplexity") == value
        assert row["meta"].get("perplexity_bucket") == (bucket_of(value, (low, high)) if value else None)
        assert ("rule" in row) == (row["meta"].get("perplexity_bucket") == "tail")
    assert {(row["rule"], float(row["threshold"])) for row in dropped} == {("perplexity", high)}
    assert {"쿄쿄쿄쿄", "뷁뷁"} <= {row["text"] for row in dropped}
    assert sorted(row["id"] for row in [*kept, *dropped]) == sorted(row["id"] for row in read_documents(given))
    counts = made.counts
    assert (counts["read"], counts["failed"]) == (13, 0)
    assert counts["kept"] + counts["dropped"] == 13
    assert counts["dropped"] == len(dropped) > 0
    metrics = made.metrics
    assert metrics["scored"]["documents"] == 11
    assert metrics["unscored"] == {"c": 1}
    assert sum(metrics["sources"]["a"]["buckets"][b]["documents"] for b in ("head", "middle", "tail")) == 6


@needs_kenlm
def test_cuts_may_be_given_or_each_sources_own(build, documents, tmp_path):
    inputs = {"documents": documents(TEXTS), "model": model(tmp_path / "m")}
    given = build("perplexity", run, Perplexity(cuts=(3.0, 20.0)), inputs)
    assert given.metrics["cuts"] == {"corpus": [3.0, 20.0]}
    assert given.counts["dropped"] == 0
    per = build("perplexity", run, Perplexity(per="source"), inputs)
    assert set(per.metrics["cuts"]) == {"a", "b"}
    for source in ("a", "b"):
        assert per.metrics["sources"][source]["buckets"]["head"]["documents"] >= 1


@needs_kenlm
def test_the_same_bytes_whatever_workers_shards_and_interruptions(build, documents, tmp_path):
    inputs = {"documents": documents(TEXTS), "model": model(tmp_path / "m")}
    section = Perplexity(drop=["tail"])
    once = build("perplexity", run, section, inputs)
    hashes = {entry["path"]: entry["sha256"] for entry in once.manifest["files"]}
    again = build("perplexity", run, section, inputs, workers=2)
    assert {entry["path"]: entry["sha256"] for entry in again.manifest["files"]} == hashes
    part = tmp_path / "shards" / "x.part"
    part.mkdir(parents=True)
    for shard in (1, 0):
        with pytest.raises(ShardDone):
            run(section, Context("perplexity", part, inputs, Run(root=str(tmp_path), workers=1), shard=(shard, 2)))
    context = Context("perplexity", part, inputs, Run(root=str(tmp_path), workers=1))
    assert run(section, context) == run(section, context) == once.metrics
    made = publish(part, part.with_suffix(""), {**once.manifest, "counts": context.counts})
    assert {entry["path"]: entry["sha256"] for entry in made.manifest["files"]} == hashes


@needs_kenlm
def test_nothing_in_the_models_language_is_a_warning(build, documents, tmp_path):
    inputs = {"documents": documents({"c": TEXTS["c"]}), "model": model(tmp_path / "m")}
    made = build("perplexity", run, Perplexity(), inputs)
    assert made.metrics["scored"] == {"documents": 0}
    assert made.counts["kept"] == 1


@needs_kenlm
def test_a_damaged_model(tmp_path):
    folder = model(tmp_path / "m").path
    (folder / "model-0.arpa").write_text("nothing")
    with pytest.raises(InputError, match="not a KenLM model"):
        Scorer(folder)
    (folder / "ngram.json").write_text(json.dumps({"lang": "ko"}))
    with pytest.raises(InputError, match="not an n-gram model"):
        Scorer(folder)
    assert isinstance(Artifact(folder), Artifact)
