"""Records of one Common Crawl, chosen by its index and read by ranges: a language's share without the other 99 %.

The records come in the order of the archives (WARC file, offset) and are kept byte for byte. They are fetched in units
fixed by that order alone; after each the file is noted, so that a run killed at any moment goes on behind the last one
and ends in the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from corpus.archive.record import MEMBER_LIMIT, judge
from corpus.config import CommonCrawl, Source
from corpus.sources.ccindex import Wanted, in_order, index_files, select
from corpus.sources.intake import Tally, info
from corpus.sources.journal import journal
from corpus.sources.ranges import GAP, Client, Gone, below
from corpus.web.polite import manners
from pipeline.context import Context
from pipeline.errors import InputError, StageFailed

UNIT = 256  # records fetched between two notes
UNIT_BYTES = 32 << 20
SPAN = 8 << 20  # bytes of one request for several records


@dataclass(frozen=True)
class Span:
    """Records of one file that one request brings."""

    file: str
    begin: int
    end: int


def gather(name: str, source: Source, half: Path, context: Context) -> dict[str, Any]:
    """Write the records that `source.commoncrawl` asks for to `half`; returns the source's metrics.

    Raises InputError for an index that is not there, StageFailed (exit 4, and the same command goes on) where the host
    does not serve what is left.
    """
    asked = source.commoncrawl
    assert asked is not None
    client = Client(context.cache, manners(context.run.host_rate), asked.seed)
    try:
        return _gather(name, source, asked, half, client, context)
    finally:
        context.provenance.setdefault("fetched", {})[name] = dict(sorted(client.seen.items()))


def _gather(
    name: str, source: Source, asked: CommonCrawl, half: Path, client: Client, context: Context
) -> dict[str, Any]:
    work = context.work / f"index-{name}"
    work.mkdir(exist_ok=True)

    def looking(done: int, total: int) -> None:
        context.stop_if_asked()
        context.progress(done, total, "index files")

    files = index_files(asked, client, f"sources.{name}.commoncrawl")
    index = select(asked, files, work, client, looking)
    if not index["selected"]:
        raise InputError(f"source '{name}': none of the {index['rows']} rows of the index passes its filters")
    total = min(index["selected"], source.limit or index["selected"])

    with journal(half, context.work / f"{name}.fetched.json") as book:
        tally = Tally.of(book.state.get("tally", {}))
        done = int(book.state.get("records", 0))
        if not done:
            book.file.write(info(name, source, crawl=asked.crawl, origin=asked.base))
        records = islice(in_order(work), done, None)
        while unit := _unit(records, None if source.limit is None else source.limit - tally.kept):

            def tick() -> None:
                context.stop_if_asked()

            try:
                for record, answer in fetch(unit, asked.base, client, tick):
                    _take(record, answer, tally, book.file)
            except StageFailed as error:
                left = index["selected"] - done if source.limit is None else total - tally.kept
                raise StageFailed(
                    f"source '{name}': {error}; {left} of {total} records are left, and the same command goes on"
                ) from None
            done += len(unit)
            book.commit({"records": done, "tally": tally.state()})
            context.progress(tally.kept, total, "records")
    return {**tally.facts(), "crawl": asked.crawl, "index": index}


def _unit(records: Iterator[Wanted], most: int | None) -> list[Wanted]:
    """The next records that are fetched together: not too many, not too much, never more than `most`."""
    unit: list[Wanted] = []
    size = 0
    while len(unit) < min(UNIT, UNIT if most is None else most) and size < UNIT_BYTES:
        record = next(records, None)
        if record is None:
            break
        unit.append(record)
        size += min(record.length, MEMBER_LIMIT)
    return unit


def fetch(
    unit: list[Wanted], base: str, client: Client, tick: Any = lambda: None
) -> Iterator[tuple[Wanted, bytes | str]]:
    """The bytes of each record, in order, or the reason why there are none."""
    spans = list(_spans([record for record in unit if _impossible(record, base) is None]))
    calls = [partial(_read, client, base, span) for span in spans]
    answers = dict(zip(spans, client.each(calls, tick), strict=True))
    for record in unit:
        if (trouble := _impossible(record, base)) is not None:
            yield record, trouble
            continue
        end = record.offset + record.length
        span = next(one for one in spans if one.file == record.file and one.begin <= record.offset and end <= one.end)
        answer = answers[span]
        if isinstance(answer, Gone) and span != Span(record.file, record.offset, end):
            own = partial(_read, client, base, Span(record.file, record.offset, end))
            answer = next(client.each([own], tick))  # what a neighbour's wrong place spoiled
            yield record, str(answer) if isinstance(answer, Gone) else answer
        elif isinstance(answer, Gone):
            yield record, str(answer)
        else:
            yield record, answer[record.offset - span.begin : end - span.begin]


def _read(client: Client, base: str, span: Span) -> bytes:
    return client.read(below(base, span.file), span.begin, span.end)


def _impossible(record: Wanted, base: str) -> str | None:
    """What is wrong with a record's place in the index, so that it need not be asked for."""
    if record.offset < 0 or record.length <= 0:
        return "no place in the index"
    try:
        below(base, record.file)
    except InputError:
        return "no place in the index"
    return "larger than the limit" if record.length > MEMBER_LIMIT else None


def _spans(unit: list[Wanted]) -> Iterator[Span]:
    """What is asked for: neighbours in one file together, unless too much lies between them."""
    span: Span | None = None
    for record in unit:
        end = record.offset + record.length
        if span is not None and span.file == record.file:
            joined = Span(span.file, span.begin, max(span.end, end))
            if record.offset - span.end <= GAP and joined.end - joined.begin <= SPAN:
                span = joined
                continue
        if span is not None:
            yield span
        span = Span(record.file, record.offset, end)
    if span is not None:
        yield span


def _take(record: Wanted, answer: bytes | str, tally: Tally, file: Any) -> None:
    place = {"offset": record.offset}
    if isinstance(answer, str):
        tally.fail(answer, record.file, **place)
        return
    verdict = judge(answer, record.digest)
    if verdict.failed:
        tally.fail(verdict.failed, record.file, **place)
    elif verdict.dropped:
        tally.dropped[verdict.dropped] += 1
    else:
        file.write(answer)
        tally.kept += 1
        tally.bytes += verdict.size
