import pytest

from corpus.config import Classifier
from corpus.documents import write_documents
from corpus.scores.classifier_sample import gather, share
from tests.corpus.scores.test_scoring import rows


@pytest.mark.parametrize(
    ("sizes", "limit", "quotas"),
    [
        ({"a": 5, "b": 50, "c": 500}, 100, {"a": 5, "b": 47, "c": 48}),
        ({"a": 5, "b": 5}, 100, {"a": 5, "b": 5}),
        ({"a": 90}, 10, {"a": 10}),
        ({}, 10, {}),
    ],
)
def test_shares_are_even_and_what_one_lacks_goes_to_others(sizes, limit, quotas):
    assert share(sizes, limit) == quotas


def test_the_choice_is_by_hash_whatever_the_order(tmp_path):
    section = Classifier(good=["a"])
    found = []
    for name, given in (("x", rows(200)), ("y", rows(200)[::-1])):
        (tmp_path / name).mkdir()
        write_documents(tmp_path / name / "in.parquet", given)
        gather(str(tmp_path / name / "in.parquet"), tmp_path / name, section, {"a": 20, "b": 5})
        found.append((tmp_path / name / "sample.jsonl").read_text())
    assert found[0] == found[1]
    assert len(found[0].splitlines()) == 20
