"""Shingles, signatures and clusters against what they stand for: exact Jaccard similarity."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from corpus.minhash import Scheme, Signatures, clusters, leaders, settings, shingles, sign, signer, words

SCHEME = Scheme(5, 14, 8)
SYLLABLES = [chr(code) for code in range(0xAC00, 0xAC00 + 4000, 7)]


def eojeol(choose: random.Random, count: int) -> list[str]:
    return ["".join(choose.choices(SYLLABLES, k=choose.randint(2, 4))) for _ in range(count)]


def changed(text: list[str], share: float, choose: random.Random) -> list[str]:
    return [eojeol(choose, 1)[0] if choose.random() < share else word for word in text]


def jaccard(one: str, other: str) -> float:
    a, b = set(words_runs(one)), set(words_runs(other))
    return len(a & b) / len(a | b)


def words_runs(text: str) -> list[tuple[str, ...]]:
    found = words(text)
    return [tuple(found[n : n + 5]) for n in range(max(1, len(found) - 4))]


def test_words_are_eojeol_without_punctuation_and_case():
    assert words("“한국어는 교착어로서,\n어절 단위로 띄어 쓴다.” The END 1,024") == [
        "한국어는", "교착어로서", "어절", "단위로", "띄어", "쓴다", "the", "end", "1", "024",
    ]  # fmt: skip
    assert words("한국") == words("\u1112\u1161\u11ab\u1100\u116e\u11a8")  # composed and decomposed are one text


def test_digits_tell_documents_apart():
    one, other = "제1조 이 법은 2019년 3월 1일부터 시행한다", "제1조 이 법은 2021년 9월 7일부터 시행한다"
    assert not set(shingles(one, 5).tolist()) & set(shingles(other, 5).tolist())


def test_shingles_are_the_distinct_runs_of_words():
    text = "가 나 다 라 마 바 가 나 다 라 마"
    assert len(shingles(text, 5)) == len(set(words_runs(text))) == 6
    assert not set(shingles("가 나 다", 5).tolist()) & set(shingles("다 나 가", 5).tolist())
    assert len(shingles("짧은 글", 5)) == 1
    assert len(shingles(" ... !", 5)) == 0
    assert shingles("A B C D E", 5).tolist() == shingles("a, b. c d e!", 5).tolist()


def test_signatures_are_those_of_datatrove_to_the_bit(tmp_path: Path):
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature

    ours = signer(tmp_path, SCHEME)
    theirs = MinhashDedupSignature(str(tmp_path), config=settings(SCHEME), language=ours.word_tokenizer)
    choose = random.Random(3)
    for count in (1, 7, 1024, 2500):  # below, at and above the size of a chunk
        found = np.array([[choose.getrandbits(64)] for _ in range(count)], np.uint64)
        assert ours.get_signature(found) == theirs.get_signature(found)


def signed(tmp_path: Path, files: list[list[str]]) -> tuple[list[Path], list[int]]:
    folders, starts, total = [], [], 0
    for number, texts in enumerate(files):
        folder = tmp_path / str(number)
        folder.mkdir(parents=True)
        starts.append(total)
        total += sign(texts, folder, number, SCHEME)
        folders.append(folder)
    return folders, starts


def test_precision_and_recall_against_exact_jaccard(tmp_path: Path):
    choose = random.Random(11)
    texts: list[str] = []
    for _ in range(120):
        base = eojeol(choose, choose.randint(80, 300))
        texts.append(" ".join(base))
        texts.extend(" ".join(changed(base, share, choose)) for share in (0.004, 0.015, 0.06, 0.2))
    folders, starts = signed(tmp_path, [texts[:250], texts[250:]])
    met = clusters(folders, starts, tmp_path, SCHEME, lambda done, total: None)
    signatures = Signatures(folders, starts, SCHEME.width)
    found = {d: (s, near) for group in met for d, s, near in leaders(group, signatures, SCHEME.threshold)}

    exact = {d: jaccard(texts[d], texts[s]) for d, (s, _) in found.items()}
    errors = [abs(exact[d] - near) for d, (_, near) in found.items()]
    right = sum(value >= SCHEME.threshold - 0.1 for value in exact.values())  # two standard deviations
    alike = [  # every document with an earlier one of its family that is clearly above the threshold
        n for n in range(len(texts))
        if any(jaccard(texts[n], texts[m]) >= 0.85 for m in range(n - n % 5, n))
    ]  # fmt: skip
    recall = sum(n in found for n in alike) / len(alike)
    assert len(found) > 150
    assert right / len(found) >= 0.99
    assert recall >= 0.95
    assert sum(errors) / len(errors) < 0.04
    assert all(s < d for d, (s, _) in found.items())


def test_a_chain_of_small_changes_drops_no_text_that_resembles_nothing_kept(tmp_path: Path):
    choose = random.Random(5)
    chain = [eojeol(choose, 400)]
    for _ in range(50):
        chain.append(changed(chain[-1], 0.01, choose))
    texts = [" ".join(text) for text in chain]
    folders, starts = signed(tmp_path, [texts])
    [group] = clusters(folders, starts, tmp_path, SCHEME, lambda done, total: None)
    dropped = {d: s for d, s, _ in leaders(group, Signatures(folders, starts, SCHEME.width), SCHEME.threshold)}
    assert jaccard(texts[0], texts[-1]) < 0.2
    assert len(texts) - len(dropped) > 2
    assert all(jaccard(texts[d], texts[s]) > 0.6 for d, s in dropped.items())
    assert not set(dropped) & set(dropped.values())


def test_files_without_documents_or_words_are_no_trouble(tmp_path: Path):
    folders, starts = signed(tmp_path, [[], ["...", "!!!", ""], ["가 나 다", "가 나 다"]])
    assert starts == [0, 0, 3]
    assert clusters(folders, starts, tmp_path, SCHEME, lambda done, total: None) == [[3, 4]]
    assert list(leaders([3, 4], Signatures(folders, starts, SCHEME.width), SCHEME.threshold)) == [(4, 3, 1.0)]


@pytest.mark.parametrize(("buckets", "hashes", "threshold"), [(14, 8, 0.719), (20, 5, 0.5493), (1, 1, 1.0)])
def test_threshold_follows_from_buckets_and_hashes(buckets: int, hashes: int, threshold: float):
    assert Scheme(5, buckets, hashes).threshold == threshold
