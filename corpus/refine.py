"""The stage `refine`: pages and documents in, clean documents out, with a reason for each that was dropped."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from corpus.clean import Cleaner, Outcome, Raw
from corpus.config import Refine
from corpus.documents import write_documents
from corpus.filters import check
from corpus.guard import Guard, Lost
from corpus.split import Unit, unit_documents, unit_pages, units
from corpus.warc import Reading
from pipeline.artifact import Artifact, write_json
from pipeline.context import Context
from pipeline.errors import InputError

PAGE_SECONDS = 120.0  # a page of the largest size takes a few seconds; what takes this long never ends
Tally = dict[str, Any]


def run(section: Refine, context: Context) -> dict[str, Any]:
    """Refine a crawl into `documents/<unit>-<source>.parquet`, `dropped/` beside it, and `failed.jsonl` if any failed.

    Metrics: `rules` {rule: {source: {documents, bytes (dropped, as UTF-8 text), kept_documents, kept_bytes (passed)}}},
    `sources`, `charsets`, `mojibake`, `trimmed` (bytes that line rules took), `failed` by reason.
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
    """Refine one unit into `folder`: documents.parquet, dropped.parquet, failed.jsonl, tally.json."""
    guard = _guard(section.model_dump_json())
    tally = _empty()
    kept: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    reading = Reading()
    for raw in _raws(unit, folder, reading):
        tally["read"] += 1
        try:
            outcome: Outcome = guard.ask(raw)
        except Lost as loss:
            failed.append({"id": raw.id, "source": raw.source, "url": raw.url, "reason": str(loss)})
            continue
        _count(tally, outcome)
        if outcome.rule:
            why = {"stage": "refine", "rule": outcome.rule, "value": outcome.value, "threshold": outcome.threshold}
            dropped.append({**outcome.row, **why})
        else:
            kept.append(outcome.row)
    for reason, count in sorted(reading.failed.items()):  # records the crawl's own file cannot give back
        tally["read"] += count
        failed.extend({"id": "", "source": unit.source, "url": "", "reason": reason} for _ in range(count))
    tally["failed"] = dict(sorted(Counter(record["reason"] for record in failed).items()))
    if kept:
        write_documents(folder / "documents.parquet", kept)
    if dropped:
        write_documents(folder / "dropped.parquet", dropped, dropped=True)
    if failed:
        lines = (json.dumps(record, ensure_ascii=False, sort_keys=True) for record in failed)
        (folder / "failed.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    write_json(folder / "tally.json", tally)


@lru_cache(maxsize=1)
def _guard(section: str) -> Guard:
    """One page process per worker and section, kept from unit to unit: its imports take a second."""
    return Guard(partial(Cleaner, Refine.model_validate_json(section)), PAGE_SECONDS)


def _raws(unit: Unit, folder: Path, reading: Reading) -> Iterator[Raw]:
    if unit.kind == "pages":
        for page in unit_pages(unit, folder / "unit.warc.gz", reading):
            yield Raw(
                id=f"{unit.source}/{page.offset:012d}", source=unit.source, url=page.url, lang=unit.lang,
                license=unit.license, body=page.body, content_type=page.http_headers.get("content-type", ""),
                status=page.status, meta={"date": page.date} if page.date else {},
            )  # fmt: skip
        return
    for document in unit_documents(unit):
        yield Raw(
            id=document["id"], source=unit.source, url=document["url"], lang=unit.lang,
            license=document["license"] or unit.license, text=document["text"], charset=document["charset"],
            meta=document["meta"],
        )  # fmt: skip


def _empty() -> Tally:
    return {
        "read": 0, "kept": 0, "dropped": 0, "bytes": 0, "dropped_bytes": 0, "failed": {}, "rules": {}, "charsets": {},
        "lying": 0, "repaired": 0, "titles": 0, "trimmed": {}, "mojibake": {"documents": 0, "judged": 0},
    }  # fmt: skip


def _count(tally: Tally, outcome: Outcome) -> None:
    fate = "dropped" if outcome.rule else "kept"
    tally[fate] += 1
    tally["dropped_bytes" if outcome.rule else "bytes"] += outcome.size
    for rule in outcome.passed:
        _add(tally["rules"], rule, {"kept_documents": 1, "kept_bytes": outcome.size})
    if outcome.rule:
        _add(tally["rules"], outcome.rule, {"documents": 1, "bytes": outcome.size})
    for rule, size in outcome.trimmed.items():
        tally["trimmed"][rule] = tally["trimmed"].get(rule, 0) + size
    meta = outcome.row["meta"]
    if "charset_by" in meta:
        _add(tally["charsets"], outcome.row["charset"], {meta["charset_by"]: 1})
        tally["lying"] += bool(meta.get("charset_lying"))
        tally["repaired"] += bool(meta.get("charset_repaired"))
    if outcome.mojibake:
        tally["mojibake"]["judged"] += 1
        tally["mojibake"]["documents"] += any(outcome.mojibake.values()) and _looks_broken(outcome.mojibake)


def _looks_broken(signs: dict[str, float]) -> bool:
    """At the mojibake rule's own limits, whether or not the preset asks that rule."""
    from corpus.filters.presets import KOREAN

    return any(value > KOREAN["mojibake"][sign] for sign, value in signs.items())


def _add(table: dict[str, dict[str, int]], key: str, more: dict[str, int]) -> None:
    held = table.setdefault(key, {})
    for name, number in more.items():
        held[name] = held.get(name, 0) + number


def _gather(todo: list[Unit], folders: list[Path], context: Context) -> Tally:
    """Link the units' files into the artifact, numbered in input order, and sum their tallies per source."""
    places = {name: context.fresh(name) for name in ("documents", "dropped")}
    sources: dict[str, Tally] = {}
    failed: list[str] = []
    for number, (unit, folder) in enumerate(zip(todo, folders, strict=True)):
        for name, place in places.items():
            if (made := folder / f"{name}.parquet").is_file():
                _link(made, place / f"{number:05d}-{unit.source}.parquet")
        if (losses := folder / "failed.jsonl").is_file():
            failed.append(losses.read_text(encoding="utf-8"))
        try:
            tally = json.loads((folder / "tally.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder / 'tally.json'} cannot be read: {error}") from None
        _sum(sources.setdefault(unit.source, _empty()), tally)
    (context.path / "failed.jsonl").unlink(missing_ok=True)
    if failed:
        half = context.path / ".failed.half"
        half.write_text("".join(failed), encoding="utf-8")
        half.replace(context.path / "failed.jsonl")
    for tally in sources.values():
        tally["reasons"] = tally["failed"]
        tally["failed"] = sum(tally["failed"].values())
    return {"sources": sources}


def _link(made: Path, place: Path) -> None:
    try:
        os.link(made, place)
    except OSError:  # a file system without hard links
        shutil.copyfile(made, place)


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
        "failed": dict(sorted(failed.items())),
    }


def _worst(tally: Tally) -> str:
    """The rules that dropped most, as `rule: documents`."""
    dropped: Counter[str] = Counter()
    for held in tally["sources"].values():
        dropped.update({rule: numbers.get("documents", 0) for rule, numbers in held["rules"].items()})
    found = [f"{rule}: {count}" for rule, count in dropped.most_common(3) if count]
    return ", ".join(found) or "the crawl is empty"
