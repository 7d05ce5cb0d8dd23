from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from corpus.duplicates.mapped import mapped


def test_a_file_written_anew_is_read_anew(tmp_path: Path):
    path = tmp_path / "numbers"
    np.arange(5, dtype=np.uint32).tofile(path)
    assert mapped(path, np.uint32).tolist() == [0, 1, 2, 3, 4]
    assert mapped(path, np.uint32) is mapped(path, "<u4")
    assert mapped(path, np.uint8).tolist()[:5] == [0, 0, 0, 0, 1]
    (tmp_path / "half").write_bytes(b"")
    (tmp_path / "half").replace(path)
    assert mapped(path, np.uint32).tolist() == []


def test_it_cannot_be_written_to(tmp_path: Path):
    np.arange(5).tofile(tmp_path / "numbers")
    with pytest.raises(ValueError, match="read-only"):
        mapped(tmp_path / "numbers", np.int64)[0] = 1
