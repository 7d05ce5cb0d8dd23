"""Common Crawl's columnar index: which records of a crawl are wanted, found without fetching a page.

The index is some 300 Parquet files of a crawl, sorted by the SURT form of the URL. Per row group the columns that
filters ask for are read first, the places of the records only where a row is wanted, and groups whose statistics say
that nothing in them can be wanted are not read at all. What is found lies in one small Parquet file per index file, and
is read back in the order of the archives: by WARC file, then offset.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from corpus.config import CommonCrawl
from corpus.sources.ranges import Client, Gone, RemoteFile, below
from corpus.sources.readers import PARQUET, matches
from pipeline.artifact import write_json
from pipeline.errors import InputError, StageFailed

PLACE = ("warc_filename", "warc_record_offset", "warc_record_length", "content_digest")
SURT = "url_surtkey"
SUBSET = "subset=warc"  # beside it lie the index of robots.txt files and of what was no page
ROWS = 500_000  # records that are put in order at once
LIST_LIMIT = 256 << 20  # bytes of an unpacked list of paths
LAST = "\U0010ffff"
Tick = Callable[[], None]


@dataclass(frozen=True)
class Wanted:
    """Where one record lies, and its payload's digest ("" where the index has none).

    A row that lacks its place has the file "", the offset -1 or the length -1.
    """

    file: str
    offset: int
    length: int
    digest: str


def listed_paths(data: bytes, name: str) -> list[str]:
    """The lines of a list of paths, gzipped or not. Raises InputError for one that is none."""
    import zlib

    try:
        if data.startswith(b"\x1f\x8b"):
            unpacked = zlib.decompressobj(31)
            text = unpacked.decompress(data, LIST_LIMIT)
            if not unpacked.eof:
                raise EOFError("cut off or larger than the limit")
            data = text
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    except (OSError, EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name} is no list of paths: {error}") from None
    found = [line for line in lines if line]
    if not found:
        raise InputError(f"{name} is an empty list of paths")
    return found


def sample(paths: list[str], count: int | None, seed: int) -> list[str]:
    """`count` of the paths, drawn by the seed, in the list's order."""
    if count is None or count >= len(paths):
        return paths
    drawn = sorted(random.Random(seed).sample(range(len(paths)), count))
    return [paths[number] for number in drawn]


def index_files(asked: CommonCrawl, client: Client, key: str) -> list[str]:
    """The index's files: local paths, or URLs below `base`; `asked.index_files` of them."""
    if asked.index is not None:
        found = [str(path) for path in matches(asked.index, PARQUET, f"{key}.index")]
    else:
        url = below(asked.base, f"crawl-data/{asked.crawl}/cc-index-table.paths.gz")
        try:
            paths = listed_paths(client.small(url), url)
        except Gone as gone:
            raise InputError(f"{url}: {gone}; is {asked.crawl} a crawl with a columnar index?") from None
        found = [below(asked.base, path) for path in paths if path.endswith(PARQUET)]
    if any("/subset=" in path for path in found):
        found = [path for path in found if f"/{SUBSET}/" in path]
    if not found:
        raise InputError(f"{key}: the index of {asked.crawl} names no Parquet file of pages")
    return sample(sorted(found), asked.index_files, asked.seed)


def select(
    asked: CommonCrawl, files: list[str], folder: Path, client: Client, tick: Callable[[int, int], None]
) -> dict[str, int]:
    """Write what is wanted of each index file to `folder/<number>/wanted.parquet`, whole or not at all.

    Returns the counts of all files: files, rows, groups, groups_read, selected. Raises StageFailed where the host
    does not serve what is left.
    """
    total: Counter[str] = Counter(files=len(files))
    for number, name in enumerate(files):
        place = folder / f"{number:05d}"
        if not place.exists():
            half = folder / f"{number:05d}.half"
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            try:
                _select_one(asked, name, half, client, partial(tick, number, len(files)))
            except StageFailed as error:
                left = len(files) - number
                raise StageFailed(
                    f"{error}; {left} of {len(files)} index files are left, and the same command goes on"
                ) from None
            half.rename(place)
        total.update(json.loads((place / "counts.json").read_text(encoding="utf-8")))
    return dict(sorted(total.items()))


