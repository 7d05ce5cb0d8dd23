"""One unit of `refine`: its pages or documents read, cleaned, and written down one by one, with a tally.

Rows go to their files as they come: memory is two row groups and one page, whatever the unit's size.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from corpus.archive.warc import Reading
from corpus.documents import DocumentWriter
from corpus.pages.guard import Lost
from corpus.split import Unit, unit_documents, unit_pages
from pipeline.artifact import write_json

if TYPE_CHECKING:  # the process that only asks for units has no use for what cleans pages
    from corpus.pages.clean import Outcome, Raw

Tally = dict[str, Any]


def unit_worker(section: str, alive: Callable[[], None]) -> Callable[[tuple[Unit, Path]], None]:
    """What a process answers with that does whole units by itself, made of a section as JSON.

    What a page raises costs that page. What kills or hangs the process costs the unit, which is then done page by page.
    """
    from corpus.pages.clean import Cleaner, settings

    cleaner = Cleaner(settings(section))

    def clean(raw: Raw) -> Outcome:
        try:
            return cleaner.clean(raw)
        except (Exception, RecursionError, MemoryError) as error:
            raise Lost(type(error).__name__) from None

    return lambda question: write_unit(*question, cleaner.early, clean, alive)


def write_unit(
    unit: Unit,
    folder: Path,
    early: Callable[[Raw], Outcome | None],
    clean: Callable[[Raw], Outcome],
    alive: Callable[[], None] = lambda: None,
) -> None:
    """Write documents.parquet, dropped.parquet, failed.jsonl and tally.json into `folder`.

    `early` decides what needs no parser, `clean` the rest; it raises Lost for a page that has no answer. `alive` is
    called for each record.
    """
    tally = empty_tally()
    failed: Counter[str] = Counter()
    reading = Reading()
    with (
        DocumentWriter(folder / "documents.parquet") as kept,
        DocumentWriter(folder / "dropped.parquet", dropped=True) as dropped,
        Losses(folder / "failed.jsonl") as losses,
    ):
        for raw in _raws(unit, reading):
            alive()
            tally["read"] += 1
            try:
                outcome = early(raw) or clean(raw)
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


def _raws(unit: Unit, reading: Reading) -> Iterator[Raw]:
    from corpus.pages.clean import HEADERS, Raw

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


def empty_tally() -> Tally:
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
