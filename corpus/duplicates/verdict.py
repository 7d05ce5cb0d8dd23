"""Which documents are dropped as duplicates, by which step, and which kept document stands for each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from corpus.duplicates.mapped import mapped

STEPS = ("url", "exact", "minhash")  # the order in which documents are compared
KEPT = 0


class Verdict:
    """Three arrays, 13 bytes a document; a step sees only what the steps before it left.

    `survivor[d]` is d itself or an earlier document, `rule[d]` 0 or 1 + the number of the step that dropped d,
    `similarity[d]` is that to the survivor which MinHash found.
    """

    def __init__(self, documents: int) -> None:
        self.survivor = np.arange(documents)
        self.rule = np.zeros(documents, np.uint8)
        self.similarity = np.ones(documents, np.float32)

    def drop(self, step: str, pairs: np.ndarray) -> None:
        """Drop the documents pairs[:, 0] for the sake of pairs[:, 1]; int64 of shape (n, 2)."""
        self.survivor[pairs[:, 0]] = pairs[:, 1]
        self.rule[pairs[:, 0]] = 1 + STEPS.index(step)

    def drop_near(self, found: Iterable[tuple[int, int, float]]) -> None:
        """Drop (document, survivor, similarity) by MinHash."""
        for document, survivor, similarity in found:
            self.survivor[document], self.similarity[document] = survivor, similarity
            self.rule[document] = 1 + STEPS.index("minhash")

    def settle(self) -> None:
        """A survivor that a later step dropped gives way to its own, so that every survivor is kept.

        A copy of a near duplicate is as near as that one is.
        """
        for _ in STEPS:
            self.similarity = np.minimum(self.similarity, self.similarity[self.survivor])
            self.survivor = self.survivor[self.survivor]

    def write_live(self, path: Path) -> Path:
        """One byte a document, 1 where it is kept so far, written whole."""
        half = path.with_name(f"{path.name}.half")
        (self.rule == KEPT).tofile(half)
        half.replace(path)
        return path

    def save(self, folder: Path) -> None:
        """Write the arrays whole, for the workers that write the documents; they map them."""
        for name in ("survivor", "rule", "similarity"):
            half = folder / f"{name}.half"
            getattr(self, name).tofile(half)
            half.replace(folder / f"{name}.array")

    @classmethod
    def load(cls, folder: Path) -> Verdict:
        """The saved arrays, mapped."""
        found = cls(0)
        found.survivor = mapped(folder / "survivor.array", np.int64)
        found.rule = mapped(folder / "rule.array", np.uint8)
        found.similarity = mapped(folder / "similarity.array", np.float32)
        return found
