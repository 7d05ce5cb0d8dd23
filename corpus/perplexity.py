"""The stage `perplexity`: how surprising each document is to an n-gram model of good text (CCNet, Wenzek et al. 2020).

Two rounds. The first, which can be sharded, scores; the second, which needs every score for the quantiles, writes.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from corpus.config import Perplexity
from corpus.scores.folds import fold_of
from corpus.scores.kenlm import load
from corpus.scores.lmtext import Units, lines
from corpus.scores.scoring import (
    Chunk,
    Reason,
    Scores,
    Verdict,
    chunks,
    gather,
    quantile,
    quantiles,
    read_chunk,
    sort_chunk,
    write_scores,
)
from pipeline.context import Context
from pipeline.errors import InputError

BUCKETS = ("head", "middle", "tail")
FACTS = "ngram.json"
Cuts = tuple[float, float]


class Scorer:
    """A published n-gram model, asked for perplexities: one KenLM model per fold."""

    def __init__(self, folder: Path) -> None:
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            self.lang = str(facts["lang"])
            self._form = facts["form"]
            pieces = folder / facts["pieces"] if facts["pieces"] else None
            self._units = Units(facts["units"], pieces)
            self._models = [load(folder / name) for name in facts["models"]]
            if not self._models:
                raise ValueError("it names no model")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{folder} is not an n-gram model: {error}") from None

    def perplexity(self, text: str) -> float | None:
        """10 to the mean negative log10 probability per unit, the end of a paragraph counted as one.

        None for a text with nothing in it. Rounded to two digits, so that what is compared is what is stored.
        """
        model = self._models[fold_of(text, len(self._models))]
        total, count = 0.0, 0
        for line in lines(text, self._form):
            units = self._units.cut(line)
            total += model.score(" ".join(units))
            count += len(units) + 1
        return round(10 ** min(-total / count, 12.0), 2) if count else None


@lru_cache(maxsize=1)
def scorer(folder: str) -> Scorer:
    """One per worker: loading takes longer than scoring a document."""
    return Scorer(Path(folder))


def run(section: Perplexity, context: Context) -> dict[str, Any]:
    """Write `meta.perplexity` and `meta.perplexity_bucket` for documents in the model's language.

    Others pass as they are. Metrics: `cuts` (per corpus or source), `sources` with quantiles, documents and bytes per
    bucket, and the model's own `reference`. Raises ConfigError without KenLM, InputError for what is no model.
    """
    model = context.artifact("model")
    Scorer(model.path)  # before any worker starts
    units = chunks(context.artifact("documents"))
    scored = context.each_unit(units, partial(score, model=str(model.path)), name="scores")
    scores = Scores(scored)
    cuts = _cuts(section, scores)
    whole = list(zip(units, map(str, scored), strict=True))
    folders = context.each_unit(whole, partial(write, cuts=cuts, drop=tuple(section.drop)), name="documents")
    counts = gather(context, units, folders)
    if not len(scores.of()):
        context.event("warning", message=f"no document is in '{Scorer(model.path).lang}', the model's language")
    return _metrics(scores, cuts, counts, model.metrics)


def score(chunk: Chunk, folder: Path, model: str) -> None:
    """First round: the perplexities of one chunk, as arrays."""
    ask = scorer(model)
    values: list[float] = []
    sources: list[str] = []
    sizes: list[int] = []
    for document in read_chunk(chunk, ("text", "lang", "source")):
        value = ask.perplexity(document["text"]) if document["lang"] == ask.lang else None
        values.append(math.nan if value is None else value)
        sources.append(document["source"])
        sizes.append(len(document["text"].encode()))
    write_scores(folder, values, sources, sizes)


def write(unit: tuple[Chunk, str], folder: Path, cuts: dict[str, Cuts], drop: tuple[str, ...]) -> None:
    """Second round: the documents of one chunk with their bucket, kept or dropped."""
    chunk, scored = unit
    values = np.load(Path(scored) / "scores.npy", allow_pickle=False).tolist()

    def judge(place: int, document: dict[str, Any]) -> Verdict:
        value = values[place]
        if math.isnan(value):
            return Verdict({})
        low, high = cuts.get(document["source"]) or cuts[""]
        bucket = bucket_of(value, (low, high))
        meta = {"perplexity": value, "perplexity_bucket": bucket}
        limit = high if bucket == "tail" else low
        return Verdict(meta, Reason("perplexity", value, limit) if bucket in drop else None)

    sort_chunk(chunk, folder, "perplexity", judge)


def bucket_of(value: float, cuts: Cuts) -> str:
    return "head" if value <= cuts[0] else "middle" if value <= cuts[1] else "tail"


def _cuts(section: Perplexity, scores: Scores) -> dict[str, Cuts]:
    """Source -> cuts; "" is the whole corpus."""
    if section.cuts:
        return {"": section.cuts}
    names: list[str | None] = [None] if section.per == "corpus" else list(scores.names)
    found = {}
    for name in names:
        ordered = scores.of(name)
        if len(ordered):
            found[name or ""] = (quantile(ordered, section.head), quantile(ordered, section.middle))
    return found


def _metrics(
    scores: Scores, cuts: dict[str, Cuts], counts: dict[str, dict[str, int]], model: dict[str, Any]
) -> dict[str, Any]:
    table = scores.table()
    for name, row in table.items():
        low, high = cuts.get(name) or cuts[""]
        mine = scores.mine(name)
        values, sizes = scores.values[mine], scores.sizes[mine]
        masks = (values <= low, (values > low) & (values <= high), values > high)
        row["buckets"] = {
            bucket: {"documents": int(mask.sum()), "bytes": int(sizes[mask].sum())}
            for bucket, mask in zip(BUCKETS, masks, strict=True)
        }
    ordered = scores.of()
    return {
        "cuts": {name or "corpus": list(pair) for name, pair in cuts.items()},
        "scored": {"documents": len(ordered), **(quantiles(ordered) if len(ordered) else {})},
        "sources": {name: {**row, **counts[name]} for name, row in table.items()},
        "unscored": {name: row["read"] for name, row in counts.items() if name not in table},
        "reference": model.get("reference"),
    }
