from __future__ import annotations

from pathlib import Path

import numpy as np

from corpus.duplicates.verdict import Verdict


def test_every_survivor_is_kept_in_the_end(tmp_path: Path):
    verdict = Verdict(6)
    verdict.drop("url", np.array([[5, 4]]))
    verdict.drop("exact", np.array([[4, 3]]))
    verdict.drop_near([(3, 1, 0.8)])
    assert np.fromfile(verdict.write_live(tmp_path / "live"), bool).tolist() == [True, True, True, False, False, False]
    verdict.settle()
    assert verdict.survivor.tolist() == [0, 1, 2, 1, 1, 1]
    assert verdict.rule.tolist() == [0, 0, 0, 3, 2, 1]
    assert verdict.similarity.round(4).tolist() == np.float32([1, 1, 1, 0.8, 0.8, 0.8]).tolist()
    verdict.save(tmp_path)
    again = Verdict.load(tmp_path)
    assert again.survivor.tolist() == verdict.survivor.tolist()
    assert again.rule.tolist() == verdict.rule.tolist()
    assert not list(tmp_path.glob("*.half"))


def test_no_documents_no_trouble(tmp_path: Path):
    verdict = Verdict(0)
    verdict.settle()
    verdict.save(tmp_path)
    assert len(Verdict.load(tmp_path).rule) == 0
