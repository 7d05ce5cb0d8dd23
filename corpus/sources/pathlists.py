"""Whole WARC and WET files, named by a list of paths as Common Crawl publishes it.

One file at a time is fetched into the stage's work folder, read like a local one, and removed: a dump needs the disk
of one file beside what is kept. After each file the result is noted, so that a killed run goes on with the next.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.archive.page import EXAMPLES
from corpus.archive.record import header_at
from corpus.archive.warc import page_member
from corpus.config import Archives, Source
from corpus.documents import Document, read_file, write_documents
from corpus.sources.ccindex import listed_paths, sample
from corpus.sources.intake import Tally, info, wanted_pages
from corpus.sources.journal import journal
from corpus.sources.ranges import Client, Gone, below
from corpus.sources.readers import Defaults, Records, Row, as_documents
from corpus.web.polite import manners
from pipeline.artifact import write_json
from pipeline.context import Context
from pipeline.errors import InputError, StageFailed

EVERY = 500  # records between two looks at whether to stop
NAME = 100  # characters of a remote file's name, from its end, that name it in the work folder


@dataclass(frozen=True)
class Listed:
    """A line of the list, cut to what is shown of it, and the URL it means: "" where it is no path below the base."""

    line: str
    url: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2] or self.line


def listed_files(asked: Archives, client: Client) -> list[Listed]:
    """The files to read, in the list's order.

    Raises InputError for a list that is not there, or of which no line is a path below the base.
    """
    if asked.paths is not None:
        path = Path(asked.paths).expanduser()
        try:
            data, name = path.read_bytes(), str(path)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    else:
        name = asked.url or below(asked.base, f"crawl-data/{asked.crawl}/{asked.kind}.paths.gz")
        try:
            data = client.small(name)
        except Gone as gone:
            raise InputError(f"{name}: {gone}") from None
    lines = sample(listed_paths(data, name), asked.files, asked.seed)
    found = [_listed(asked.base, line) for line in lines]
    if not any(one.url for one in found):
        below(asked.base, lines[0])
    return found


def _listed(base: str, line: str) -> Listed:
    try:
        return Listed(line[:200], below(base, line))
    except InputError:
        return Listed(line[:200], "")


def gather(name: str, source: Source, half: Path, taken: set[int], context: Context) -> dict[str, Any]:
    """Write the pages (WARC) or documents (WET) of the listed files to `half`; returns the source's metrics."""
    asked = source.archives
    assert asked is not None
    client = Client(context.cache, manners(context.run.host_rate), asked.seed)
    try:
        files = listed_files(asked, client)
        if asked.kind == "warc":
            return _pages(name, source, asked, files, half, client, context)
        return _texts(name, source, asked, files, half, taken, client, context)
    finally:
        context.provenance.setdefault("fetched", {})[name] = dict(sorted(client.seen.items()))


def _fetched(name: str, files: list[Listed], number: int, client: Client, context: Context) -> Path | str:
    """A listed file in the work folder, or the reason why there is none."""
    one, of = files[number], len(files)
    if not one.url:
        return "no path below the base"
    left = of - number
    path = context.work / f"files-{name}" / f"{number:06d}" / one.name[-NAME:]

    def tick(at: int, size: int) -> None:
        context.stop_if_asked()
        context.progress(number + at / max(1, size), of, "files")

    try:
        if not path.exists():
            client.download(one.url, path, tick)
    except Gone:
        return "file not on the server"
    except StageFailed as error:
        raise StageFailed(
            f"source '{name}': {error}; {left} of {of} files are left, and the same command goes on"
        ) from None
    return path


