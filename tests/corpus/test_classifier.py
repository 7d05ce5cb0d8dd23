import random

import pytest

from corpus.classifier import run
from corpus.config import Classifier
from corpus.scores.features import Linear
from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError
from tests.toys import KOREAN, paragraphs


def chatter(count, seed, words="ㅋㅋ 진짜 완전 꿀잼 노잼 별로 ㅠㅠ 대박 평점 알바 그냥 최고 ... 넘 잼있음"):
    choose = random.Random(seed)
    return [" ".join(choose.choices(words.split(), k=40)) + f" {n}" for n in range(count)]


GIVEN = {
    "books": ("ko", paragraphs("ko", 60)),
    "news": ("ko", paragraphs("ko", 60, seed=3)),
    "chat": ("ko", chatter(80, 0)),
    "shop": ("ko", chatter(60, 1, "특가 무료배송 클릭 진짜 대박 최저가 후기 이벤트 쿠폰 ... 별로 ㅋㅋ")),
    "en": ("en", paragraphs("en", 10)),
}
SECTION = Classifier(good=["books", "news"], bits=14, window=200)


def test_good_and_other_are_told_apart_and_left_out_sources_too(build, documents):
    made = build("classifier", run, SECTION, {"documents": documents(GIVEN)})
    metrics, counts = made.metrics, made.counts
    assert (counts["read"], counts["kept"]) == (260, 260)
    assert metrics["heldout"]["auc"] > 0.99
    assert metrics["heldout"]["recall"] > 0.95
    assert (metrics["heldout"]["good"], metrics["heldout"]["other"]) == (120, 140)
    assert {name: row["class"] for name, row in metrics["left_out"].items()} == {
        "books": "good", "news": "good", "chat": "other", "shop": "other",
    }  # fmt: skip
    assert metrics["left_out"]["books"]["auc"] > 0.9
    assert metrics["left_out"]["shop"]["auc"] > 0.7
    model = Linear.read(made.path)
    assert model.score(" ".join(KOREAN)) > 0.5 > model.score(chatter(1, 9)[0])
    told = {row["ngram"] for row in metrics["telling"]["other"]}
    assert any(word.strip(" []") in "진짜 대박 별로 ㅋㅋ ..." for word in told)
    assert all(row["weight"] < 0 for row in metrics["telling"]["other"])


def test_labels_without_a_difference_are_not_learned(build, documents):
    """Out-of-fold scores of one kind of text under two names are no better than chance."""
    texts = paragraphs("ko", 240, seed=8)
    given = documents({"x": ("ko", texts[::2]), "y": ("ko", texts[1::2])})
    made = build("classifier", run, Classifier(good=["x"], bits=14), {"documents": given})
    assert 0.4 < made.metrics["heldout"]["auc"] < 0.6
    assert made.metrics["left_out"] == {}


def test_the_same_bytes_whatever_the_workers_and_after_a_rerun(build, documents, tmp_path):
    inputs = {"documents": documents(GIVEN)}
    section = SECTION.model_copy(update={"cross": False})
    one = build("classifier", run, section, inputs)
    hashes = {entry["path"]: entry["sha256"] for entry in one.manifest["files"]}
    assert set(hashes) == {"weights.npz", "classifier.json"}
    two = build("classifier", run, section, inputs, workers=2)
    assert {entry["path"]: entry["sha256"] for entry in two.manifest["files"]} == hashes
    part = tmp_path / "again.part"
    part.mkdir()
    context = Context("classifier", part, inputs, Run(root=str(tmp_path), workers=1))
    assert run(section, context) == run(section, context) == one.metrics


def test_a_limit_is_shared_by_the_sources(build, documents):
    section = SECTION.model_copy(update={"limit": 40, "cross": False})
    made = build("classifier", run, section, {"documents": documents(GIVEN)})
    learned = {name: row["learned"] for names in made.metrics["classes"].values() for name, row in names.items()}
    assert learned == {"books": 20, "news": 20, "chat": 20, "shop": 20}
    assert (made.counts["kept"], made.counts["dropped"]) == (80, 180)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"good": ["nobody"]}, "'nobody'.*there are books, chat"),
        ({"good": ["books", "news", "chat", "shop"]}, "nothing to tell it from"),
        ({"good": ["books"], "other": ["en"]}, "'en'"),
    ],
)
def test_sources_that_are_not_there(build, documents, keys, message):
    with pytest.raises(InputError, match=message):
        build("classifier", run, Classifier(**keys), {"documents": documents(GIVEN)})


def test_too_few_documents(build, documents):
    given = documents({"a": ("ko", ["하나", "둘"]), "b": ("ko", paragraphs("ko", 30))})
    with pytest.raises(InputError, match="class 'good' has too few documents"):
        build("classifier", run, Classifier(good=["a"]), {"documents": given})


def test_a_source_in_both_classes():
    with pytest.raises(ConfigError, match="books cannot be both"):
        Classifier(good=["books"], other=["books"]).check(Run())