def _select_one(asked: CommonCrawl, name: str, folder: Path, client: Client, tick: Tick) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts = dict.fromkeys(("rows", "groups", "groups_read", "selected"), 0)
    schema = pa.schema(
        [(PLACE[0], pa.string()), (PLACE[1], pa.int64()), (PLACE[2], pa.int64()), (PLACE[3], pa.string())]
    )
    tick()
    try:
        remote = RemoteFile(client, name) if "://" in name else None
        with (
            pq.ParquetFile(remote or name, pre_buffer=False) as file,
            pq.ParquetWriter(folder / "wanted.parquet", schema, compression="zstd") as writer,
        ):
            columns = _columns(asked, set(file.schema_arrow.names), name)
            for group in range(file.num_row_groups):
                counts["rows"] += file.metadata.row_group(group).num_rows
                counts["groups"] += 1
                if not _may_hold(file.metadata.row_group(group), asked):
                    continue
                counts["groups_read"] += 1
                mask = _mask(_read(file, remote, group, columns, tick), asked)
                if not (chosen := mask.to_numpy(zero_copy_only=False).nonzero()[0]).size:
                    continue
                table = _places(_read(file, remote, group, list(PLACE), tick).take(chosen), schema)
                writer.write_table(table)
                counts["selected"] += table.num_rows
    except Gone as gone:
        raise InputError(f"{name}: {gone}") from None
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise InputError(f"{name} is no readable index: {error}") from None
    write_json(folder / "counts.json", counts)


def _places(table: Any, schema: Any) -> Any:
    """The columns of `schema`, of what is null "" or -1."""
    import pyarrow.compute as pc

    missing = {PLACE[0]: "", PLACE[1]: -1, PLACE[2]: -1, PLACE[3]: ""}
    table = table.cast(schema)
    columns = {name: pc.fill_null(table[name], missing[name]) for name in schema.names}
    return type(table).from_pydict(columns, schema=schema)


def _columns(asked: CommonCrawl, there: set[str], name: str) -> list[str]:
    """The columns that the filters ask for. Raises InputError where the index lacks one."""
    needed = {
        "fetch_status": asked.status, "content_languages": asked.languages, "content_charset": asked.charsets,
        "url_host_name": asked.hosts, "url_host_registered_domain": asked.domains, "url_host_tld": asked.tlds,
        "warc_segment": asked.segments,
    }  # fmt: skip
    columns = [column for column, values in needed.items() if values]
    if asked.mime:
        columns.append("content_mime_detected" if "content_mime_detected" in there else "content_mime_type")
    missing = [column for column in (*columns, *PLACE) if column not in there]
    if missing:
        hint = ""
        if "content_languages" in missing:
            hint = "; Common Crawl's index names languages since CC-MAIN-2018-39"
        raise InputError(f"{name} has no column {', '.join(missing)}{hint}")
    return columns


def _read(file: Any, remote: RemoteFile | None, group: int, columns: list[str], tick: Tick) -> Any:
    """Columns of a row group as a table; over the net their bytes are asked for at once."""
    tick()
    if remote is not None:
        described = file.metadata.row_group(group)
        ranges = []
        for number in range(described.num_columns):
            column = described.column(number)
            if column.path_in_schema in columns:
                starts = [column.data_page_offset, column.dictionary_page_offset]
                begin = min(start for start in starts if start)
                ranges.append((begin, begin + column.total_compressed_size))
        remote.fetch(ranges, tick)
    return file.read_row_group(group, columns=columns, use_threads=False)


