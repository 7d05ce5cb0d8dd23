"""Reading and writing WARC: bounds, breaks, codings, and the same bytes for the same pages."""

from __future__ import annotations

import gzip
import io
import os
import random
import resource
import zlib

import pytest

from corpus.archive.warc import Page, Reading, info_member, page_member, read_pages, read_window
from pipeline.errors import InputError

HTML = "<html><body>말모이는 낱말을 모은다는 뜻이다.</body></html>".encode()


def record(body, kind="response", length=None, extra="", url="http://a.example/x"):
    content = "application/http; msgtype=response" if kind == "response" else "text/plain"
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2020-01-02T03:04:05Z\r\n{extra}"
        f"Content-Type: {content}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def http(body, headers="Content-Type: text/html; charset=EUC-KR\r\n", status="200 OK"):
    return f"HTTP/1.1 {status}\r\n{headers}\r\n".encode() + body


def read(tmp_path, data, name="a.warc", **options):
    path = tmp_path / name
    path.write_bytes(data)
    reading = Reading()
    return list(read_pages(path, reading, **options)), reading


def compressed(form, parts):
    import zstandard
    from fastwarc.stream_io import Lz4Writer

    if form == "gz":
        return b"".join(gzip.compress(part) for part in parts)
    if form == "zst":
        return b"".join(zstandard.ZstdCompressor(write_checksum=True).compress(part) for part in parts)
    out = b""
    for part in parts:
        buffer = io.BytesIO()
        with Lz4Writer(buffer) as writer:
            writer.write(part)
            writer.finish()
            writer.flush()
            out += buffer.getvalue()
    return out


@pytest.mark.parametrize("form", ["plain", "gz", "zst", "lz4"])
def test_pages_of_every_compression(tmp_path, form):
    parts = [record(http(HTML)), record(b"", kind="request"), record(http(b"no", status="404 Not Found"))]
    data = b"".join(parts) if form == "plain" else compressed(form, parts)
    pages, reading = read(tmp_path, data, f"a.warc.{form}")
    assert [(page.record, page.status, page.mime) for page in pages] == [(0, 200, "text/html"), (2, 404, "text/html")]
    assert pages[0].body == HTML
    assert pages[0].http_headers == {"content-type": "text/html; charset=EUC-KR"}
    assert pages[0].date == "2020-01-02T03:04:05Z"
    assert (reading.records, reading.pages, reading.failed.total()) == (3, 2, 0)


def test_resources_and_extracted_text_are_pages_and_notes_are_not(tmp_path):
    data = (
        record(b"plain text", kind="conversion")
        + record(b"a resource", kind="resource")
        + record(b"127.0.0.1", kind="resource", url="dns:a.example")
        + record(http(HTML), url="<http://a.example/with space>")
    )
    pages, _ = read(tmp_path, data)
    assert [(page.kind, page.mime, page.status) for page in pages[:2]] == [
        ("conversion", "text/plain", 200), ("resource", "text/plain", 200),
    ]  # fmt: skip
    assert [page.url for page in pages[2:]] == ["http://a.example/with%20space"]


