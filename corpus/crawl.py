"""The `crawl` stage: text from every source, as pages (WARC) or documents (Parquet), with license and provenance.

Sources are done in the order of their names' appearance, each written whole and renamed, so that a killed run goes on
at the source it was in. Broken records are counted and skipped; more than `bad_records` of a source's is a failure.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from corpus.archive.warc import SUFFIXES, page_member
from corpus.config import Crawl, Source
from corpus.documents import Document, read_file, write_documents
from corpus.sources import commoncrawl, hwpx, namuwiki, nested, pathlists, pdf, wikipedia
from corpus.sources.intake import Tally, info, wanted_pages
from corpus.sources.readers import (
    JSONL,
    PARQUET,
    Defaults,
    Records,
    Row,
    as_documents,
    dataset_rows,
    id_hash,
    jsonl_rows,
    matches,
    parquet_rows,
)
from corpus.web.site import crawl_site
from corpus.web.spider import Crawled, Job, crawl_pages, members
from pipeline.artifact import write_json
from pipeline.context import Context
from pipeline.errors import InputError, StageFailed

PAGES = ("commoncrawl", "archives", "warc", "site", "urls")  # places that give pages, not documents
EVERY = 200  # records between two reports of progress


def run(section: Crawl, context: Context) -> dict[str, Any]:
    """Gather every source into `warc/<source>.warc.gz` or `documents/<source>.parquet`.

    Metrics: per source its kind, lang, license, records and bytes (of pages' bodies, or of texts as UTF-8), with
    read, kept, dropped and failed, and reasons. Raises InputError for a source that is not there or gives nothing,
    StageFailed where the share of unreadable records passes `bad_records`.
    """
    taken: set[int] = set()
    sources: dict[str, Any] = {}
    for name, source in section.sources.items():
        context.stop_if_asked()
        note = context.work / f"{name}.json"
        target = _target(context, name, source)
        half = target.with_name(f".{target.name}.half")
        if note.is_file() and half.is_file() and not target.is_file():
            half.replace(target)  # killed between the two last steps
        if note.is_file() and target.is_file():
            sources[name] = json.loads(note.read_text(encoding="utf-8"))
            if target.suffix == ".parquet":
                taken.update(id_hash(document["id"]) for document in read_file(target))
            continue
        found = _gather(name, source, half, taken, context)
        examples = found.pop("examples", [])
        if found["failed"] and examples:
            context.event("bad_records", source=name, count=found["failed"], records=examples)
        _judge(name, source, found, section.bad_records, examples)
        write_json(note, found)
        half.replace(target)
        sources[name] = found
    for count in ("read", "kept", "dropped", "failed"):
        context.counts[count] = sum(found[count] for found in sources.values())
    return {"sources": sources}


def _target(context: Context, name: str, source: Source) -> Path:
    wet = source.archives is not None and source.archives.kind == "wet"
    pages = not wet and any(getattr(source, place) is not None for place in PAGES)
    place = context.path / ("warc" if pages else "documents")
    place.mkdir(exist_ok=True)
    return place / f"{name}.warc.gz" if pages else place / f"{name}.parquet"


def _gather(name: str, source: Source, half: Path, taken: set[int], context: Context) -> dict[str, Any]:
    if source.commoncrawl is not None:
        counted = commoncrawl.gather(name, source, half, context)
    elif source.archives is not None:
        counted = pathlists.gather(name, source, half, taken, context)
    elif source.warc is not None:
        paths = matches(source.warc, SUFFIXES, f"sources.{name}.warc")
        with half.open("wb") as file:
            counted = _copy_pages(name, source, paths, file, context)
    elif source.site is not None or source.urls is not None:
        with half.open("wb") as file:
            counted = _crawl_live(name, source, file, context)
    else:
        counted = _copy_documents(name, source, half, taken, context)
    return {"kind": counted.pop("kind"), "lang": source.lang, "license": source.license, **counted}


def _judge(name: str, source: Source, found: dict[str, Any], allowed: float, examples: list[dict[str, Any]]) -> None:
    """Fail where too much could not be read, or nothing was; `examples` are the first records that could not."""
    first = ""
    if examples:
        known = next((what for what in ("line", "record", "offset") if what in examples[0]), None)
        first = f"; the first is {examples[0]['file']}" + (f", {known} {examples[0][known]}" if known else "")
    reasons = "; ".join(f"{reason}: {count}" for reason, count in sorted(found["reasons"].items())[:5])
    if source.urls is None and found["failed"] > allowed * found["read"]:
        raise StageFailed(
            f"source '{name}': {found['failed']} of {found['read']} records could not be read ({reasons}{first}); "
            f"crawl.bad_records allows a share of {allowed}"
        )
    if found["records"] == 0:
        raise InputError(f"source '{name}' gives no page or document ({reasons or 'nothing in it is text'})")


def _copy_pages(name: str, source: Source, paths: list[Path], file: BinaryIO, context: Context) -> dict[str, Any]:
    """Copy the HTML and plain text pages of WARC files, in the files' order."""
    tally = Tally()
    file.write(info(name, source, files=", ".join(path.name for path in paths)))
    for path in paths:
        for page in wanted_pages(path, tally, source.limit):
            file.write(page_member(page))
            tally.kept += 1
            tally.bytes += len(page.body)
            if tally.kept % EVERY == 0:
                context.stop_if_asked()
                context.progress(tally.kept, source.limit, "pages")
        if tally.kept == source.limit:
            break
    return tally.facts()


def _crawl_live(name: str, source: Source, file: BinaryIO, context: Context) -> dict[str, Any]:
    """Crawl a folder over loopback, or start URLs over the net, and write the pages sorted by URL."""
    spool = context.work / f"spool-{name}"

    def tick(saved: int) -> None:
        context.stop_if_asked()
        context.progress(saved, source.limit, "pages")

    if source.site is not None:
        found = crawl_site(name, Path(source.site).expanduser(), spool, source.limit, tick)
        opening = info(name, source)
    else:
        found = crawl_pages(live_job(source), spool, tick)
        opening = info(name, source, edition=source.edition, robots="classic")
    file.write(opening)
    size = kept = 0
    for _, member, length in members(spool, source.limit):
        file.write(member)
        size += length
        kept += 1
    shutil.rmtree(spool, ignore_errors=True)
    return _live_counts(name, found, kept, size, context)


def _live_counts(name: str, found: Crawled, kept: int, size: int, context: Context) -> dict[str, Any]:
    failed, refused = Counter(found.failed), Counter(found.refused)
    if failed:
        context.event("bad_records", source=name, count=failed.total(), records=[], reasons=_sorted(failed))
    return {
        "kind": "pages", "records": kept, "bytes": size, "read": kept + refused.total() + failed.total(), "kept": kept,
        "dropped": refused.total(), "failed": failed.total(), "reasons": _sorted(failed + refused),
        "opted_out": found.opted_out, "opt_outs": found.signals,
    }  # fmt: skip


def live_job(source: Source) -> Job:
    """The crawl a `urls` source asks for: its hosts are those of the start URLs unless `allow` names others."""
    urls = source.urls or []
    hosts = source.allow or sorted({urlsplit(url).hostname or "" for url in urls})
    return Job(
        start_urls=urls, allow=hosts, delay=source.delay, depth=source.depth, limit=source.limit,
        private=hosts if source.allow_private else [], opt_out=source.opt_out,
    )  # fmt: skip


def _copy_documents(name: str, source: Source, target: Path, taken: set[int], context: Context) -> dict[str, Any]:
    records, size = Records(), 0

    def documents() -> Iterator[Document]:
        nonlocal size
        defaults = Defaults(name, source.lang, source.license, source.text)
        for document in as_documents(_watched(name, source, context), defaults, records, taken):
            size += len(document["text"].encode())
            yield document
            if records.kept == source.limit:
                return
            if records.read % EVERY == 0:
                context.stop_if_asked()
                context.progress(records.kept, source.limit, "documents")

    kept = write_documents(target, documents())
    failed = records.failed.total()
    return {
        "kind": "documents", "records": kept, "bytes": size, "read": records.read, "kept": kept,
        "dropped": records.dropped, "failed": failed, "reasons": _sorted(records.failed + records.left),
        "examples": records.examples,
    }  # fmt: skip


def _watched(name: str, source: Source, context: Context) -> Iterator[Row]:
    """The rows of a source; a stop is looked for at each, since a dump may leave out thousands in a row."""
    for row in _rows(name, source, context):
        context.stop_if_asked()
        yield row


def _rows(name: str, source: Source, context: Context) -> Iterator[Row]:
    if source.jsonl is not None:
        return jsonl_rows(matches(source.jsonl, JSONL, f"sources.{name}.jsonl"))
    if source.parquet is not None:
        return parquet_rows(matches(source.parquet, PARQUET, f"sources.{name}.parquet"), source.text)
    if source.wikipedia is not None:
        return wikipedia.wikipedia_rows(matches(source.wikipedia, wikipedia.SUFFIXES, f"sources.{name}.wikipedia"))
    if source.namuwiki is not None:
        return namuwiki.namuwiki_rows(matches(source.namuwiki, namuwiki.SUFFIXES, f"sources.{name}.namuwiki"))
    if source.nested is not None:
        layout = nested.plan(source.layout or "", f"sources.{name}.layout")
        return nested.nested_rows(matches(source.nested, nested.SUFFIXES, f"sources.{name}.nested"), layout)
    if source.hwpx is not None:
        return hwpx.hwpx_rows(matches(source.hwpx, hwpx.SUFFIXES, f"sources.{name}.hwpx"))
    if source.pdf is not None:
        return pdf.pdf_rows(matches(source.pdf, pdf.SUFFIXES, f"sources.{name}.pdf"))
    return dataset_rows(source.dataset or "", source.split, context.cache / "datasets")


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
