"""The stage `refine`: pages and documents in, clean documents out, with a reason for each that was dropped."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TextIO

from corpus.archive.warc import Reading
from corpus.config import Refine
from corpus.documents import DocumentWriter, link, write_documents
from corpus.filters import check
from corpus.pages.clean import HEADERS, Cleaner, Outcome, Raw, page_cleaner
from corpus.pages.guard import Guard, Lost
from corpus.split import Unit, unit_documents, unit_pages, units
from pipeline.artifact import Artifact, write_json
from pipeline.context import Context
from pipeline.errors import InputError, StageFailed

PAGE_SECONDS = 120.0  # a page of the largest size takes a few seconds; what takes this long never ends
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
Tally = dict[str, Any]


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

    Rows go to their files as they come: memory is two row groups and one page, whatever the unit's size. What needs no
    parser is decided here, the rest in the page process. Raises StageFailed where the disk is full.
    """
    try:
        _refine_unit(unit, folder, section)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StageFailed(f"refine cannot write {folder}: {os.strerror(error.errno)}") from None


def _refine_unit(unit: Unit, folder: Path, section: Refine) -> None:
    guard = _guard(section.model_dump_json())
    early = Cleaner(section).early
    tally = _empty()
    failed: Counter[str] = Counter()
    reading = Reading()
    with (
        DocumentWriter(folder / "documents.parquet") as kept,
        DocumentWriter(folder / "dropped.parquet", dropped=True) as dropped,
        Losses(folder / "failed.jsonl") as losses,
    ):
        for raw in _raws(unit, reading):
            tally["read"] += 1
            try:
                outcome: Outcome = early(raw) or guard.ask(raw)
            except Lost as loss:
                failed[str(loss)] += 1
                losses.write({"id": raw.id, "source": raw.source, "url": raw.url, "reason": str(loss)})
                continue
            _count(tally, outcome)
            if outcome.rule:
                why = {"stage": "refine", "rule": outcome.rule, "value": outcome.value, "threshold": outcome.threshold}
                dropped.write({**outcome.row, **why})
            else:
                kept.write(outcome.row)
        for reason, count in sorted(reading.failed.items()):  # records the crawl's own file cannot give back
            tally["read"] += count
            failed[reason] += count
            for _ in range(count):
                losses.write({"id": "", "source": unit.source, "url": "", "reason": reason})
    tally["failed"] = dict(sorted(failed.items()))
    write_json(folder / "tally.json", tally)


class Losses:
    """The records that were lost, one JSON line each; no file where there are none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Losses:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, record: dict[str, str]) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        self._file.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")


@lru_cache(maxsize=1)
def _guard(section: str) -> Guard:
    """One page process per worker and section, kept from unit to unit: its imports take a second."""
    return Guard(partial(page_cleaner, section), PAGE_SECONDS)


def _raws(unit: Unit, reading: Reading) -> Iterator[Raw]:
    if unit.kind == "pages":
        for page in unit_pages(unit, reading):
            said = page.http_headers
            yield Raw(
                id=f"{unit.source}/{page.offset:012d}", source=unit.source, url=page.url, lang=unit.lang,
                license=unit.license, body=page.body, content_type=said.get("content-type", ""),
                headers={name: said[name] for name in HEADERS if name in said},
                status=page.status, meta={"crawled": page.date} if page.date else {},
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
        "lying": 0, "repaired": 0, "trimmed": {}, "mojibake": {"documents": 0, "judged": 0}, "pii": {}, "extracted": {},
    }  # fmt: skip


def _count(tally: Tally, outcome: Outcome) -> None:
    fate = "dropped" if outcome.rule else "kept"
    tally[fate] += 1
    tally["dropped_bytes" if outcome.rule else "bytes"] += outcome.size
    for rule in outcome.passed:
        _add(tally["rules"], rule, {"kept_documents": 1, "kept_bytes": outcome.size})
    if outcome.rule:
        _add(tally["rules"], outcome.rule, {"documents": 1, "bytes": outcome.size})
    for name, numbers in (("trimmed", outcome.trimmed), ("pii", outcome.masked)):
        for key, number in numbers.items():
            tally[name][key] = tally[name].get(key, 0) + number
    meta = outcome.row["meta"]
    if how := meta.get("extracted_by"):
        tally["extracted"][how] = tally["extracted"].get(how, 0) + 1
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
                link(made, place / f"{number:05d}-{unit.source}.parquet")
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
