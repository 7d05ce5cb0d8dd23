from __future__ import annotations

import gzip
import io
import zlib

import pytest

from corpus.archive.arc import is_arc
from corpus.archive.warc import Reading, read_pages

HTML = "<html><body>말모이는 낱말을 모은다는 뜻이다.</body></html>".encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n" + HTML
OPENING = b"1 0 Test\nURL IP-address Archive-date Content-type Archive-length\n"


def record(body, url=b"http://a.example/x", length=None, more=b""):
    size = str(len(body)).encode() if length is None else length
    return b"%s 127.0.0.1 20140216050221 text/html %s%s\n%s\n" % (url, more, size, body)


def opening():
    return record(OPENING, b"filedesc://test.arc")


def read(tmp_path, parts, packed=False, **options):
    path = tmp_path / ("a.arc.gz" if packed else "a.arc")
    path.write_bytes(b"".join(gzip.compress(part) if packed else part for part in parts))
    reading = Reading()
    return list(read_pages(path, reading, **options)), reading


@pytest.mark.parametrize("packed", [False, True])
def test_pages_of_an_arc(tmp_path, packed):
    two = record(b"HTTP/1.0 404 Not Found\r\n\r\nno", more=b"404 abc - 17 test.arc ")
    parts = [opening(), record(ANSWER), record(b"1.2.3.4", b"dns:a.example"), two, record(ANSWER, b"http://a/b c")]
    pages, reading = read(tmp_path, parts, packed)
    assert [(page.url, page.status) for page in pages] == [
        ("http://a.example/x", 200), ("http://a.example/x", 404), ("http://a/b%20c", 200),
    ]  # fmt: skip
    assert pages[0].body == HTML and pages[0].mime == "text/html" and pages[0].date == "2014-02-16T05:02:21Z"
    assert len({page.offset for page in pages}) == 3
    assert (reading.records, reading.pages, reading.failed.total()) == (5, 3, 0)


def test_false_lengths_cost_one_record(tmp_path):
    for length in (b"-1", b"abc", b"99999999999"):
        pages, reading = read(tmp_path, [opening(), record(ANSWER, length=length), record(ANSWER)])
        assert [page.body for page in pages] == [HTML], length
        assert reading.failed.total() == 2  # the length, and the lines that then belong to no record


def test_a_cut_or_broken_file_is_counted(tmp_path):
    pages, reading = read(tmp_path, [opening(), record(ANSWER), record(ANSWER)[:-30]])
    assert len(pages) == 1 and reading.failed == {"cut off": 1}
    path = tmp_path / "b.arc.gz"
    whole = [gzip.compress(part) for part in (opening(), record(ANSWER), record(ANSWER * 9))]
    path.write_bytes(b"".join(whole)[:-40])
    reading = Reading()
    assert len(list(read_pages(path, reading))) == 1 and reading.failed == {"broken compression": 1}


def test_what_a_server_compressed_is_bounded(tmp_path):
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(50)) + bomb.flush()
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed
    pages, reading = read(tmp_path, [opening(), record(answer), record(ANSWER)], limit=1 << 20)
    assert [page.body for page in pages] == [HTML] and reading.failed == {"larger than the limit": 1}


def test_other_files_are_no_arc():
    for data in (b"", b"WARC/1.0\r\n", gzip.compress(b"WARC/1.0"), b"\x1f\x8bxxxx"):
        assert not is_arc(io.BytesIO(data))


@pytest.mark.data
def test_real_arcs(data):
    found = {}
    for path in sorted((data / "warc/warcio_tests").glob("*arc*")):
        reading = Reading()
        if path.name.partition(".warc")[1] == "" and ".arc" in path.name:
            found[path.name] = ([page.url for page in read_pages(path, reading)], reading.failed.total())
    assert found["example.arc"] == found["example.arc.gz"] == (["http://example.com/"], 0)
    assert found["example-space-in-url.arc"] == ([], 1)  # it ends ten bytes before its record does
    assert found["bad.arc"][0] == [] and found["bad.arc"][1] >= 2
