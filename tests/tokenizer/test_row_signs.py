"""What rows say: lengths, distances, and the direction that all rows share."""

import numpy as np
import pytest

from tests.tokenizer.conftest import model_with
from tokenizer.row_signs import both, common_direction, moved, norms, unused_distance


def rows(seed: int = 0, count: int = 200, hidden: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, hidden)).astype(np.float32)


@pytest.mark.parametrize("tied", [True, False])
def test_a_tied_model_has_one_matrix(tmp_path, tied):
    inputs, outputs = both(model_with(tmp_path / "toy", 50, tied))
    assert inputs.shape == outputs.shape == (50, 16) and (inputs is outputs) is tied


def test_moved_is_zero_only_for_equal_rows():
    start = rows()
    now = start.copy()
    now[3] *= 1.5
    now[4, 0] = np.nextafter(now[4, 0], np.float32(9))
    start[5] = now[5] = 0
    start[6] = 0
    found = moved(now, start)
    assert found[3] == pytest.approx(0.5, rel=1e-5) and 0 < found[4] < 1e-6 and found[6] == 1
    assert (np.delete(found, [3, 4, 6]) == 0).all()
    assert norms(now)[3] == pytest.approx(float(np.linalg.norm(now[3])), rel=1e-6)


def test_the_common_direction_is_the_first_singular_vector():
    matrix = rows() + 3 * np.eye(12, dtype=np.float32)[2]
    found = common_direction(matrix)
    wanted = np.linalg.svd(matrix.astype(np.float64))[2][0]
    assert abs(float(found @ wanted)) == pytest.approx(1, abs=1e-6)


def test_rows_like_the_untrained_ones_are_near_them():
    matrix = rows() + 5 * np.eye(12, dtype=np.float32)[2]  # all rows share this much
    drift = rows(9, 1)[0] * 2
    matrix[:20] = 5 * np.eye(12)[2] + drift + 0.1 * rows(3, 20)
    matrix[30] = 0
    found = unused_distance(matrix, np.arange(10))
    assert found[10:20].max() < 0.1 < 0.5 < np.nanmedian(found[40:])
    assert np.isnan(found[30]) and np.isfinite(np.delete(found, 30)).all()
