"""Joins by range against the same done with a dictionary."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import corpus.duplicates.joins
from corpus.duplicates.joins import Keys, find_copies, groups, read_copies, write_keys


def made(tmp_path: Path, choose: random.Random, words: int) -> tuple[Keys, list[tuple[int, ...]]]:
    folders, starts, everything = [], [], []
    for unit in range(4):
        folder = tmp_path / str(unit)
        folder.mkdir()
        keys = [tuple(choose.choice((7, 1 << 40, (1 << 64) - 1)) for _ in range(words)) for _ in range(unit * 9)]
        write_keys(folder, "exact", np.array(keys, np.uint64).reshape(-1, words).T, np.arange(len(keys)))
        folders.append(folder)
        starts.append(len(everything))
        everything.extend(keys)
    return Keys(tuple(folders), tuple(starts), "exact", words), everything


@pytest.mark.parametrize("records", [1, 10, 1 << 21])
def test_every_copy_names_the_first_whatever_the_ranges(tmp_path: Path, monkeypatch, records: int):
    monkeypatch.setattr(corpus.duplicates.joins, "RECORDS", records)
    choose = random.Random(4)
    keys, everything = made(tmp_path, choose, 2)
    live = np.array([choose.random() < 0.8 for _ in everything])
    live.tofile(tmp_path / "live")
    ranges = keys.ranges()
    assert len(ranges) == max(1, -(-len(everything) // records))
    folders = []
    for number, span in enumerate(ranges):
        folders.append(tmp_path / f"range{number}")
        folders[-1].mkdir()
        find_copies(span, folders[-1], keys, tmp_path / "live")
    first: dict[tuple[int, ...], int] = {}
    expected = set()
    for number, key in enumerate(everything):
        if live[number] and first.setdefault(key, number) != number:
            expected.add((number, first[key]))
    found = [tuple(pair) for pair in read_copies(folders).tolist()]
    assert len(found) == len(set(found)) > 10
    assert set(found) == expected


def test_groups_of_sorted_keys():
    assert groups(np.empty((2, 0), np.uint64)).tolist() == [0]
    assert groups(np.array([[1, 1, 1, 2], [5, 5, 6, 6]], np.uint64)).tolist() == [0, 2, 3, 4]