@pytest.mark.parametrize("form", ["plain", "gz", "zst", "lz4"])
def test_a_broken_record_is_counted_once_and_the_rest_is_read(tmp_path, form):
    good = [record(http(b"<p>%d" % number)) for number in range(6)]
    if form == "plain":
        data = good[0] + good[1] + b"junk\r\n" * 9 + good[2] + record(http(HTML), length=7) + good[3] + good[4]
        expected = 2  # junk, and what a false length leaves over
    else:
        parts = [compressed(form, [part]) for part in good]
        broken = bytearray(parts[2])
        broken[len(broken) // 2] ^= 0xFF
        broken[len(broken) // 2 + 1] ^= 0xFF
        data = parts[0] + parts[1] + bytes(broken) + parts[3] + parts[4]
        expected = 1
    pages, reading = read(tmp_path, data, f"a.warc.{form}")
    bodies = [page.body for page in pages]
    assert {b"<p>0", b"<p>1", b"<p>3", b"<p>4"} <= set(bodies)
    assert reading.failed.total() == expected
    assert reading.examples[0]["file"] == f"a.warc.{form}"


def test_two_broken_members_in_a_row_are_two_failures(tmp_path):
    parts = [gzip.compress(record(http(b"<p>%d" % number))) for number in range(5)]
    for number in (1, 2):
        parts[number] = parts[number][:-20] + bytes(10) + parts[number][-10:]
    pages, reading = read(tmp_path, b"".join(parts), "a.warc.gz")
    assert [page.body for page in pages] == [b"<p>0", b"<p>3", b"<p>4"]
    assert reading.failed.total() == 2


@pytest.mark.parametrize("cut", [60, 150, 200, -12])
def test_a_file_that_is_cut_off_is_counted(tmp_path, cut):
    whole = gzip.compress(record(http(HTML)), mtime=0)
    rest = gzip.compress(record(http(HTML * 20)), mtime=0)[:cut]
    pages, reading = read(tmp_path, whole + rest, "a.warc.gz")
    assert len(pages) in (1, 2) and len(pages) + reading.failed.total() >= 2


@pytest.mark.parametrize("data", [b"", b"\x00" * 300, b"<html>no archive</html>", b"filedesc://x 0.0.0.0 1 text 3\n"])
def test_what_is_no_warc_is_one_failure(tmp_path, data):
    pages, reading = read(tmp_path, data)
    assert not pages and reading.failed.total() == 1


@pytest.mark.parametrize("length", ["99999999999999999999", "10000000000", "-5", "", "x"])
def test_false_lengths_are_counted(tmp_path, length):
    good = record(http(HTML))
    pages, reading = read(tmp_path, good + record(http(b"<p>"), length=length) + good)
    assert pages[0].body == HTML and reading.failed.total() >= 1


def test_endless_headers_and_bombs_cost_no_memory(tmp_path):
    good = record(http(HTML))
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(500)) + bomb.flush()
    parts = [
        gzip.compress(record(http(HTML), extra=f"X: {'a' * 200_000}\r\n")),
        gzip.compress(record(http(HTML, headers="".join(f"H{n}: {'a' * 900}\r\n" for n in range(200))))),
        gzip.compress(record(http(packed, headers="Content-Encoding: gzip\r\n"))),
        gzip.compress(good),
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pages, reading = read(tmp_path, b"".join(parts), "a.warc.gz", limit=1 << 20)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    assert [page.body for page in pages] == [HTML]
    assert reading.failed.total() == 3 and reading.failed["larger than the limit"] == 1
    assert grown < 100


def test_a_record_over_the_limit_is_skipped_without_being_held(tmp_path):
    pages, reading = read(tmp_path, record(http(b"a" * 300_000)) + record(http(HTML)), limit=100_000)
    assert [page.body for page in pages] == [HTML] and reading.failed == {"larger than the limit": 1}


def test_what_is_written_is_read_back_and_has_the_same_bytes(tmp_path):
    page = Page(
        "http://a.example/한 글",
        {"content-type": "text/html", "content-encoding": "gzip", "x-robots-tag": "a: none\nnoai"},
        HTML, status=200, mime="text/html", date="2020-01-02T03:04:05Z",
    )  # fmt: skip
    extract = Page("http://a.example/t", {"content-type": "text/plain"}, b"text", mime="text/plain", kind="conversion")
    data = info_member(software="malmoi", license="MIT\r\nX: y") + page_member(page) + page_member(extract)
    assert data == info_member(software="malmoi", license="MIT\r\nX: y") + page_member(page) + page_member(extract)
    pages, reading = read(tmp_path, data, "a.warc.gz")
    assert reading.records == 3 and not reading.failed
    first, second = pages
    assert (first.url, first.body, first.status) == ("http://a.example/한%20글", HTML, 200)
    assert first.http_headers["x-robots-tag"] == "a: none\nnoai" and "content-encoding" not in first.http_headers
    assert first.date == "2020-01-02T03:04:05Z" and second.date == "1970-01-01T00:00:00Z"
    assert (second.kind, second.body) == ("conversion", b"text")
    assert data[first.offset : first.offset + 2] == b"\x1f\x8b"


def test_other_readers_accept_what_is_written(tmp_path):
    from warcio.archiveiterator import ArchiveIterator

    page = Page("http://a.example/", {"content-type": "text/html"}, HTML, mime="text/html")
    found = list(ArchiveIterator(io.BytesIO(info_member(software="malmoi") + page_member(page)), check_digests="raise"))
    # warcio consumes each record's stream as it moves on, so only what its headers say is left to ask
    assert [one.rec_type for one in found] == ["warcinfo", "response"]
    assert len({one.rec_headers.get_header("WARC-Record-ID") for one in found}) == 2


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"none\.warc"):
        list(read_pages(tmp_path / "none.warc"))


def test_any_flipped_byte_ends_in_counts(tmp_path):
    parts = [gzip.compress(record(http(HTML + b"%d" % number)), mtime=0) for number in range(8)]
    whole, choose = b"".join(parts), random.Random(7)
    for _ in range(150):
        data = bytearray(whole)
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        pages, reading = read(tmp_path, bytes(data), "a.warc.gz")
        assert len(pages) >= 6 and reading.failed.total() <= 2


@pytest.mark.data
def test_real_broken_archives_end_in_counts(data):
    clean = {"whirlwind.warc.gz": 1, "warcfile.warc.gz": 16, "warcfile.warc.lz4": 16, "clueweb-quirk.warc.gz": 29,
             "iana.warc.gz": 48, "shared_mixed_ko_en.warc.gz": 618, "whirlwind.warc.wet.gz": 1}  # fmt: skip
    broken = {"bad.arc", "example-space-in-url.arc", "clipped.warc.gz", "example-trunc.warc"}
    seen = set()
    for path in sorted((data / "warc").rglob("*")):
        if not path.is_file():
            continue
        reading = Reading()
        pages = list(read_pages(path, reading))
        seen.add(path.name)
        assert len(pages) == reading.pages
        assert bool(reading.failed) == (path.name in broken), (path.name, reading)
        if path.name in clean:
            assert len(pages) == clean[path.name]
    assert set(clean) | broken <= seen


@pytest.mark.parametrize("cut", [40, 200])
def test_a_gzip_cut_inside_a_member_is_counted(tmp_path, cut):
    members = [
        page_member(Page(f"http://a/{number}", {"content-type": "text/html"}, os.urandom(600))) for number in range(6)
    ]
    whole = b"".join(members[:4])
    (tmp_path / "a.warc.gz").write_bytes(whole + members[4][:cut])
    reading = Reading()
    assert len(list(read_pages(tmp_path / "a.warc.gz", reading))) == 4
    assert reading.failed.total() == 1
    (tmp_path / "b.warc.gz").write_bytes(whole)
    reading = Reading()
    assert len(list(read_pages(tmp_path / "b.warc.gz", reading))) == 4
    assert reading.failed.total() == 0


def test_a_window_is_read_as_a_file_of_its_own(tmp_path):
    members = [page_member(Page(f"http://a/{number}", {"content-type": "text/html"}, HTML)) for number in range(6)]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(members[:4]) + members[4][:-9] + members[5])
    begin, end = len(members[0]), sum(map(len, members[:3]))
    reading = Reading()
    pages = list(read_window(path, begin, end, reading))
    assert [page.url for page in pages] == ["http://a/1", "http://a/2"]
    assert [page.offset for page in pages] == [begin, begin + len(members[1])]
    assert (reading.pages, reading.failed.total()) == (2, 0)  # the damage lies behind it


def test_a_window_over_damage_does_not_look_past_its_end(tmp_path):
    members = [page_member(Page(f"http://a/{number}", {"content-type": "text/html"}, HTML)) for number in range(3)]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(members[0] + members[1][:40] + bytes(40) + members[2])
    reading = Reading()
    assert [page.url for page in read_window(path, 0, len(members[0]) + 80, reading)] == ["http://a/0"]
    assert reading.failed.total() == 1
