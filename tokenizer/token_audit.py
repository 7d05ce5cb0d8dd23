"""The stage `tokens`: which added pieces training never saw, saw rarely, or left where they started.

Reach is counted in the packed train streams. A piece that never stands there is a part, if a longer piece made of it
does, and dead if none does. Whether it was trained is read from the rows (tokenizer.row_signs).
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifact import Artifact, file_sha256
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer.bpe import Spelling, byte_characters, read_tokenizer, spelling
from tokenizer.config import Tokens
from tokenizer.embed import read_json, rows
from tokenizer.pack import Stream
from tokenizer.row_signs import both, moved, norms, unused_distance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

BLOCK = 1 << 22  # ids counted at once
IMPOSSIBLE = (0xC0, 0xC1, *range(0xF5, 0x100))  # bytes that stand nowhere in UTF-8
ENOUGH = 8  # untrained rows that a mean is taken of, at least
EDGES = (0, 1, 10, 100, 1000, 10000)  # of the buckets of reach


def run(section: Tokens, context: Context) -> dict[str, Any]:
    """Publish `tokens.jsonl`, one line per added piece, ascending by id.

    Metrics: `counts` by class, `reach` (buckets of occurrences with what their rows look like), `old` (the base's
    own ids), `heldout`, `agreement` (how indicators go with reach), `suspects`. Raises InputError where the streams are
    another tokenizer's.
    """
    import numpy as np

    artifact = context.artifact("of")
    model = artifact.path / "model"
    tokenizer = read_tokenizer(model / "tokenizer.json")
    total = rows(model)
    old, added = _extension(model, total)
    packed = context.artifact("tokens")
    if file_sha256(model / "tokenizer.json") != packed.metrics.get("tokenizer_sha256"):
        raise InputError(f"{packed.path} was packed with another tokenizer than that of {model}")
    train, by_lang = count(packed, "train", total, context)
    held, _ = count(packed, "heldout", total, context)

    inputs, outputs = both(model)
    context.stop_if_asked()
    new = np.arange(old, old + added)
    signs: dict[str, NDArray[np.float64] | None] = {"input_norm": norms(inputs)}
    signs["output_norm"] = signs["input_norm"] if outputs is inputs else norms(outputs)
    untrained = _untrained(tokenizer, model, train, new, np.asarray(signs["output_norm"]))
    signs["unused_distance"] = unused_distance(outputs, untrained) if len(untrained) >= ENOUGH else None
    signs |= _moves(context, artifact, inputs, outputs)
    context.stop_if_asked()

    spelled = spelling(tokenizer, model / "tokenizer.json") if added else None
    names = {number: token for token, number in tokenizer["model"]["vocab"].items()}
    classes = _classes(tokenizer, names, train, new, section.rare)
    lines = [
        {
            "id": int(number), **_text(names[int(number)], spelled), "class": classes[int(number)],
            "train": int(train[number]), "heldout": int(held[number]),
            **{name: _rounded(sign[number]) for name, sign in signs.items() if sign is not None},
        }
        for number in new.tolist()
    ]  # fmt: skip
    _write(context.path / "tokens.jsonl", lines)
    kinds = ("used", "rare", "part", "dead")
    counts = {kind: sum(line["class"] == kind for line in lines) for kind in kinds}
    context.counts.update(read=added, kept=added, dropped=0, failed=0)
    return {
        "rows": {"total": total, "old": old, "added": added, "tied": outputs is inputs},
        "rare": section.rare,
        "counts": {
            "added": added, **counts,
            "partial_bytes": sum(line["text"] is None for line in lines),
            **{f"unmoved_{row}": _unmoved(signs[f"moved_{row}"], new) for row in ("input", "output")},
        },
        "reach": [_bucket(train, new, signs, low, high) for low, high in _ranges()],
        "old": _bucket(train, np.arange(old), signs, 1, None),
        "untrained_reference": len(untrained),
        "share": {lang: _share(numbers, new) for lang, numbers in sorted(by_lang.items())},
        "heldout": {"tokens": int(held.sum()), "added": int(held[new].sum()),
                    "of_unseen": int(held[new][train[new] == 0].sum())},
        "agreement": _agreement(train, new, signs),
        "suspects": _suspects(lines, section.shown),
    }  # fmt: skip


def _extension(model: Path, total: int) -> tuple[int, int]:
    """How many old rows, and how many added; a model without `extension.json` has old ones alone."""
    path = model / "extension.json"
    if not path.is_file():
        return total, 0
    facts = read_json(path)
    try:
        return int(facts["old_vocabulary"]), int(facts["added"])
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path} does not say which rows were added") from None


def count(packed: Artifact, split: str, total: int, context: Context) -> tuple[Numbers, dict[str, Numbers]]:
    """(total,) how often each id stands in the streams of a split, over all and by language; read block by block."""
    import numpy as np

    by_lang: dict[str, Numbers] = defaultdict(lambda: np.zeros(total, np.int64))
    for name in sorted(packed.metrics["streams"]):
        if not name.startswith(f"{split}/"):
            continue
        stream = Stream(packed, name)
        for first in range(0, len(stream.tokens), BLOCK):
            context.stop_if_asked()
            found = np.bincount(stream.tokens[first : first + BLOCK], minlength=total)
            if len(found) > total:
                raise InputError(
                    f"{packed.path}: the stream '{name}' has the id {len(found) - 1}, the model {total} rows"
                )
            by_lang[stream.lang] += found
    every = np.sum(list(by_lang.values()), axis=0) if by_lang else np.zeros(total, np.int64)
    return every, dict(by_lang)


def _untrained(
    tokenizer: dict[str, Any], model: Path, train: Numbers, new: Numbers, length: NDArray[np.float64]
) -> Numbers:
    """Rows that cannot have been trained: added ones that no stream holds, else old ones for bytes UTF-8 has not."""
    import numpy as np

    never = new[(train[new] == 0) & (length[new] > 0)]
    if len(never) >= ENOUGH:
        return np.asarray(never)
    metaspace = spelling(tokenizer, model / "tokenizer.json").kind == "metaspace"
    tokens = (f"<0x{byte:02X}>" if metaspace else byte_characters()[byte] for byte in IMPOSSIBLE)
    known = [tokenizer["model"]["vocab"][token] for token in tokens if token in tokenizer["model"]["vocab"]]
    return np.array(sorted(number for number in known if train[number] == 0 and length[number] > 0), np.int64)


def _moves(context: Context, artifact: Artifact, inputs: Any, outputs: Any) -> dict[str, Any]:
    """How far rows are from where training began; None without that model, for itself, or where rows are others."""
    none = {"moved_input": None, "moved_output": None}
    if "start" not in context.inputs:
        return none
    start = context.artifact("start")
    if start.fingerprint == artifact.fingerprint or rows(start.path / "model") != len(inputs):
        return none
    old_inputs, old_outputs = both(start.path / "model")
    change = moved(inputs, old_inputs)
    same = outputs is inputs and old_outputs is old_inputs
    return {"moved_input": change, "moved_output": change if same else moved(outputs, old_outputs)}


def _classes(
    tokenizer: dict[str, Any], names: dict[int, str], train: Numbers, new: Numbers, rare: int
) -> dict[int, str]:
    """Added id -> used, rare (fewer than `rare` times), part (in longer pieces alone), dead (not even there)."""
    vocabulary = tokenizer["model"]["vocab"]
    wholes: dict[int, set[int]] = defaultdict(set)
    for merge in tokenizer["model"]["merges"]:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        for part in (left, right):
            wholes[vocabulary[part]].add(vocabulary[left + right])

    def stands_in_seen(number: int) -> bool:
        todo, done = [number], {number}
        while todo:
            for whole in wholes[todo.pop()]:
                if train[whole] > 0:
                    return True
                if whole not in done:
                    done.add(whole)
                    todo.append(whole)
        return False

    found = {}
    for number in new.tolist():
        times = int(train[number])
        seen = "used" if times >= rare else "rare"
        found[number] = seen if times else "part" if stands_in_seen(number) else "dead"
    return found


def _text(token: str, spelled: Spelling | None) -> dict[str, Any]:
    """The piece as text, None where it is a part of a character, and how it is spelled in the vocabulary."""
    assert spelled is not None
    try:
        return {"token": token, "text": spelled.raw(token).decode()}
    except UnicodeDecodeError:
        return {"token": token, "text": None}


def _ranges() -> list[tuple[int, int | None]]:
    return [(low, high) for low, high in zip(EDGES, (*EDGES[1:], None), strict=True)]


def _bucket(train: Numbers, ids: Numbers, signs: dict[str, Any], low: int, high: int | None) -> dict[str, Any]:
    """Ids that stand in the streams from `low` to below `high` times: how many, and the medians of their rows."""
    import numpy as np

    times = train[ids]
    chosen = ids[(times >= low) & (times < high if high is not None else True)]
    found: dict[str, Any] = {"from": low, "below": high, "pieces": len(chosen), "tokens": int(train[chosen].sum())}
    for name, sign in signs.items():
        values = np.empty(0) if sign is None else sign[chosen]
        values = values[np.isfinite(values)]
        found[name] = _rounded(np.median(values)) if len(values) else None
    move = signs.get("moved_input")
    found["unmoved"] = None if move is None else int((move[chosen] == 0).sum())
    return found


def _unmoved(sign: NDArray[np.float64] | None, new: Numbers) -> int | None:
    return None if sign is None else int((sign[new] == 0).sum())


def _share(numbers: Numbers, new: Numbers) -> dict[str, Any]:
    whole = int(numbers.sum())
    return {"tokens": whole, "added": int(numbers[new].sum()), "pieces": int((numbers[new] > 0).sum())}


def _agreement(train: Numbers, new: Numbers, signs: dict[str, Any]) -> dict[str, float | None]:
    """Spearman's rank correlation of each sign with how often the piece was seen; None without any spread."""
    import numpy as np

    found: dict[str, float | None] = {}
    for name, sign in signs.items():
        if sign is None:
            continue
        values, times = sign[new], train[new]
        finite = np.isfinite(values)
        one, two = _ranks(values[finite]), _ranks(times[finite])
        spread = len(one) > 2 and one.std() > 0 and two.std() > 0
        found[name] = round(float(np.corrcoef(one, two)[0, 1]), 3) if spread else None
    return found


def _ranks(values: Any) -> Any:
    """Ranks with ties sharing their mean."""
    import numpy as np

    _, place, times = np.unique(np.round(values, 6), return_inverse=True, return_counts=True)
    ends = np.cumsum(times)
    return (ends - (times - 1) / 2)[place]


def _suspects(lines: list[dict[str, Any]], most: int) -> dict[str, list[dict[str, Any]]]:
    """Up to `most` pieces of whole characters: dead, in longer pieces alone, and in the streams yet never moved."""
    whole = [line for line in lines if line["text"] is not None]
    unmoved = [line for line in whole if line["train"] and line.get("moved_input") == 0]
    groups = {
        "dead": [line for line in whole if line["class"] == "dead"],
        "part": [line for line in whole if line["class"] == "part"],
        "unmoved": sorted(unmoved, key=lambda line: (-line["train"], line["id"])),
    }
    return {
        name: [{key: line[key] for key in ("id", "text", "train", "heldout")} for line in found[:most]]
        for name, found in groups.items()
    }


def _rounded(value: Any) -> float | None:
    return None if not math.isfinite(value) else round(float(value), 5)


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines)
    temporary.replace(path)
