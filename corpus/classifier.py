"""The stage `classifier`: learns to tell good text from other text of the corpus, and says how far it can be trusted.

A logistic model over hashed n-grams (`corpus.scores.features`) by stochastic gradient descent. It is judged on
documents it did not learn, chosen by hash, and, source by source, by models that never saw the source: a classifier
that only knows the topics of its sources fails there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from corpus.config import Classifier
from corpus.documents import files, read_file
from corpus.scores.classifier_sample import CLASSES, Sample, gather, share
from corpus.scores.features import FACTS, WEIGHTS, Linear
from corpus.scores.judged import auc, judged, share_of
from pipeline.context import Context
from pipeline.errors import InputError


def run(section: Classifier, context: Context) -> dict[str, Any]:
    """Train on `good` against `other`; writes weights.npz and classifier.json, read without executing anything.

    Metrics: `heldout` {auc, precision, recall, ... at `threshold`; precision is also given for classes of equal size},
    `left_out` {source: its share above the threshold by a model that never saw it, and auc}, `telling` n-grams.
    Raises InputError where a source is not there or a class has too few documents.
    """
    paths = files(context.artifact("documents"), "train")
    present = _present(paths, section.lang)
    classes = _classes(section, present)
    quotas = {name: quota for held in classes.values() for name, quota in share(held, section.limit).items()}
    units = [str(path) for path in paths]
    folders = context.each_unit(units, partial(gather, section=section, quotas=quotas))
    sample = Sample.read(folders, quotas, section, classes, context.work)
    _enough(sample, section.folds)
    weights, intercepts = [], []
    scores = np.full(len(sample.good), np.nan)
    for fold in range(section.folds):
        row, intercept = sample.learn(sample.fold != fold, section, context)
        weights.append(row)
        intercepts.append(intercept)
        scores[sample.fold == fold] = sample.scores(row, intercept, sample.fold == fold)
    keep(Linear(np.stack(weights), intercepts, section.lang, section.window, section.windows), context)
    read, kept = sum(present[name] for name in quotas), len(scores)
    context.counts.update(read=read, kept=kept, dropped=read - kept, failed=0)
    return {
        "classes": {
            kind: {
                name: {
                    "documents": present[name],
                    "learned": int(sample.of(name).sum()),
                    "above": share_of(scores[sample.of(name)] >= section.threshold),
                }
                for name in sorted(names)
            }
            for kind, names in classes.items()
        },
        "heldout": judged(scores[sample.good], scores[~sample.good], section.threshold),
        "left_out": _left_out(sample, section, classes, context) if section.cross else {},
        "telling": sample.telling(np.mean(weights, axis=0), section.bits),
    }


def keep(model: Linear, context: Context) -> None:
    """Write the model's files among the scratch, and rename them into the artifact."""
    model.save(context.work)
    for name in (WEIGHTS, FACTS):
        (context.work / name).replace(context.path / name)


def _present(paths: Sequence[Path], lang: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in paths:
        found.update(row["source"] for row in read_file(path, ("source", "lang")) if row["lang"] == lang)
    return found


def _classes(section: Classifier, present: Mapping[str, int]) -> dict[str, dict[str, int]]:
    other = section.other or sorted(set(present) - set(section.good))
    for name in (*section.good, *other):
        if name not in present:
            known = ", ".join(sorted(present)) or "none"
            raise InputError(f"no document of the source '{name}' is in '{section.lang}'; there are {known}")
    if not other:
        raise InputError("every source is good, so there is nothing to tell it from")
    return {
        kind: {name: present[name] for name in names}
        for kind, names in zip(CLASSES, (section.good, other), strict=True)
    }


def _enough(sample: Sample, folds: int) -> None:
    for kind, mask in (("good", sample.good), ("other", ~sample.good)):
        if len(set(sample.fold[mask].tolist())) < folds:
            raise InputError(f"the class '{kind}' has too few documents ({mask.sum()}) for {folds} folds")


def _left_out(
    sample: Sample, section: Classifier, classes: Mapping[str, Mapping[str, int]], context: Context
) -> dict[str, dict[str, Any]]:
    """Each source of a class that has others, judged whole by a model that learned everything else but fold 0."""
    found = {}
    for kind, names in classes.items():
        for name in sorted(names) if len(names) > 1 else ():
            mine = sample.of(name)
            if not mine.any():
                continue
            against = (sample.fold == 0) & (sample.good != (kind == "good"))
            model = sample.learn((sample.fold != 0) & ~mine, section, context)
            seen, unseen = sample.scores(*model, against), sample.scores(*model, mine)
            found[name] = {
                "class": kind,
                "documents": int(mine.sum()),
                "above": share_of(unseen >= section.threshold),
                "auc": round(auc(unseen, seen) if kind == "good" else auc(seen, unseen), 4),
            }
    return found
