"""The stage `audit`: what each rule takes, a sheet to read, and what other rules or thresholds would keep.

Every document, kept or dropped, is held against every rule of one preset. Dropped documents are judged in full, as
`dropped/` has them; kept ones as they stand, after the line rules. What fell for no rule (a status, the language, a
duplicate) is tabled and not judged again. No corpus is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

from corpus.auditing.audit_tables import Cells, add, add_all, publish_tables
from corpus.auditing.domains import domain, largest
from corpus.auditing.judge import Judge, Nearest, is_rule
from corpus.auditing.sheet import Sample, write_sheet
from corpus.config import Audit
from corpus.documents import files, read_file
from corpus.filters import check
from corpus.filters.presets import STOCK
from pipeline.artifact import Artifact, write_json
from pipeline.context import Context
from pipeline.errors import InputError

BATCH = 64  # documents tokenized at once
Domains = dict[str, Cells]


@dataclass(frozen=True)
class Setting:
    """What a unit is judged by; `tokenizer` is "" where tokens are not counted."""

    preset: str
    thresholds: str  # JSON, as a Setting is a key of a cache
    lists: tuple[tuple[str, str | None], ...]
    tokenizer: str
    seed: int
    per_rule: int
    excerpt: int


def run(section: Audit, context: Context) -> dict[str, Any]:
    """Publish `rules.json`, `rules.md`, `sheet.jsonl` and `sheet.md`.

    Metrics: `judged_by`, `totals`, `rules` {rule: {dropped, alone: {documents, bytes, tokens}}}, `moved`.
    Raises ConfigError for an unknown rule or option, InputError for documents or a tokenizer that cannot be read.
    """
    check(section.thresholds, "audit")
    documents = context.artifact("documents")
    preset, thresholds = _preset(section, documents)
    setting = Setting(
        preset, json.dumps(thresholds, sort_keys=True), tuple(section.lists.model_dump().items()), _tokenizer(context),
        section.seed, section.per_rule, section.excerpt,
    )  # fmt: skip
    kept = files(documents)
    dropped = sorted((documents.path / "dropped").glob("*.parquet"))
    if not kept and not dropped:
        raise InputError(f"{documents.path} holds no documents to audit")
    todo = [(str(path), path.parent.name == "dropped") for path in (*kept, *dropped)]
    folders = context.each_unit(todo, partial(audit_unit, setting=setting))

    sources: dict[str, Cells] = {}
    sample = Sample(section.seed, section.per_rule)
    for folder in folders:
        for source, cells in json.loads((folder / "sources.json").read_text(encoding="utf-8")).items():
            add_all(sources.setdefault(source, {}), cells)
        sample.read(folder / "sample.tsv")
    named = largest(_documents(folders), section.domains, context.work / "domains.sqlite")
    domains = _domains(folders, named)
    rows = list(sample.rows(STOCK))
    write_sheet(rows, context.path)
    tables = publish_tables(
        sources, domains, {"rules": preset, "thresholds": thresholds, "tokens": bool(setting.tokenizer)}, context.path
    )
    context.counts.update({name: tables["totals"][name]["documents"] for name in ("kept", "dropped")})
    context.counts["read"] = context.counts["kept"] + context.counts["dropped"]
    context.counts["failed"] = 0
    return {key: tables[key] for key in ("judged_by", "totals", "rules", "moved")} | {"sheet": len(rows)}


def _preset(section: Audit, documents: Artifact) -> tuple[str, dict[str, Any]]:
    """The section's preset, else that of the refine that is read; its thresholds go below the section's."""
    theirs = documents.section if documents.manifest["stage"] == "refine" else {}
    if section.rules is not None:
        return section.rules, dict(section.thresholds)
    thresholds: dict[str, Any] = dict(theirs.get("thresholds") or {})
    for rule, options in section.thresholds.items():
        thresholds[rule] = {**thresholds.get(rule, {}), **options}
    return str(theirs.get("rules") or "korean"), thresholds


def _tokenizer(context: Context) -> str:
    if "model" not in context.inputs:
        return ""
    path = context.artifact("model").path / "model" / "tokenizer.json"
    if not path.is_file():
        raise InputError(f"{path} does not exist: tokens cannot be counted with this model")
    return str(path)


def audit_unit(unit: tuple[str, bool], folder: Path, setting: Setting) -> None:
    """Judge one file into `folder`: sources.json, domains.jsonl, sample.tsv."""
    path, dropped = unit
    sources: dict[str, Cells] = {}
    domains: Domains = {}
    sample = Sample(setting.seed, setting.per_rule)
    judge = _judge(setting)
    for row, tokens in _counted(Path(path), setting.tokenizer):
        was = _reason(row) if dropped else ""
        judged = not was or (row["stage"] == "refine" and is_rule(was))
        now, found = judge(row) if judged else (was, {})
        size = (1, len(row["text"].encode()), tokens)
        cells: Cells = {}
        add(cells, f"was|{was}", size)
        add(cells, f"now|{now}", size)
        if was != now:
            add(cells, f"moved|{was}|{now}", size)
        for rule, near in found.items():
            if near.broken:
                add(cells, f"alone|{rule}", size)
        if judged:
            add(cells, "judged", size)
        add_all(sources.setdefault(row["source"], {}), cells)
        add_all(domains.setdefault(domain(row["url"]), {}), cells)
        _sample(sample, row, was, now, found, setting.excerpt)
    write_json(folder / "sources.json", sources)
    with (folder / "domains.jsonl").open("w", encoding="utf-8") as file:
        for name, held in domains.items():
            file.write(json.dumps([name, held], ensure_ascii=False, sort_keys=True) + "\n")
    sample.write(folder / "sample.tsv")


@lru_cache(maxsize=1)
def _judge(setting: Setting) -> Judge:
    return Judge(setting.preset, json.loads(setting.thresholds), dict(setting.lists))


def _reason(row: dict[str, Any]) -> str:
    return str(row["rule"]) if row["stage"] == "refine" else f"{row['stage']}: {row['rule']}"


def _counted(path: Path, tokenizer: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Every row with its number of tokens, special ones not counted."""
    rows = read_file(path)
    counter = _load_tokenizer(tokenizer) if tokenizer else None
    while batch := list(islice(rows, BATCH)):
        if counter is None:
            yield from ((row, 0) for row in batch)
            continue
        encoded = counter.encode_batch_fast([row["text"] for row in batch], add_special_tokens=False)
        yield from ((row, len(one.ids)) for row, one in zip(batch, encoded, strict=True))


