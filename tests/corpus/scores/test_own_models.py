import shutil

import pytest

from corpus.classifier import run as run_classifier
from corpus.perplexity import Scorer
from corpus.scores.features import Linear
from corpus.scores.lmtext import lines, train_pieces
from corpus.scores.own_models import classifier, ngram
from pipeline.config import Leaf
from pipeline.errors import InputError
from tests.corpus.test_classifier import GIVEN, SECTION
from tests.corpus.test_perplexity import ARPA, model, needs_kenlm
from tests.toys import paragraphs


@needs_kenlm
def test_a_folder_of_ours_is_taken_as_it_is(build, tmp_path):
    own = model(tmp_path / "m", folds=2)
    made = build("ngram", ngram, Leaf(use=str(own.path)))
    assert Scorer(made.path).perplexity("가나") == Scorer(own.path).perplexity("가나")
    assert made.metrics["models"] == ["model-0.arpa", "model-1.arpa"]


@needs_kenlm
def test_a_kenlm_file_alone_is_asked_what_it_counts(build, tmp_path):
    (tmp_path / "ko.arpa").write_text(ARPA, encoding="utf-8")
    made = build("ngram", ngram, Leaf(use=str(tmp_path / "ko.arpa"), lang="ko"))
    assert made.metrics["units"] == "syllables"
    (tmp_path / "ko.arpa").write_text(ARPA.replace("▁", "다"), encoding="utf-8")
    made = build("ngram", ngram, Leaf(use=str(tmp_path)))
    assert made.metrics["units"] == "eojeol"


@needs_kenlm
def test_pieces_beside_the_file_are_used(build, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "ko.arpa").write_text(ARPA, encoding="utf-8")
    text = [line for one in paragraphs("ko", 40) for line in lines(one)]
    (folder / "ko.sp.model").write_bytes(train_pieces(iter(text), 200))
    made = build("ngram", ngram, Leaf(use=str(folder)))
    assert (made.metrics["units"], made.metrics["form"], made.metrics["pieces"]) == ("pieces", "nfc", "pieces.model")
    assert Scorer(made.path).perplexity("가나") > 1
    (folder / "two.arpa").write_text(ARPA, encoding="utf-8")
    with pytest.raises(InputError, match="2 KenLM files"):
        build("ngram", ngram, Leaf(use=str(folder), lang="ko"))


@pytest.mark.parametrize("facts", ["{}", '{"models": [], "pieces": null}', '{"models": ["../x.bin"], "pieces": null}'])
def test_a_folder_that_points_elsewhere(build, tmp_path, facts):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "ngram.json").write_text(facts)
    with pytest.raises(InputError, match="does not describe"):
        build("ngram", ngram, Leaf(use=str(tmp_path / "m")))


def test_what_does_not_exist(build, tmp_path):
    for function in (ngram, classifier):
        with pytest.raises(InputError, match="nowhere"):
            build("x", function, Leaf(use=str(tmp_path / "nowhere")))


def test_a_classifier_of_ours(build, documents, tmp_path):
    section = SECTION.model_copy(update={"cross": False})
    own = build("classifier", run_classifier, section, {"documents": documents(GIVEN)})
    shutil.copytree(own.path, tmp_path / "own")
    made = build("classifier", classifier, Leaf(use=str(tmp_path / "own")))
    text = GIVEN["chat"][1][0]
    assert Linear.read(made.path).score(text) == Linear.read(own.path).score(text)
    assert made.metrics["lang"] == "ko"
