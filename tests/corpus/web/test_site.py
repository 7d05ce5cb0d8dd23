"""A folder crawled over loopback: every page, its real bytes, no charset that the file does not say."""

from __future__ import annotations

import urllib.request

import pytest

from corpus.archive.warc import read_pages
from corpus.web.site import crawl_site, html_pages, serve
from corpus.web.spider import members
from pipeline.errors import InputError

EUCKR = '<html><head><meta charset="euc-kr"></head><body>똠방각하 펲시콜라</body></html>'.encode("cp949")


@pytest.fixture
def folder(tmp_path):
    files = {
        "index.html": b"<p>no links here</p>",
        "ko/page one.html": EUCKR,
        "ko/한글.htm": "<p>한글</p>".encode(),
        "ko/mod.html.ko.euc-kr": EUCKR,
        "x/y/z/deep.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'/>",
        "a&b.html": b"<p>ampersand</p>",
        "robots.txt": b"User-agent: *\nDisallow: /\n",
        "style.css": b"p {}",
        "old.html.gz": b"\x1f\x8b",
        "sitemap.xml": b"<urlset/>",
    }
    for name, data in files.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "site"


def warc(folder, spool, **options):
    found = crawl_site("my-site", folder, spool, **options)
    return found, b"".join(member for _, member, _ in members(spool))


def test_every_page_is_found_with_its_bytes(folder, tmp_path):
    found, data = warc(folder, tmp_path / "spool")
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    pages = {page.url.removeprefix("http://my-site.site/"): page for page in read_pages(path)}
    assert list(pages) == [
        "a%26b.html", "index.html", "ko/%ED%95%9C%EA%B8%80.htm", "ko/mod.html.ko.euc-kr", "ko/page%20one.html",
        "x/y/z/deep.xhtml",
    ]  # fmt: skip
    assert found.saved == 6 and not found.failed and not found.refused
    assert pages["ko/page%20one.html"].body == EUCKR
    assert dict(pages["ko/page%20one.html"].http_headers) == {
        "content-type": "text/html",
        "content-length": str(len(EUCKR)),
    }
    assert pages["ko/mod.html.ko.euc-kr"].http_headers["content-type"] == "text/html; charset=euc-kr"


def test_the_bytes_do_not_depend_on_the_port(folder, tmp_path):
    assert warc(folder, tmp_path / "one")[1] == warc(folder, tmp_path / "two")[1]


def test_a_limit_takes_the_first_by_url(folder, tmp_path):
    found, _ = warc(folder, tmp_path / "spool", limit=2)
    assert found.saved == 2
    assert [url for url, _, _ in members(tmp_path / "spool")] == [
        "http://my-site.site/a%26b.html", "http://my-site.site/index.html",
    ]  # fmt: skip


def test_the_server_says_nothing_that_changes(folder):
    with serve(html_pages(folder)) as place:
        with urllib.request.urlopen(f"{place}/index.html") as answer:
            assert dict(answer.headers) == {"Content-Type": "text/html", "Content-Length": "20"}
        for path in ("/style.css", "/../site/index.html", "/%2e%2e/x", "/ko/"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(place + path)


def test_a_folder_without_pages_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        crawl_site("s", tmp_path / "none", tmp_path / "spool")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no HTML page"):
        crawl_site("s", tmp_path / "empty", tmp_path / "spool")
