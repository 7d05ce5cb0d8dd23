import numpy as np
import pytest

from corpus.scores.judged import auc, judged, share_of


def test_auc_counts_ties_as_half():
    assert auc(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 1
    assert auc(np.array([0.1]), np.array([0.9])) == 0
    assert auc(np.array([0.5, 0.5]), np.array([0.5])) == 0.5
    good, other = np.array([0.2, 0.7, 0.7]), np.array([0.1, 0.7])
    assert auc(good, other) == pytest.approx((1 + 0 + 1 + 0.5 + 1 + 0.5) / 6)


def test_precision_and_recall_come_from_the_counts():
    found = judged(np.array([0.9, 0.6, 0.4, 0.5]), np.array([0.1, 0.7] + [0.2] * 8), 0.5)
    assert (found["good_above"], found["other_above"]) == (3, 1)
    assert (found["recall"], found["precision"], found["false_positives"]) == (0.75, 0.75, 0.1)
    assert found["precision_equal_classes"] == round(0.75 / 0.85, 4)
    assert found["at"]["0.9"] == {"recall": 0.25, "false_positives": 0.0}
    assert judged(np.array([0.1]), np.array([0.1]), 0.5)["precision"] is None
    assert share_of(np.array([], bool)) is None
