"""Signatures, records, pairs and clusters against what they stand for: exact Jaccard similarity."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import corpus.duplicates.minhash
from corpus.duplicates.jaccard import jaccard, similar_pairs
from corpus.duplicates.minhash import (
    NONE,
    Scheme,
    Signed,
    batches,
    clusters,
    leaders,
    meetings,
    pair,
    quiet,
    settings,
    sign,
    signatures,
)
from corpus.duplicates.shingles import shingles

SCHEME = Scheme(5, 14, 8)
SYLLABLES = [chr(code) for code in range(0xAC00, 0xAC00 + 4000, 7)]


def eojeol(choose: random.Random, count: int) -> list[str]:
    return ["".join(choose.choices(SYLLABLES, k=choose.randint(2, 4))) for _ in range(count)]


def changed(text: list[str], share: float, choose: random.Random) -> list[str]:
    return [eojeol(choose, 1)[0] if choose.random() < share else word for word in text]


def sets(texts: list[str], scheme: Scheme = SCHEME) -> list[np.ndarray]:
    return [np.unique(shingles([text], scheme.ngram, scheme.shingle)[0]) for text in texts]


def signed(tmp_path: Path, files: list[list[str]], scheme: Scheme = SCHEME) -> Signed:
    folders, starts, total = [], [], 0
    for number, texts in enumerate(files):
        folders.append(tmp_path / str(number))
        folders[-1].mkdir(parents=True)
        starts.append(total)
        total += sign(texts, folders[-1], scheme)
    np.ones(total, bool).tofile(tmp_path / "live")
    return Signed(tuple(folders), tuple(starts), scheme)


def groups(tmp_path: Path, found: Signed) -> list[list[int]]:
    place = tmp_path / "met"
    place.mkdir()
    pair(range(found.scheme.buckets), place, found, tmp_path / "live")
    return list(clusters([place], tmp_path / "joined", found.scheme))


def test_a_signature_is_the_smallest_of_each_permutation():
    choose = random.Random(3)
    values = np.array([choose.getrandbits(64) for _ in range(900)], np.uint64)
    firsts = np.array([0, 1, 1, 8, 900])
    found = signatures(values, firsts, 112)
    drawn = np.random.RandomState(1).randint(0, 1 << 31, 112, dtype=np.uint32).tolist()
    for text, (begin, end) in enumerate(zip(firsts[:-1].tolist(), firsts[1:].tolist(), strict=True)):
        high = [value >> 32 for value in values[begin:end].tolist()]
        for number, half in enumerate(drawn):
            factor = 2 * half + 1
            assert found[number, text] == min((value * factor % (1 << 32) for value in high), default=NONE)


@pytest.mark.parametrize("similarity", [0.3, 0.6, 0.9])
def test_equal_hashes_estimate_jaccard_without_bias(similarity: float):
    generator = np.random.default_rng(8)
    size, errors = 200, []
    shared = round(2 * size * similarity / (1 + similarity))
    for _ in range(60):
        values = generator.integers(0, 1 << 63, 2 * size - shared, dtype=np.uint64)
        both = np.concatenate([values[:size], values[-size:]])
        one, other = signatures(both, np.array([0, size, 2 * size]), 112).T
        errors.append((one == other).mean() - shared / len(values))
    assert abs(np.mean(errors)) < 0.018
    assert np.std(errors) == pytest.approx((similarity * (1 - similarity) / 112) ** 0.5, rel=0.35)


def test_batches_change_no_signature(tmp_path: Path, monkeypatch):
    choose = random.Random(1)
    texts = [" ".join(eojeol(choose, count)) for count in (0, 3, 500, 40, 0, 7)]
    assert [len(batch) for batch in batches(texts, 200)] == [2, 1, 3]
    assert [text for batch in batches(texts, 200) for text in batch] == texts
    one = signed(tmp_path / "one", [texts])
    monkeypatch.setattr(corpus.duplicates.minhash, "batches", partial(batches, size=10))
    two = signed(tmp_path / "two", [texts])
    for document in range(len(texts)):
        assert one.row(document).tolist() == two.row(document).tolist()
        assert one.content(document) == two.content(document)


def test_records_are_datatrove_s_and_leave_out_only_those_that_meet_nobody(tmp_path: Path, monkeypatch):
    from datatrove.io import get_datafolder
    from datatrove.pipeline.dedup.minhash import MinhashDedupBuckets, read_sigs

    choose = random.Random(6)
    bases = [eojeol(choose, 60) for _ in range(40)]
    texts = [" ".join(changed(base, 0.01, choose)) for base in bases for _ in range(3)] + ["...", "", "..."]
    found = signed(tmp_path, [texts[:50], [], texts[50:]])
    live = np.array([choose.random() < 0.9 for _ in texts])
    pairs = {}
    for part in (1 << 20, 7):
        monkeypatch.setattr(corpus.duplicates.minhash, "PART", part)
        made = meetings(found, 3, live)
        pairs[part] = made.tobytes()
    assert pairs[7] == pairs[1 << 20]

    everything = np.empty(int(live[:-3].sum()), made.dtype)
    everything["document"] = np.flatnonzero(live[:-3])
    everything["hashes"] = [found.row(d).reshape(14, 8)[3] for d in everything["document"]]
    whole = sorted((tuple(row["hashes"].tolist()), int(row["document"])) for row in everything)
    written = {}
    for name, records in (("whole", np.array(whole, made.dtype)), ("met", made)):
        place = tmp_path / name / "bucket_003"
        place.mkdir(parents=True)
        records.tofile(place / "00000.minhash.sig")
        with quiet():
            MinhashDedupBuckets(str(place.parent), str(tmp_path / f"{name}.pairs"), config=settings(SCHEME)).run(
                None, 3, 14
            )
        written[name] = (tmp_path / f"{name}.pairs" / "00003_00.dups").read_bytes()
    assert written["met"] == written["whole"] != b""
    file = get_datafolder(str(tmp_path / "met")).open("bucket_003/00000.minhash.sig", "rb")
    read = [(record.sig, record.doc_id) for record in read_sigs(file, 0, settings(SCHEME))]
    hashes = [sig for sig, _ in read]
    assert 20 < len(read) < len(whole)
    assert read == [record for record in whole if [sig for sig, _ in whole].count(record[0]) > 1]
    assert all(hashes.count(sig) > 1 for sig in hashes)


@pytest.mark.parametrize("scheme", [SCHEME, Scheme(12, 14, 8, "character")])
def test_precision_and_recall_against_exact_jaccard(tmp_path: Path, scheme: Scheme):
    choose = random.Random(11)
    texts: list[str] = []
    for _ in range(120):
        base = eojeol(choose, choose.randint(80, 300))
        texts.append(" ".join(base))
        texts.extend(" ".join(changed(base, share, choose)) for share in (0.004, 0.015, 0.06, 0.2))
    found = signed(tmp_path, [texts[:250], texts[250:]], scheme)
    dropped = {d: (s, near) for group in groups(tmp_path, found) for d, s, near in leaders(group, found)}

    words = sets(texts, scheme)
    exact = {d: jaccard(words[d], words[s]) for d, (s, _) in dropped.items()}
    errors = [abs(exact[d] - near) for d, (_, near) in dropped.items()]
    right = sum(value >= scheme.threshold - 0.1 for value in exact.values())  # two standard deviations
    alike = {b for a, b in similar_pairs(words, 0.85)}
    assert len(dropped) > 150
    assert right / len(dropped) >= 0.99
    assert len(alike & set(dropped)) / len(alike) >= 0.95
    assert sum(errors) / len(errors) < 0.04
    assert all(s < d for d, (s, _) in dropped.items())


def test_a_chain_of_small_changes_drops_no_text_that_resembles_nothing_kept(tmp_path: Path):
    choose = random.Random(5)
    chain = [eojeol(choose, 400)]
    for _ in range(50):
        chain.append(changed(chain[-1], 0.01, choose))
    texts = [" ".join(text) for text in chain]
    found = signed(tmp_path, [texts])
    [group] = groups(tmp_path, found)
    dropped = {d: s for d, s, _ in leaders(group, found)}
    words = sets(texts)
    assert jaccard(words[0], words[-1]) < 0.2
    assert len(texts) - len(dropped) > 2
    assert all(jaccard(words[d], words[s]) > 0.6 for d, s in dropped.items())
    assert not set(dropped) & set(dropped.values())


@pytest.mark.parametrize("keep_numbers", [True, False])
def test_a_text_that_differs_in_numbers_alone_may_be_kept(tmp_path: Path, keep_numbers: bool):
    words = eojeol(random.Random(9), 120)
    texts = [" ".join([*words[:60], year, *words[60:]]) for year in ("2019년", "2021년", "2019년 3월에", "2021년,")]
    found = signed(tmp_path, [texts], Scheme(5, 14, 8, keep_numbers=keep_numbers))
    dropped = [(d, s) for group in groups(tmp_path, found) for d, s, _ in leaders(group, found)]
    assert dropped == ([(2, 0), (3, 1)] if keep_numbers else [(1, 0), (2, 0), (3, 0)])


def test_spacing_counts_for_eojeol_and_not_for_characters(tmp_path: Path):
    words = eojeol(random.Random(2), 60)
    apart, together = " ".join(words), " ".join(one + two for one, two in zip(words[::2], words[1::2], strict=True))
    assert not groups(tmp_path, signed(tmp_path, [[apart, together]]))
    other = tmp_path / "characters"
    assert groups(other, signed(other, [[apart, together]], Scheme(16, 14, 8, "character"))) == [[0, 1]]


def test_files_without_documents_or_words_are_no_trouble(tmp_path: Path):
    found = signed(tmp_path, [[], ["...", "!!!", ""], ["가 나 다", "가 나 다"]])
    assert found.starts == (0, 0, 3)
    assert groups(tmp_path, found) == [[3, 4]]
    assert list(leaders([3, 4], found)) == [(4, 3, 1.0)]
    nothing = tmp_path / "nothing"
    assert groups(nothing, signed(nothing, [[]])) == []


@pytest.mark.parametrize(("buckets", "hashes", "threshold"), [(14, 8, 0.719), (20, 5, 0.5493), (1, 1, 1.0)])
def test_threshold_follows_from_buckets_and_hashes(buckets: int, hashes: int, threshold: float):
    assert Scheme(5, buckets, hashes).threshold == threshold
