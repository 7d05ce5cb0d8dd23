"""A record as it lies in an archive: taken whole and true, or not at all, with a reason."""

import base64
import hashlib
import io
import zlib

import pytest

from corpus.archive.record import MEMBER_LIMIT, base32, header_at, judge
from tests.loopback import conversion, digest, member, response

BODY = "<p>말과 글</p>".encode()
WHOLE = response("http://a.kr/1", BODY)


def test_a_true_record():
    assert judge(WHOLE, digest(BODY)) == judge(WHOLE) and judge(WHOLE).size == len(BODY)
    assert base32(hashlib.sha1(BODY).digest()) == digest(BODY)


def chunked(body, promised):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    block = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return member({"WARC-Type": "response", "WARC-Payload-Digest": f"sha1:{promised}"}, block)


def test_the_digest_may_be_of_the_body_without_its_chunks():
    assert judge(chunked(BODY, digest(BODY))).failed == ""
    assert judge(chunked(BODY, digest(b"x"))).failed == "digest differs"


def ways(algorithm, body):
    made = hashlib.new(algorithm, body).digest()
    return [f"{name}:{value}" for name in (algorithm, algorithm.upper(), f" {algorithm} ")
            for value in (base32(made), base32(made).lower(), base64.b32encode(made).decode(), made.hex(),
                          f" {made.hex().upper()}")]  # fmt: skip


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_digests_are_read_as_crawlers_write_them(algorithm):
    for right, wrong in zip(ways(algorithm, BODY), ways(algorithm, b"x"), strict=True):
        block = b"HTTP/1.1 200 OK\r\n\r\n" + BODY
        own = [member({"WARC-Type": "response", "WARC-Payload-Digest": text}, block) for text in (right, wrong)]
        assert [judge(one).failed for one in own] == ["", "digest differs"]
        assert [judge(WHOLE, text).failed for text in (right, wrong)] == ["", "digest differs"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (hashlib.sha1(BODY).hexdigest(), ""), (digest(BODY).lower(), ""), ("sha512:ABC", ""), ("blake3:x", ""),
        ("sha1:", ""), ("sha1:AAAA", "digest differs"), ("md5:x", "digest differs"), ("AAAA", "digest differs"),
    ],
)  # fmt: skip
def test_digests_of_other_kinds_and_of_none(text, reason):
    assert judge(WHOLE, text).failed == reason


def half_promised():
    return zlib.compress(b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 900\r\n\r\nHTTP/1.1 200 OK", wbits=31)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (WHOLE[:-9], "cut off"),
        (WHOLE + WHOLE, "more than one record"),
        (WHOLE[5:], "broken compression"),
        (WHOLE[:40] + bytes(30) + WHOLE[70:], "broken compression"),
        (zlib.compress(b"hello", wbits=31), "no WARC record"),
        (half_promised(), "cut off"),
        (zlib.compress(b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", wbits=31), "cut off in its header"),
        (member({"WARC-Type": "response"}, b"gopher"), "no HTTP response"),
        (zlib.compress(bytes(MEMBER_LIMIT + 10), wbits=31), "larger than the limit"),
        (b"", "cut off"),
    ],
)
def test_what_is_wrong_has_a_reason(data, reason):
    assert judge(data).failed == reason


def test_another_payload_than_the_index_names():
    assert judge(WHOLE, digest(b"other")).failed == "digest differs"


def test_what_is_no_page_is_dropped():
    assert judge(member({"WARC-Type": "request"}, b"GET / HTTP/1.1\r\n\r\n")).dropped == "a record of type request"
    assert judge(response("http://a.kr/", b"  \n")).dropped == "empty"


def test_headers_are_read_without_bodies():
    text = conversion("http://a.kr/", "글" * 100_000, "kor,eng")
    file = io.BytesIO(WHOLE + text + zlib.decompress(text, wbits=31))
    for offset in (len(WHOLE), len(WHOLE + text)):
        assert header_at(file, offset)["warc-identified-content-language"] == "kor,eng"
    assert header_at(file, 3) == {}


@pytest.mark.data
def test_a_real_record(data):
    whole = (data / "warc" / "cc_whirlwind" / "whirlwind.warc.gz").read_bytes()
    parts = []
    while whole:
        packed = zlib.decompressobj(31)
        packed.decompress(whole)
        parts.append(whole[: len(whole) - len(packed.unused_data)])
        whole = packed.unused_data
    verdicts = [judge(part) for part in parts]
    assert [verdict.dropped[:16] for verdict in verdicts] == [
        "a record of type",
        "a record of type",
        "",
        "a record of type",
    ]
    assert verdicts[2].size > 70_000 and judge(parts[2], "RY7PLBUFQNI2FFV5FTUQK72W6SNPXLQU").failed == ""