def _mask(table: Any, asked: CommonCrawl) -> Any:
    """Which rows are wanted; a row that lacks what a filter asks for is not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.chunked_array([pa.repeat(True, table.num_rows)])

    def only(condition: Any) -> None:
        nonlocal found
        found = pc.and_(found, pc.fill_null(condition, False))

    def among(column: str, values: list[Any]) -> Any:
        given = table[column]
        kind = given.type.value_type if pa.types.is_dictionary(given.type) else given.type
        return pc.is_in(given, pa.array(values).cast(kind))

    for name in table.column_names:
        if name == "fetch_status":
            only(among(name, asked.status))
        elif name == "content_languages":
            codes = "|".join(map(re.escape, asked.languages))
            start = "^" if asked.primary else "(^|,)"
            only(pc.match_substring_regex(_text(table[name]), f"{start}({codes})(,|$)"))
        elif name in ("content_mime_detected", "content_mime_type"):
            only(among(name, asked.mime))
        elif name == "content_charset":
            only(pc.is_in(pc.utf8_lower(_text(table[name])), pa.array([text.lower() for text in asked.charsets])))
        elif name == "warc_segment":
            only(among(name, asked.segments))
    places = [
        among(column, values)
        for column, values in (
            ("url_host_name", asked.hosts),
            ("url_host_registered_domain", asked.domains),
            ("url_host_tld", asked.tlds),
        )
        if values
    ]
    if places:  # one of the hosts, or of the domains, or of the top-level domains
        either = pc.fill_null(places[0], False)
        for place in places[1:]:
            either = pc.or_(either, pc.fill_null(place, False))
        only(either)
    return found.combine_chunks()


def _text(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _may_hold(group: Any, asked: CommonCrawl) -> bool:
    """Whether a row group's statistics leave room for a wanted row."""
    prefixes = [surt(name) for name in (*asked.hosts, *asked.domains, *asked.tlds)]
    ranges: dict[str, list[tuple[Any, Any]]] = {
        "fetch_status": [(status, status) for status in asked.status],
        "warc_segment": [(segment, segment) for segment in asked.segments],
        SURT: [(prefix, prefix + LAST) for prefix in prefixes],
    }
    for number in range(group.num_columns):
        column = group.column(number)
        wanted, found = ranges.get(column.path_in_schema), column.statistics
        if not wanted or found is None or not found.has_min_max or type(found.min) is not type(wanted[0][0]):
            continue
        if not any(found.min <= last and found.max >= first for first, last in wanted):
            return False
    return True


def surt(host: str) -> str:
    """What the sort keys of a host's URLs begin with: labels turned round, a leading `www` left out."""
    return ",".join(reversed(re.sub(r"^www\d*\.", "", host.lower()).split(".")))


def in_order(folder: Path) -> Iterator[Wanted]:
    """All that was selected, by WARC file and offset, each record once; memory is `ROWS` records.

    Rows that lack their place are no record that comes again: all of them come.
    """
    import pyarrow.dataset as ds

    paths = sorted(str(path) for path in folder.glob("*/wanted.parquet"))
    found = ds.dataset(paths, format="parquet")
    counts: Counter[str] = Counter()
    for batch in found.to_batches(columns=[PLACE[0]]):
        for pair in batch.column(0).value_counts().to_pylist():
            counts[pair["values"]] += pair["counts"]
    last: tuple[str, int] | None = None
    for first, final in _spans(counts):
        name = ds.field(PLACE[0])
        table = found.to_table(columns=list(PLACE), filter=(name >= first) & (name <= final))
        for batch in table.sort_by([(column, "ascending") for column in PLACE]).to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                place = (row[PLACE[0]], row[PLACE[1]])
                if last != place or place[0] == "" or place[1] < 0:
                    last = place
                    yield Wanted(*place, row[PLACE[2]], row[PLACE[3]])


def _spans(counts: Counter[str]) -> Iterator[tuple[str, str]]:
    """First and last file name of runs of files with at most `ROWS` records together."""
    first, last, held = "", "", 0
    for name in sorted(counts):
        if held and held + counts[name] > ROWS:
            yield first, last
            held = 0
        first = first if held else name
        last, held = name, held + counts[name]
    if held:
        yield first, last
