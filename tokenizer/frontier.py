"""The stage `frontier`: vocabulary size against tokens, parameters and speed, and where more pieces stop paying.

Pieces stand in rank order, so a smaller vocabulary is a prefix of a larger one: each size is grown from the base and
measured on held-out text, without any weights. The measures are those of Ahia et al. 2023 ("Do All Languages Cost the
Same?") and Petrov et al. 2023 ("Language Model Tokenizers Introduce Unfairness Between Languages"): tokens per
character, per eojeol, per byte, and how many more tokens than English the same content takes.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.documents import files, read_file
from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer.bpe import read_tokenizer, size, spelling
from tokenizer.config import Frontier
from tokenizer.cost import SERVE, TRAIN, Shape
from tokenizer.intervals import Sums, estimate
from tokenizer.measure import PER, Parallel, Texts, encode, joined, over, premium, rates, sums_of
from tokenizer.merges import grow
from tokenizer.parallel import pairs
from tokenizer.pieces import read_pieces

if TYPE_CHECKING:
    from tokenizer.train import Piece

COLUMNS = "size\tscope\tname\tmeasure\tvalue\tlow\thigh"


def run(section: Frontier, context: Context) -> dict[str, Any]:
    """Measure every size; publish `frontier.tsv`.

    Metrics: `rows` (one per size: vocabulary, parameters, flops, speed, by language and source), `gains` per doubling,
    `knee`. Raises InputError where there is no text to measure or no pair of `parallel` is there.
    """
    from tokenizers import Tokenizer

    model = context.artifact("model").path / "model"
    found = read_tokenizer(model / "tokenizer.json")
    shape = Shape.of(model)
    if size(found) > shape.rows:
        raise InputError(f"{model}: tokenizer.json has ids up to {size(found) - 1}, the checkpoint {shape.rows} rows")
    spelled = spelling(found, model / "tokenizer.json")
    pieces = list(read_pieces(context.artifact("pieces")))
    lang = str(context.artifact("pieces").metrics.get("lang", "ko"))
    held = heldout(context.artifact("documents"), section.max_bytes)
    if not any(one.lang == lang for one in held):
        raise InputError(f"{context.artifact('documents').path} holds no '{lang}' text to measure on")
    parallel = _parallel(section, context)
    sizes = [0, *_sizes(section.sizes, len(pieces))]
    tables = []
    for number, wanted in enumerate(sizes):
        context.stop_if_asked()
        context.progress(number, len(sizes), "sizes")
        vocabulary, padded, added, tokenizer = shape.rows, shape.rows, 0, found
        if wanted:
            tokenizer, added, padded = _grown(found, spelled, pieces[:wanted], shape.rows, section.pad_to)
            vocabulary = shape.rows + added
        _count(Tokenizer.from_str(json.dumps(tokenizer)), held, parallel)
        tables.append({"pieces": wanted, "added": added, "vocabulary": vocabulary, "padded": padded})
    metrics = measured(tables, held, parallel, shape, lang, section.gain)
    _write(context.path / "frontier.tsv", metrics)
    read = sum(len(one.texts) for one in held)
    context.counts.update(read=read, kept=read, dropped=0, failed=0)
    return metrics


def _grown(
    base: dict[str, Any], spelled: Any, pieces: Sequence[Piece], first: int, pad_to: int
) -> tuple[dict[str, Any], int, int]:
    """The tokenizer with these pieces, how many ids it has more, and its padded size."""
    tokenizer, growth, padded = grow(base, spelled, pieces, first, pad_to)
    return tokenizer, len(growth.new_tokens), padded


def _sizes(wanted: Sequence[int], learned: int) -> list[int]:
    """The sizes asked for up to what was learned, and that."""
    return [*(one for one in wanted if one < learned), learned]


def heldout(artifact: Artifact, most: int) -> list[Texts]:
    """Held-out documents per source, whole ones up to `most` bytes; of documents without a split, any."""
    found: dict[tuple[str, str], Texts] = {}
    taken: Counter[tuple[str, str]] = Counter()
    for path in files(artifact, "heldout") or files(artifact, "train"):
        for document in read_file(path, ("text", "source", "lang")):
            name = (document["source"], document["lang"])
            one = found.setdefault(name, Texts(*name))
            if document["text"].strip() and taken[name] < most:
                one.add(document["text"])
                taken[name] += one.bytes[-1]
    held = [one for _, one in sorted(found.items()) if one.texts]
    twice = Counter(one.source for one in held)
    for one in held:
        one.source = one.source if twice[one.source] == 1 else f"{one.source} ({one.lang})"
    return held


def _parallel(section: Frontier, context: Context) -> list[Parallel]:
    """Held-out documents of the first source of each pair with their counterparts, held out or not, of the second.

    A pair without a document in common is left out with a warning, as a source may have been dropped on the way.
    """
    artifact = context.artifact("documents")
    held = files(artifact, "heldout") or files(artifact, "train")
    every = list(dict.fromkeys([*held, *files(artifact, "train")]))
    found = []
    for names in sorted(section.parallel.items()):
        first, second = _of(held, names[0]), _of(every, names[1])
        made = Parallel(names, list(pairs(first, second, section.max_bytes)))
        if made.texts:
            found.append(made)
            continue
        missing = [name for name, paths in zip(names, (first, second), strict=True) if not paths]
        why = f"there is no source {' or '.join(missing)}" if missing else "no two documents have the same path"
        context.event("warning", message=f"frontier.parallel leaves out {': '.join(names)}, for {why}")
    if section.parallel and not found:
        raise InputError(f"no pair of frontier.parallel has a document in common in {artifact.path}")
    return found


def _of(paths: list[Path], source: str) -> list[Path]:
    """The files of one source: those named after it, or after it and a number."""
    return [path for path in paths if path.stem == source or path.stem.endswith(f"-{source}")]


def _count(tokenizer: Any, held: list[Texts], parallel: list[Parallel]) -> None:
    for one in held:
        one.tokens.append([len(ids) for ids in encode(tokenizer, one.texts)])
    for two in parallel:
        sides = [[len(ids) for ids in encode(tokenizer, [pair[side] for pair in two.texts])] for side in (0, 1)]
        two.tokens.append((sides[0], sides[1]))


def measured(
    tables: list[dict[str, Any]], held: list[Texts], parallel: list[Parallel], shape: Shape, lang: str, gain: float
) -> dict[str, Any]:
    """Everything that the tokens, the shape and the rule say."""
    by_lang = {name: joined([one for one in held if one.lang == name]) for name in sorted({one.lang for one in held})}
    sums = {name: sums_of(one) for name, one in by_lang.items()}
    languages = {name: rates(by_lang[name], sums[name], len(tables)) for name in by_lang}
    sources = {one.source: rates(one, sums_of(one), len(tables)) for one in held}
    premiums = {"/".join(two.names): premium(two) for two in parallel}
    rows = []
    for number, table in enumerate(tables):
        rows.append({
            **table,
            "parameters": shape.parameters(table["padded"]),
            "languages": {name: one[number] | _speed(one, number, tables, shape) for name, one in languages.items()},
            "sources": {name: one[number] for name, one in sources.items()},
            "premium": {name: found[number] for name, found in premiums.items()},
        })  # fmt: skip
    gains = _gains(tables, sums[lang], shape, len(by_lang[lang].texts))
    return {
        "lang": lang,
        "base": {"rows": shape.rows, "hidden": shape.hidden, "body": shape.body, "tied": shape.tied},
        "rows": rows,
        "gains": gains,
        "knee": knee(gains, tables[-1]["pieces"], gain),
        "samples": {
            **{name: _sample(one) | {"lang": name} for name, one in by_lang.items()},
            "sources": {one.source: _sample(one) | {"lang": one.lang} for one in held},
            "parallel": {"/".join(two.names): {"pairs": len(two.texts)} for two in parallel},
        },
    }


def _speed(found: list[dict[str, Any]], number: int, tables: list[dict[str, Any]], shape: Shape) -> dict[str, Any]:
    """FLOPs for a character, how much faster than the base that is, and the characters that fit into a context."""
    here, there = (found[k]["tokens_per_character"]["value"] for k in (number, 0))
    now, then = (shape.flops(tables[k]["padded"], SERVE) for k in (number, 0))
    return {
        "serve_flops_per_character": round(here * now),
        "train_flops_per_character": round(here * shape.flops(tables[number]["padded"], TRAIN)),
        "speed": round(there * then / (here * now), 6) if here else None,
        "context_characters": round(shape.positions / here) if shape.positions and here else None,
    }


def _gains(tables: list[dict[str, Any]], sums: Sums, shape: Shape, documents: int) -> list[dict[str, Any]]:
    """From each size to the next: how many more characters a FLOP buys, per doubling of the pieces."""
    found = []
    for number in range(1, len(tables) - 1):
        one, two = tables[number], tables[number + 1]
        doublings = math.log2(two["pieces"] / one["pieces"])
        cost = shape.flops(one["padded"], SERVE) / shape.flops(two["padded"], SERVE)
        at = len(PER) + number
        drawn = (cost * over(sums.drawn[:, at], sums.drawn[:, at + 1])) ** (1 / doublings) - 1
        value = (cost * sums.whole[at] / max(1, sums.whole[at + 1])) ** (1 / doublings) - 1
        found.append({"from": one["pieces"], "to": two["pieces"], **estimate(value, drawn, documents)})
    return found


def knee(gains: Sequence[Mapping[str, Any]], largest: int, gain: float) -> dict[str, Any]:
    """The smallest size whose next doubling gains less than `gain`; where every one gains more, the largest, `open`.

    `clear` is false where the interval of that gain reaches over the limit.
    """
    for one in gains:
        if one["value"] < gain:
            clear = one["high"] is not None and one["high"] < gain
            return {"pieces": one["from"], "rule": gain, "next": one["value"], "open": False, "clear": clear}
    return {"pieces": largest, "rule": gain, "next": None, "open": True, "clear": False}


def _sample(one: Texts) -> dict[str, Any]:
    return {"documents": len(one.texts), **{name: sum(getattr(one, name)) for name in PER}}


def _write(path: Path, metrics: Mapping[str, Any]) -> None:
    """The figures with intervals as a flat table, for plots of one's own."""
    lines = [COLUMNS]
    for row in metrics["rows"]:
        for scope in ("languages", "sources", "premium"):
            for name, found in row[scope].items():
                measures = {"premium": found} if scope == "premium" else found
                for measure, one in measures.items():
                    if isinstance(one, dict):
                        shown = ["" if one[key] is None else str(one[key]) for key in ("value", "low", "high")]
                        lines.append("\t".join([str(row["pieces"]), scope, name, measure, *shown]))
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    temporary.replace(path)