@lru_cache(maxsize=1)
def _load_tokenizer(path: str) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(path)
    except Exception as error:  # the library raises Exception itself
        raise InputError(f"{path} is not a tokenizer: {error}") from None


def _sample(sample: Sample, row: dict[str, Any], was: str, now: str, found: dict[str, Nearest], excerpt: int) -> None:
    """Offer a document to every kind it is of: dropped by its rule, kept by each rule, moved either way."""
    kinds: list[tuple[str, str, Nearest]] = []
    if was:
        said = Nearest(str(row["meta"].get("option", "")), row["value"], row["threshold"], True)
        kinds.append(("dropped", was, said))
        if not now:
            kinds.append(("newly kept", was, said))
    else:
        kinds += [("kept", rule, near) for rule, near in found.items() if not near.broken]
        if now:
            kinds.append(("newly dropped", now, found[now]))
    for fate, rule, near in kinds:
        if (rank := sample.rank((fate, rule), row["id"])) is not None:
            line = {
                "fate": fate, "rule": rule, "option": near.option, "value": near.value, "threshold": near.threshold,
                "id": row["id"], "source": row["source"], "url": row["url"], "lang": row["lang"],
                "bytes": len(row["text"].encode()), "text": row["text"][:excerpt], "verdict": "",
            }  # fmt: skip
            sample.add(rank, line)


def _each_domain(folders: list[Path]) -> Iterator[tuple[str, Cells]]:
    for folder in folders:
        with (folder / "domains.jsonl").open(encoding="utf-8") as file:
            for line in file:
                name, cells = json.loads(line)
                yield name, cells


def _documents(folders: list[Path]) -> Iterator[tuple[str, int]]:
    for name, cells in _each_domain(folders):
        yield name, sum(cell[0] for key, cell in cells.items() if key.startswith("was|"))


def _domains(folders: list[Path], named: list[str]) -> Domains:
    """Cells of the named domains, in their order, and of all others under `(rest)`."""
    found: Domains = {name: {} for name in named}
    for name, cells in _each_domain(folders):
        add_all(found.setdefault(name if name in found else "(rest)", {}), cells)
    return found
