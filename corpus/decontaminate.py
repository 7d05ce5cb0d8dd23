"""`decontaminate`: no benchmark item in the documents, and for every item whether it stood in them.

Each unit is a run of one file's row groups; what was found is told per item, so that scores can be split into those of
clean items and of items the corpus held (marked from the text as it was before cleaning).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from corpus.config import Decontaminate
from corpus.documents import files, link, read_file, row_groups, write_documents
from corpus.overlap import Found, Index, Part, without
from pipeline.artifact import write_json
from pipeline.context import Context
from pipeline.errors import InputError

UNIT_GROUPS = 16  # row groups of a Parquet file per unit of work
NAMED = 5  # documents named for an item, items named for a document
SIZES = ("read", "kept", "removed", "dropped")  # UTF-8 bytes of text; removed: lines of documents that stay
KNOWN_WORDS, KNOWN_LETTERS = 4, 12  # of a question: with fewer of both it is known by its answer only
HALF = 0.5  # of a document's characters: one that loses more than this was about the items


@dataclass(frozen=True)
class Unit:
    """Row groups [first, first + UNIT_GROUPS) of one file."""

    path: str
    first: int


def run(section: Decontaminate, context: Context) -> dict[str, Any]:
    """Write `documents/`, `dropped/` and `items/<task>.jsonl` ({id, dirty, documents, share, first}).

    Metrics: `tasks` {task: {items, dirty}}, `sources` {source: {read, kept, dropped, cleaned, bytes_*}}. Raises
    InputError where there are no documents or an item file cannot be read.
    """
    artifact = context.artifact("documents")
    todo = [
        Unit(str(path), first) for path in files(artifact) for first in range(0, max(1, row_groups(path)), UNIT_GROUPS)
    ]
    if not todo:
        raise InputError(f"{artifact.path} has no documents/*.parquet")
    guarded = sorted(str(found.path) for found in context.artifacts("benchmarks").values())
    read_parts(guarded)  # a file that cannot be read is told before any work is done
    work = partial(clean_unit, benchmarks=tuple(guarded), section=section.model_dump_json())
    folders = context.each_unit(todo, work)
    tally = _gather(todo, folders, context)
    for count in ("read", "kept", "dropped"):
        context.counts[count] = sum(one[count] for one in tally["sources"].values())
    sums = {key: sum(one[f"bytes_{key}"] for one in tally["sources"].values()) for key in SIZES}
    context.counts.update(failed=0, rules={"benchmark": context.counts["dropped"]}, bytes=sums)
    return {"tasks": _mark(guarded, tally["items"], context), "sources": tally["sources"]}


def read_parts(benchmarks: list[str]) -> Iterator[Part]:
    """The texts of every item of some benchmarks artifacts; `<task>\\t<id>` names the item."""
    parts: list[Part] = []
    for folder in benchmarks:
        for kind in ("items", "guarded"):
            for path in sorted((Path(folder) / kind).glob("*.jsonl")):
                parts += _parts_of(path)
    return iter(parts)


def _parts_of(path: Path) -> list[Part]:
    found = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                item = json.loads(line)
                texts = item["texts"] if "texts" in item else _question(item)
                found += [Part(f"{path.stem}\t{item['id']}", text) for text in texts]
            except (ValueError, KeyError, TypeError, IndexError):
                raise InputError(f"{path} line {number} is not a benchmark item") from None
    return found


def _question(item: dict[str, Any]) -> list[str]:
    """The question; its answer beside it where it is short, and that alone where any exam may ask it ("옳은 것은?")."""
    query = str(item["query"])
    if len(query.split()) >= KNOWN_WORDS:
        return [query]
    whole = f"{query} {item['choices'][item['gold']]}"
    return [query, whole] if _letters(query) >= KNOWN_LETTERS else [whole]


def _forms(text: str) -> Iterable[str]:
    """A text as it stands, as refine leaves it, and as it does with personal data masked, where more is left of it."""
    from corpus.pii import mask
    from corpus.pii.span import unplaced
    from corpus.text.normalize import normalize

    whole = normalize(text)
    masked = mask(whole).text
    return dict.fromkeys((text, whole, *([masked] if _letters(unplaced(masked)) >= KNOWN_LETTERS else [])))


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


@lru_cache(maxsize=1)
def _index(benchmarks: tuple[str, ...], characters: int, share: float) -> Index:
    """Built once per worker."""
    parts = (Part(part.item, form) for part in read_parts(list(benchmarks)) for form in _forms(part.text))
    return Index(parts, characters, share)


def clean_unit(unit: Unit, folder: Path, benchmarks: tuple[str, ...], section: str) -> None:
    """One unit into `folder`: documents.parquet, dropped.parquet, tally.json."""
    settings = Decontaminate.model_validate_json(section)
    index = _index(benchmarks, settings.characters, settings.share)
    sources: dict[str, Counter[str]] = {}
    items: dict[str, dict[str, Any]] = {}
    dropped: list[dict[str, Any]] = []

    def kept() -> Iterator[dict[str, Any]]:
        for document in read_file(Path(unit.path), first=unit.first, last=unit.first + UNIT_GROUPS):
            found = index.find(document["text"])
            size = len(document["text"].encode())
            count = sources.setdefault(document["source"], Counter())
            count.update({"read": 1, "bytes_read": size})
            _note(items, found, document["id"])
            outcome = judge(document, found, settings)
            if "rule" in outcome:
                dropped.append(outcome)
                count.update({"dropped": 1, "bytes_dropped": size})
                continue
            left = len(outcome["text"].encode())
            count.update({"kept": 1, "cleaned": int(bool(found)), "bytes_kept": left, "bytes_removed": size - left})
            yield outcome

    write_documents(folder / "documents.parquet", kept())
    if dropped:
        write_documents(folder / "dropped.parquet", dropped, dropped=True)
    write_json(folder / "tally.json", {"sources": {name: dict(one) for name, one in sources.items()}, "items": items})


def judge(document: dict[str, Any], found: list[Found], settings: Decontaminate) -> dict[str, Any]:
    """The document as it stays, or with a reason why it does not."""
    if not found:
        return document
    names = sorted({one.item.replace("\t", "/", 1) for one in found})
    told = {"items": names[:NAMED], "found": len(names)}
    text = without(document["text"], found) if settings.action == "clean" else ""
    if len(text) < max(settings.left, HALF * len(document["text"])):
        best = max(found, key=lambda one: (one.share, one.item))
        reason = {"stage": "decontaminate", "rule": "benchmark", "value": best.item.replace("\t", "/", 1)}
        meta = {**document["meta"], "decontaminated": {**told, "share": best.share}}
        return {**document, "meta": meta, **reason, "threshold": settings.share}
    told["characters"] = len(document["text"]) - len(text)
    return {**document, "text": text, "meta": {**document["meta"], "decontaminated": told}}


def _note(items: dict[str, dict[str, Any]], found: list[Found], document: str) -> None:
    best: dict[str, float] = {}
    for one in found:
        best[one.item] = max(one.share, best.get(one.item, 0.0))
    for item, share in best.items():
        _add(items, item, {"documents": 1, "share": share, "first": [document]})


def _add(items: dict[str, dict[str, Any]], item: str, more: dict[str, Any]) -> None:
    held = items.setdefault(item, {"documents": 0, "share": 0.0, "first": []})
    held["documents"] += more["documents"]
    held["share"] = max(held["share"], more["share"])
    held["first"] = [*held["first"], *more["first"]][:NAMED]


def _gather(todo: list[Unit], folders: list[Path], context: Context) -> dict[str, Any]:
    """Link the units' files into the artifact in input order; sum what they counted."""
    places = {name: context.fresh(name) for name in ("documents", "dropped")}
    sources: dict[str, Counter[str]] = {}
    items: dict[str, dict[str, Any]] = {}
    for unit, folder in zip(todo, folders, strict=True):
        for name, place in places.items():
            if (made := folder / f"{name}.parquet").is_file():
                link(made, place / f"{Path(unit.path).stem}.{unit.first // UNIT_GROUPS:05d}.parquet")
        try:
            tally = json.loads((folder / "tally.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder / 'tally.json'} cannot be read: {error}") from None
        for source, counted in tally["sources"].items():
            sources.setdefault(source, Counter()).update(counted)
        for item, more in tally["items"].items():
            _add(items, item, more)
    keys = ("read", "kept", "dropped", "cleaned", *(f"bytes_{key}" for key in SIZES))
    return {"sources": {name: {key: one[key] for key in keys} for name, one in sorted(sources.items())}, "items": items}


def _mark(benchmarks: list[str], items: dict[str, dict[str, Any]], context: Context) -> dict[str, dict[str, int]]:
    """Write every item with what was found of it; items per task, and how many of them are dirty."""
    folder = context.fresh("items")
    lines: dict[str, dict[str, dict[str, Any]]] = {}
    for part in read_parts(benchmarks):
        task, _, name = part.item.partition("\t")
        held = items.get(part.item)
        clean = {"documents": 0, "share": 0.0, "first": []}
        lines.setdefault(task, {})[name] = {"id": name, "dirty": held is not None, **(held or clean)}
    for task, found in lines.items():
        with (folder / f"{task}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in found.values())
    return {
        task: {"items": len(found), "dirty": sum(line["dirty"] for line in found.values())}
        for task, found in sorted(lines.items())
    }
