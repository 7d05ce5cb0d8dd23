from collections import Counter

from corpus.scores.folds import fold_of, learned_for
from tests.toys import paragraphs


def test_copies_are_in_one_fold_and_folds_are_even():
    texts = paragraphs("ko", 400)
    assert all(fold_of(text, 4) == fold_of(text.replace(" ", "\n  "), 4) for text in texts[:50])
    counts = Counter(fold_of(text, 4) for text in texts)
    assert sorted(counts) == [0, 1, 2, 3]
    assert min(counts.values()) > 60


def test_no_fold_is_scored_by_what_learned_it():
    for folds in (2, 3, 5):
        assert all(fold not in learned_for(fold, folds) for fold in range(folds))
    assert learned_for(0, 1) == [0]
    assert {fold_of(text, 1) for text in paragraphs("ko", 5)} == {0}
