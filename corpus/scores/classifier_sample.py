"""What the classifier learns from: documents chosen by hash, evenly from the sources of each class, as hashed n-grams.

The features are on disk; in memory are the chosen texts' windows, once, and one batch.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.config import Classifier
from corpus.dedup import text_key
from corpus.documents import read_file
from corpus.scores.features import Linear, chance, hashed, named, windows
from corpus.scores.folds import fold_of_key
from pipeline.context import Context

CLASSES = ("good", "other")
BATCH = 512  # windows whose features are in memory at once
TOLD = 25  # n-grams shown for each class
READ_FOR_THEM = 600  # documents of each class that they are found in
Array = np.ndarray[Any, Any]


def share(sizes: Mapping[str, int], limit: int) -> dict[str, int]:
    """At most `limit` documents, as evenly from the sources as they have them."""
    quotas = {}
    left = limit
    for turn, (name, size) in enumerate(sorted(sizes.items(), key=lambda item: (item[1], item[0]))):
        quotas[name] = min(size, left // (len(sizes) - turn))
        left -= quotas[name]
    return quotas


def gather(path: str, folder: Path, section: Classifier, quotas: Mapping[str, int]) -> None:
    """The unit of work: of each source, the windows of the documents whose hashes are the smallest."""
    chosen: dict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    for row in read_file(Path(path), ("text", "source", "lang")):
        name = row["source"]
        if row["lang"] != section.lang or not quotas.get(name):
            continue
        entry = -int.from_bytes(text_key(row["text"]), "big")
        heap = chosen[name]
        if len(heap) == quotas[name] and entry <= heap[0][0]:
            continue
        if found := windows(row["text"], section.window, section.windows):
            (heapq.heappush if len(heap) < quotas[name] else heapq.heapreplace)(heap, (entry, found))
    with (folder / "sample.jsonl").open("w", encoding="utf-8") as file:
        for name in sorted(chosen):
            for entry, found in sorted(chosen[name], reverse=True):
                file.write(json.dumps([name, f"{-entry:032x}", found], ensure_ascii=False) + "\n")


@dataclass
class Sample:
    """The chosen documents, ordered by hash, and the features of their windows on disk."""

    sources: list[str]
    good: Array  # bool, (documents,)
    fold: Array  # (documents,)
    owner: Array  # (windows,): the document of a window
    edges: Array  # (windows + 1,): where its features begin
    features: Array  # uint32, memory-mapped
    texts: dict[str, list[str]]  # class -> first windows of some documents, for the reader

    @classmethod
    def read(
        cls, folders: Sequence[Path], quotas: Mapping[str, int], section: Classifier,
        classes: Mapping[str, Mapping[str, int]], work: Path,
    ) -> Sample:  # fmt: skip
        keys: dict[str, set[str]] = defaultdict(set)
        for name, key, _ in _rows(folders):
            keys[name].add(key)
        last = {name: sorted(found)[: quotas[name]][-1] for name, found in keys.items()}
        rows: dict[tuple[str, str], list[str]] = {}
        for name, key, found in _rows(folders):
            if key <= last[name]:
                rows.setdefault((key, name), found)
        sources: list[str] = []
        good: list[bool] = []
        fold: list[int] = []
        owner: list[int] = []
        edges = [0]
        texts: dict[str, list[str]] = {kind: [] for kind in CLASSES}
        with (work / "features.u32").open("wb") as file:
            for key, name in sorted(rows):
                kind = "good" if name in classes["good"] else "other"
                for window in rows[key, name]:
                    made = hashed(window, section.bits)
                    file.write(made.tobytes())
                    owner.append(len(sources))
                    edges.append(edges[-1] + len(made))
                if len(texts[kind]) < READ_FOR_THEM:
                    texts[kind].append(rows[key, name][0])
                sources.append(name)
                good.append(kind == "good")
                fold.append(fold_of_key(bytes.fromhex(key), section.folds))
        features = np.memmap(work / "features.u32", np.uint32, "r") if edges[-1] else np.empty(0, np.uint32)
        whose = np.array(owner, np.int64), np.array(edges, np.int64)
        return cls(sources, np.array(good, np.bool_), np.array(fold, np.int64), *whose, features, texts)

    def of(self, source: str) -> Array:
        return np.array([name == source for name in self.sources], np.bool_)

    def learn(self, learned: Array, section: Classifier, context: Context) -> tuple[Array, float]:
        """Weights (float32) and intercept from the documents of the mask; both classes weigh the same."""
        from sklearn.linear_model import SGDClassifier

        per = np.bincount(self.owner, minlength=len(self.good))
        weight = np.where(learned, 1.0 / np.maximum(per, 1), 0.0)
        for kind in (self.good, ~self.good):
            weight[kind] /= max((learned & kind).sum(), 1)
        chosen = np.flatnonzero(learned[self.owner])
        weight = weight[self.owner] * len(chosen) / 2
        model = SGDClassifier(
            loss="log_loss", alpha=section.decay, learning_rate="optimal", average=True, random_state=section.seed
        )
        choose = np.random.default_rng(section.seed)
        for epoch in range(section.epochs):
            order = choose.permutation(chosen)
            for start in range(0, len(order), BATCH):
                context.stop_if_asked()
                rows = order[start : start + BATCH]
                target = self.good[self.owner[rows]]
                model.partial_fit(self._matrix(rows, section.bits), target, [False, True], weight[rows])
            context.progress(epoch + 1, section.epochs, "epochs")
        return model.coef_[0].astype(np.float32), round(float(model.intercept_[0]), 6)

    def _matrix(self, rows: Array, bits: int) -> Any:
        from scipy.sparse import csr_matrix

        sizes = self.edges[rows + 1] - self.edges[rows]
        indices = np.concatenate([self.features[self.edges[row] : self.edges[row + 1]] for row in rows.tolist()])
        data = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        return csr_matrix((data, indices.astype(np.int32), pointers.astype(np.int32)), (len(rows), 1 << bits))

    def scores(self, weights: Array, intercept: float, chosen: Array) -> Array:
        """One score per document of the mask, in order, as `Linear.score` gives it."""
        judge = Linear(weights[None], [intercept], "", 1, 1)
        margins: dict[int, list[float]] = {document: [] for document in np.flatnonzero(chosen).tolist()}
        for window in np.flatnonzero(chosen[self.owner]).tolist():
            features = self.features[self.edges[window] : self.edges[window + 1]]
            margins[int(self.owner[window])].append(judge.margin(features, 0))
        return np.array([chance(found) for found in margins.values()], np.float64)

    def telling(self, weights: Array, bits: int) -> dict[str, list[dict[str, Any]]]:
        """The n-grams that say most of the documents there are: weight times how much oftener one class holds it."""
        held: dict[str, Counter[str]] = {}
        places: dict[str, int] = {}
        for kind, texts in self.texts.items():
            held[kind] = Counter()
            for text in texts:
                found = named(text, bits)
                places.update(found)
                held[kind].update(found.keys())
        total = {kind: max(1, len(texts)) for kind, texts in self.texts.items()}
        told = {}
        for kind, against, sign in (("good", "other", 1.0), ("other", "good", -1.0)):
            said = {
                name: sign * float(weights[places[name]]) * (count / total[kind] - held[against][name] / total[against])
                for name, count in held[kind].items()
                if count >= max(3, 0.01 * total[kind]) and sign * weights[places[name]] > 0
            }
            best = sorted(said, key=lambda name: (-said[name], name))[:TOLD]
            told[kind] = [
                {
                    "ngram": name,
                    "weight": round(float(weights[places[name]]), 3),
                    **{one: round(held[one][name] / total[one], 4) for one in CLASSES},
                }
                for name in best
            ]
        return told


def _rows(folders: Sequence[Path]) -> Iterator[tuple[str, str, list[str]]]:
    for folder in folders:
        with (folder / "sample.jsonl").open(encoding="utf-8") as file:
            for line in file:
                name, key, found = json.loads(line)
                yield name, key, found