def _pages(
    name: str, source: Source, asked: Archives, files: list[Listed], half: Path, client: Client, context: Context
) -> dict[str, Any]:
    with journal(half, context.work / f"{name}.files.json") as book:
        tally = Tally.of(book.state.get("tally", {}))
        done, missing = int(book.state.get("files", 0)), int(book.state.get("missing", 0))
        if not done:
            book.file.write(info(name, source, origin=asked.base, crawl=asked.crawl or ""))
        for number in range(done, len(files)):
            if source.limit is not None and tally.kept >= source.limit:
                break
            path = _fetched(name, files, number, client, context)
            if isinstance(path, str):
                missing += 1
                tally.fail(path, files[number].name)
            else:
                for page in wanted_pages(path, tally, source.limit):
                    book.file.write(page_member(page))
                    tally.kept += 1
                    tally.bytes += len(page.body)
                    if tally.kept % EVERY == 0:
                        context.stop_if_asked()
            done = number + 1
            book.commit({"files": done, "missing": missing, "tally": tally.state()})
            if isinstance(path, Path):
                path.unlink()
            context.progress(done, len(files), "files")
    return {**tally.facts(), "files": done, "files_missing": missing}


def _texts(
    name: str,
    source: Source,
    asked: Archives,
    files: list[Listed],
    half: Path,
    taken: set[int],
    client: Client,
    context: Context,
) -> dict[str, Any]:
    """WET: each file's wanted texts into a Parquet file of the work folder, then all of them into one."""
    work = context.work / f"texts-{name}"
    work.mkdir(exist_ok=True)
    tally = Tally()
    done = missing = 0
    for number, one in enumerate(files):
        if source.limit is not None and tally.kept >= source.limit:
            break
        place = work / f"{number:06d}"
        if not place.exists():
            path = _fetched(name, files, number, client, context)
            unit = work / f"{number:06d}.half"
            shutil.rmtree(unit, ignore_errors=True)
            unit.mkdir()
            read = Tally()
            if isinstance(path, str):
                read.fail(path, one.name)
            else:
                write_documents(unit / "texts.parquet", _wet_texts(path, one.name, asked, read, context))
            write_json(unit / "tally.json", read.state())
            unit.rename(place)
            if isinstance(path, Path):
                path.unlink()
        read = Tally.of(json.loads((place / "tally.json").read_text(encoding="utf-8")))
        missing += not (place / "texts.parquet").exists()
        tally = _sum(tally, read)
        done = number + 1
        context.progress(done, len(files), "files")

    records = Records()
    size = 0

    def documents() -> Iterator[Document]:
        nonlocal size
        defaults = Defaults(name, source.lang, source.license)
        for document in as_documents(_rows(work, done), defaults, records, taken):
            size += len(document["text"].encode())
            yield document
            if records.kept % EVERY == 0:
                context.stop_if_asked()
            if records.kept == source.limit:
                return

    tally.kept, tally.bytes = write_documents(half, documents()), size
    return {**tally.facts("documents"), "files": done, "files_missing": missing}


def _wet_texts(path: Path, name: str, asked: Archives, tally: Tally, context: Context) -> Iterator[Document]:
    """The texts of the WET file `name` in file order, with their languages; ids and sources come later."""
    with path.open("rb") as file:
        for page in wanted_pages(path, tally, None):
            fields = header_at(file, page.offset)
            languages = fields.get("warc-identified-content-language", "")
            if asked.languages and not set(asked.languages) & set(languages.split(",")):
                tally.dropped["other language"] += 1
                continue
            try:
                text = page.body.decode("utf-8")
            except UnicodeDecodeError:
                tally.fail("not UTF-8", path.name, record=page.record, offset=page.offset)
                continue
            tally.kept += 1
            if tally.kept % EVERY == 0:
                context.stop_if_asked()
            meta = {"languages": languages, "date": page.date, "archive": name, "offset": page.offset}
            yield Document(
                id="", text=text, source="", url=page.url, lang="", license="", charset="utf-8",
                meta={key: value for key, value in meta.items() if value != ""},
            )  # fmt: skip


def _rows(work: Path, count: int) -> Iterator[Row]:
    for number in range(count):
        path = work / f"{number:06d}" / "texts.parquet"
        if not path.exists():
            continue
        for line, row in enumerate(read_file(path), 1):
            yield path.parent.name, line, {key: row[key] for key in ("text", "url", "charset", "meta")}


def _sum(one: Tally, more: Tally) -> Tally:
    return Tally(
        one.kept + more.kept, one.bytes + more.bytes, one.dropped + more.dropped, one.failed + more.failed,
        [*one.examples, *more.examples][:EXAMPLES],
    )  # fmt: skip
