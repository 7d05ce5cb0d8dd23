"""The stage `refine`: pages and documents in, clean documents out, with a reason for each that was dropped."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from corpus.config import Refine
from corpus.documents import link, write_documents
from corpus.filters import check
from corpus.pages.guard import Guard, Lost
from corpus.split import Unit, units
from corpus.unit import Tally, empty_tally, unit_worker, write_unit
from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import InputError, StageFailed

PAGE_SECONDS = 120.0  # a page of the largest size takes a few seconds; what takes this long never ends
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run(section: Refine, context: Context) -> dict[str, Any]:
    """Refine a crawl into `documents/<unit>-<source>.parquet`, `dropped/` beside it, and `failed.jsonl` if any failed.

    Metrics: `rules` {rule: {source: {documents, bytes (dropped, as UTF-8 text), kept_documents, kept_bytes (passed)}}},
    `sources`, `charsets`, `mojibake`, `trimmed` (bytes that line rules took), `pii` {source: {kind: count}},
    `extracted` {source: {method: pages}}, `failed` by reason.
    Raises ConfigError for an unknown rule or option, InputError for a crawl that is not whole. Where nothing is kept,
    the documents are one empty file, and a warning says which rules dropped most.
    """
    check(section.thresholds)
    crawl = context.artifact("crawl")
    todo = units(crawl, section.unit_bytes)
    folders = context.each_unit(todo, partial(refine_unit, section=section))
    tally = _gather(todo, folders, context)
    for count in ("read", "kept", "dropped", "failed"):
        context.counts[count] = sum(source[count] for source in tally["sources"].values())
    if context.counts["kept"] == 0:  # what was dropped, and why, is worth more than a failure
        write_documents(context.path / "documents" / "00000-none.parquet", [])
        context.event("warning", message=f"kept none of {context.counts['read']} records ({_worst(tally)})")
    return _metrics(tally, crawl)


def refine_unit(unit: Unit, folder: Path, section: Refine) -> None:
    """Refine one unit into `folder`: documents.parquet, dropped.parquet, failed.jsonl, tally.json.

    A process apart does the whole unit. Where that is lost, to a page that crashes or hangs a parser, the unit is done
    again with a process that is asked page by page, and that page alone is lost. Raises StageFailed for a full disk.
    """
    said = section.model_dump_json()
    try:
        _unit_process(said).ask((unit, folder))
        return
    except Lost:
        for path in folder.iterdir():
            path.unlink()
    from corpus.pages.clean import Cleaner

    try:
        write_unit(unit, folder, Cleaner(section).early, _page_process(said).ask)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StageFailed(f"refine cannot write {folder}: {os.strerror(error.errno)}") from None


@lru_cache(maxsize=1)
def _unit_process(section: str) -> Guard:
    """One process per worker and section, kept from unit to unit: its imports take half a second."""
    return Guard(partial(unit_worker, section), PAGE_SECONDS, tries=1)


@lru_cache(maxsize=1)
def _page_process(section: str) -> Guard:
    from corpus.pages.clean import page_cleaner

    return Guard(partial(page_cleaner, section), PAGE_SECONDS)


def _gather(todo: list[Unit], folders: list[Path], context: Context) -> Tally:
    """Link the units' files into the artifact, numbered in input order, and sum their tallies per source."""
    places = {name: context.fresh(name) for name in ("documents", "dropped")}
    sources: dict[str, Tally] = {}
    failed: list[str] = []
    for number, (unit, folder) in enumerate(zip(todo, folders, strict=True)):
        for name, place in places.items():
            if (made := folder / f"{name}.parquet").is_file():
                link(made, place / f"{number:05d}-{unit.source}.parquet")
        if (losses := folder / "failed.jsonl").is_file():
            failed.append(losses.read_text(encoding="utf-8"))
        try:
            tally = json.loads((folder / "tally.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder / 'tally.json'} cannot be read: {error}") from None
        _sum(sources.setdefault(unit.source, empty_tally()), tally)
    (context.path / "failed.jsonl").unlink(missing_ok=True)
    if failed:
        half = context.path / ".failed.half"
        half.write_text("".join(failed), encoding="utf-8")
        half.replace(context.path / "failed.jsonl")
    for tally in sources.values():
        tally["reasons"] = tally["failed"]
        tally["failed"] = sum(tally["failed"].values())
    return {"sources": sources}


def _sum(into: Tally, more: Tally) -> None:
    for key, value in more.items():
        if isinstance(value, dict):
            _sum(into.setdefault(key, {}), value)
        else:
            into[key] = into.get(key, 0) + value


def _metrics(tally: Tally, crawl: Artifact) -> dict[str, Any]:
    facts = crawl.metrics["sources"]
    sources = tally["sources"]
    rules: dict[str, dict[str, Any]] = {}
    for source, held in sources.items():
        for rule, numbers in held["rules"].items():
            whole = {"documents": 0, "bytes": 0, "kept_documents": 0, "kept_bytes": 0}
            rules.setdefault(rule, {})[source] = whole | numbers
    failed: Counter[str] = Counter()
    for held in sources.values():
        failed.update(held["reasons"])
    numbers = ("read", "kept", "dropped", "failed", "bytes", "dropped_bytes", "lying", "repaired")
    return {
        "sources": {
            source: {"lang": facts[source]["lang"], "license": facts[source]["license"]}
            | {number: held[number] for number in numbers}
            for source, held in sources.items()
        },
        "rules": rules,
        "charsets": {source: held["charsets"] for source, held in sources.items() if held["charsets"]},
        "mojibake": {source: held["mojibake"] for source, held in sources.items()},
        "trimmed": {source: held["trimmed"] for source, held in sources.items() if held["trimmed"]},
        "pii": {source: held["pii"] for source, held in sources.items() if held["pii"]},
        "extracted": {source: held["extracted"] for source, held in sources.items() if held["extracted"]},
        "failed": dict(sorted(failed.items())),
    }


def _worst(tally: Tally) -> str:
    """The rules that dropped most, as `rule: documents`."""
    dropped: Counter[str] = Counter()
    for held in tally["sources"].values():
        dropped.update({rule: numbers.get("documents", 0) for rule, numbers in held["rules"].items()})
    found = [f"{rule}: {count}" for rule, count in dropped.most_common(3) if count]
    return ", ".join(found) or "the crawl is empty"
