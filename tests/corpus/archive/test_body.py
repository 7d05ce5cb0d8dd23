"""Transfer and content codings: undone, bounded, or refused with a reason."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest

from corpus.archive.body import BadBody, decode_body, read_up_to

HTML = "<html><body>말모이는 낱말을 모은다는 뜻이다.</body></html>".encode()


def test_http_codings_are_undone(tmp_path):
    import brotli
    import zstandard

    for coding, packed in {
        "gzip": gzip.compress(HTML),
        "deflate": zlib.compress(HTML),
        "br": brotli.compress(HTML),
        "zstd": zstandard.compress(HTML),
        "deflate, gzip": gzip.compress(zlib.compress(HTML)),
        "identity": HTML,
    }.items():
        assert decode_body(packed, {"content-encoding": coding}) == HTML, coding
        assert decode_body(HTML, {"content-encoding": coding}) == HTML, f"{coding}, stored decoded"
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    assert decode_body(raw.compress(HTML) + raw.flush(), {"content-encoding": "deflate"}) == HTML
    chunked = b"5;x=y\r\n" + HTML[:5] + b"\r\n" + b"%X\r\n" % (len(HTML) - 5) + HTML[5:] + b"\r\n0\r\n\r\n"
    assert decode_body(chunked, {"transfer-encoding": "chunked"}) == HTML
    assert decode_body(HTML, {"transfer-encoding": "chunked"}) == HTML


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-encoding": "gzip"}, gzip.compress(HTML, mtime=0)[:-12]),
        ({"content-encoding": "gzip"}, gzip.compress(bytes(5000), mtime=0)),
        ({"content-encoding": "gzip"}, gzip.compress(b"", mtime=0) * 200),
        ({"content-encoding": "br"}, b"\xff\xfe no brotli"),
        ({"content-encoding": "magic"}, HTML),
        ({"transfer-encoding": "chunked"}, b"5\r\nab"),
        ({"transfer-encoding": "chunked"}, b"2\r\nab\r\nzz\r\n"),
    ],
)
def test_bodies_that_do_not_decode_are_refused(headers, body):
    with pytest.raises(BadBody):
        decode_body(body, headers, limit=4096)


def test_no_more_is_read_than_asked():
    assert read_up_to(io.BytesIO(b"abcdef"), 4) == b"abcd"
    assert read_up_to(io.BytesIO(b"ab"), 4) == b"ab"
