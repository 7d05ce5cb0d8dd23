"""The stage `quality`: each document's score by a classifier of good text, and a floor for it if one is set."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from corpus.config import Quality
from corpus.scores.features import Linear
from corpus.scores.scoring import Chunk, Reason, Scores, Verdict, chunks, gather, quantiles, sort_chunk, write_scores
from pipeline.context import Context


@lru_cache(maxsize=1)
def reader(folder: str) -> Linear:
    """One per worker."""
    return Linear.read(Path(folder))


def run(section: Quality, context: Context) -> dict[str, Any]:
    """Write `meta.quality`, between 0 and 1, for documents in the classifier's language; others pass as they are.

    With `low`, a document below it goes to `dropped/` with rule `quality`. Metrics: `scored`, and per source the
    quantiles of the score, documents and bytes. Raises InputError for what is no classifier.
    """
    model = context.artifact("model")
    lang = Linear.read(model.path).lang  # before any worker starts
    units = chunks(context.artifact("documents"))
    folders = context.each_unit(units, partial(judge_chunk, model=str(model.path), low=section.low))
    scores = Scores(folders)
    counts = gather(context, units, folders)
    table = scores.table()
    ordered = scores.of()
    if not len(ordered):
        context.event("warning", message=f"no document is in '{lang}', the classifier's language")
    return {
        "low": section.low,
        "scored": {"documents": len(ordered), **(quantiles(ordered) if len(ordered) else {})},
        "sources": {name: {**row, **counts[name]} for name, row in table.items()},
        "unscored": {name: row["read"] for name, row in counts.items() if name not in table},
    }


def judge_chunk(chunk: Chunk, folder: Path, model: str, low: float | None) -> None:
    """The unit of work: one chunk's documents with their scores, kept or dropped."""
    linear = reader(model)
    values: list[float] = []
    sources: list[str] = []
    sizes: list[int] = []

    def judge(place: int, document: dict[str, Any]) -> Verdict:
        value = linear.score(document["text"]) if document["lang"] == linear.lang else None
        values.append(math.nan if value is None else value)
        sources.append(document["source"])
        sizes.append(len(document["text"].encode()))
        if value is None:
            return Verdict({})
        return Verdict({"quality": value}, Reason("quality", value, low) if low is not None and value < low else None)

    sort_chunk(chunk, folder, "quality", judge)
    write_scores(folder, values, sources, sizes)
