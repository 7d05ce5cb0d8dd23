"""Folds: a document is never scored by a model that learned it.

An n-gram model finds what it learned anything but surprising (perplexity 6 for news that it gives 330 unseen), and a
classifier is sure of it. So a model is trained once per fold, on the documents of all other folds, and each text is
scored by the model of its own fold. The fold depends on the text alone: copies are in one, in any corpus.
"""

from __future__ import annotations

from hashlib import blake2b

from corpus.dedup import text_key


def fold_of(text: str, folds: int) -> int:
    """The fold of a text, 0 to `folds` - 1; equal for texts equal up to composition and white space."""
    return fold_of_key(text_key(text), folds)


def fold_of_key(key: bytes, folds: int) -> int:
    return 0 if folds == 1 else int.from_bytes(blake2b(key, digest_size=8, person=b"fold").digest(), "big") % folds


def learned_for(fold: int, folds: int) -> list[int]:
    """The folds whose documents the model of `fold` learns; a single fold learns itself."""
    return [0] if folds == 1 else [other for other in range(folds) if other != fold]
