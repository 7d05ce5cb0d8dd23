import gzip
import json
import random
import shutil

import numpy as np
import pytest

from corpus.config import Ngram, Perplexity
from corpus.documents import read_documents
from corpus.ngram import run
from corpus.perplexity import Scorer
from corpus.perplexity import run as run_perplexity
from corpus.scores.judged import auc
from corpus.scores.kenlm import TOOLS, tool
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, Interrupted
from tests.corpus.test_perplexity import needs_kenlm
from tests.toys import paragraphs


def _built():
    try:
        return [tool(name) for name in TOOLS]
    except ConfigError:
        return []


needs_lmplz = pytest.mark.skipif(
    not _built(), reason="lmplz and build_binary are not installed (python -m corpus.scores.kenlm builds them)"
)
GOOD = {"good": ("ko", paragraphs("ko", 120)), "else": ("ko", ["아무 글이나 하나"]), "en": ("en", paragraphs("en", 20))}
SECTION = Ngram(sources=["good"], pieces=300, order=3)


@pytest.mark.parametrize("prune", [[1], [0, 2, 1], [0, 0, 0, 0, 0, 0]])
def test_prune_that_lmplz_would_refuse(prune):
    with pytest.raises(ConfigError, match="prune"):
        Ngram(prune=prune).check(Run())


def test_without_the_programs_the_stage_says_how_to_build_them(build, documents, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(ConfigError, match="-m corpus.scores.kenlm"):
        build("ngram", run, SECTION, {"documents": documents(GOOD)})


@needs_lmplz
@needs_kenlm
def test_broken_word_order_surprises_and_no_document_is_scored_by_what_learned_it(build, documents):
    given = documents(GOOD)
    made = build("ngram", run, SECTION, {"documents": given})
    metrics, counts = made.metrics, made.counts
    assert (counts["read"], counts["kept"], counts["dropped"]) == (120, 120, 0)
    assert metrics["learned"] == 120
    assert metrics["reference"]["documents"] == 120
    assert len(metrics["ngrams"]) == 2
    scorer = Scorer(made.path)
    choose = random.Random(0)
    worse = 0
    for text in paragraphs("ko", 30, seed=5):
        words = text.split()
        choose.shuffle(words)
        worse += scorer.perplexity(" ".join(words)) > scorer.perplexity(text)
    assert worse >= 28
    sees_all = build("ngram", run, SECTION.model_copy(update={"folds": 1}), {"documents": given})
    learned = Scorer(sees_all.path)
    texts = GOOD["good"][1]
    assert sum(scorer.perplexity(text) > learned.perplexity(text) for text in texts) > 110
    assert sees_all.metrics["reference"] is None


@needs_lmplz
@needs_kenlm
def test_the_same_bytes_whatever_the_workers_and_after_a_rerun(build, documents, tmp_path):
    inputs = {"documents": documents(GOOD)}
    one = build("ngram", run, SECTION, inputs)
    hashes = {entry["path"]: entry["sha256"] for entry in one.manifest["files"]}
    assert set(hashes) == {"model-0.bin", "model-1.bin", "ngram.json", "pieces.model"}
    two = build("ngram", run, SECTION, inputs, workers=2)
    assert {entry["path"]: entry["sha256"] for entry in two.manifest["files"]} == hashes
    part = tmp_path / "again.part"
    part.mkdir()
    context = Context("ngram", part, inputs, Run(root=str(tmp_path), workers=1))
    assert run(SECTION, context) == run(SECTION, context) == one.metrics


@needs_lmplz
@needs_kenlm
def test_syllables_need_no_pieces_and_perplexity_reads_what_was_made(build, documents):
    given = documents(GOOD)
    ngram = build("ngram", run, SECTION.model_copy(update={"units": "syllables"}), {"documents": given})
    assert not (ngram.path / "pieces.model").exists()
    assert json.loads((ngram.path / "ngram.json").read_text())["units"] == "syllables"
    scored = build("perplexity", run_perplexity, Perplexity(), {"documents": given, "model": ngram})
    assert sum("perplexity" in row["meta"] for row in read_documents(scored)) == 121
    assert scored.metrics["reference"] == ngram.metrics["reference"]


@needs_lmplz
@needs_kenlm
def test_less_text_than_there_is_may_be_learned(build, documents):
    size = sum(len(text.encode()) for text in GOOD["good"][1])
    made = build("ngram", run, SECTION.model_copy(update={"text_bytes": size // 3}), {"documents": documents(GOOD)})
    assert 20 < made.counts["kept"] < 70
    assert made.counts["dropped"] == 120 - made.counts["kept"]


@needs_lmplz
def test_nothing_or_too_little_to_learn_from(build, documents):
    given = documents(GOOD)
    with pytest.raises(InputError, match="no text in 'ko' of nobody"):
        build("ngram", run, Ngram(sources=["nobody"]), {"documents": given})
    with pytest.raises(InputError, match="too few for 2 folds"):
        build("ngram", run, Ngram(sources=["else"]), {"documents": given})


@needs_lmplz
@needs_kenlm
def test_stopped_anywhere_the_same_command_ends_in_the_same_bytes(build, documents, tmp_path):
    inputs = {"documents": documents(GOOD)}
    whole = build("ngram", run, SECTION, inputs)
    part = tmp_path / "stopped.part"
    part.mkdir()
    stops = 0
    for patience in range(0, 60, 2):
        asked = iter([False] * patience)
        settings = Run(root=str(tmp_path), workers=1)
        context = Context("ngram", part, inputs, settings, stop_requested=lambda asked=asked: next(asked, True))
        try:
            assert run(SECTION, context) == whole.metrics
            break
        except Interrupted:
            stops += 1
    assert stops >= 3
    for name in ("model-0.bin", "model-1.bin", "pieces.model", "ngram.json"):
        assert (part / name).read_bytes() == (whole.path / name).read_bytes()
    assert sorted(path.name for path in part.iterdir()) == [
        ".work", "model-0.bin", "model-1.bin", "ngram.json", "pieces.model",
    ]  # fmt: skip


@pytest.mark.data
@needs_lmplz
@needs_kenlm
def test_real_news_and_books_surprise_less_than_film_reviews(build, documents, data):
    def some(name: str, count: int) -> list[str]:
        with gzip.open(data / "corpus_ko" / name / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            return [json.loads(line)["text"] for line, _ in zip(lines, range(count), strict=False)]

    given = documents({"good": ("ko", some("ko_boddari", 900)), "reviews": ("ko", some("ko_nsmc_reviews", 150))})
    ngram = build("ngram", run, Ngram(sources=["good"], pieces=8000), {"documents": given})
    scored = build("perplexity", run_perplexity, Perplexity(), {"documents": given, "model": ngram})
    values = {"good": [], "reviews": []}
    for row in read_documents(scored):
        values[row["source"]].append(row["meta"]["perplexity"])
    assert auc(np.array(values["reviews"]), np.array(values["good"])) > 0.95
