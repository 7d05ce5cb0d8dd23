"""The columnar index: filters, statistics, subsets, order; nothing read that need not be."""

import gzip

import pytest

from corpus.config import CommonCrawl
from corpus.sources.ccindex import in_order, index_files, listed_paths, sample, select, surt
from corpus.sources.ranges import Client
from corpus.web.polite import Manners
from pipeline.errors import InputError
from tests.loopback import CRAWL, Dump, serving


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    return Dump(tmp_path_factory.mktemp("dump"))


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path / "cache", habits=Manners(rate=2000.0, first=0.005, longest=1.0, tries=4))


def local(dump, **asked):
    return CommonCrawl(crawl=CRAWL, index=str(dump.root / "cc-index"), **asked)


def chosen(asked, folder, client):
    folder.mkdir()
    counts = select(asked, index_files(asked, client, "k"), folder, client, lambda *_: None)
    return counts, list(in_order(folder))


def wanted(dump, condition):
    rows = [row for row in dump.rows if condition(row)]
    return sorted((row["warc_filename"], row["warc_record_offset"]) for row in rows)


def korean(row):
    languages = row["content_languages"] or ""
    return "kor" in languages and row["fetch_status"] == 200 and row["content_mime_detected"] == "text/html"


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        ({}, korean),
        ({"languages": ["eng"]}, lambda row: row["content_languages"] is not None and row["fetch_status"] == 200
            and row["content_mime_detected"] == "text/html"),
        ({"languages": ["eng"], "primary": True}, lambda row: row["content_languages"] == "eng"
            and row["fetch_status"] == 200),
        ({"charsets": ["euc-kr"]}, lambda row: korean(row) and row["content_charset"] == "EUC-KR"),
        ({"languages": [], "status": [404]}, lambda row: row["fetch_status"] == 404),
        ({"mime": ["application/pdf"]}, lambda row: row["content_mime_detected"] == "application/pdf"),
        ({"segments": ["1.1"]}, lambda row: korean(row) and row["warc_segment"] == "1.1"),
        ({"hosts": ["www.site010.kr"], "domains": ["site020.kr"]},
            lambda row: korean(row) and row["url_host_registered_domain"] in ("site010.kr", "site020.kr")),
        ({"tlds": ["kr"], "languages": [], "mime": [], "status": []}, lambda row: row["url_host_tld"] == "kr"),
    ],
)  # fmt: skip
def test_filters(dump, client, tmp_path, asked, condition):
    counts, found = chosen(local(dump, **asked), tmp_path / "w", client)
    assert [(one.file, one.offset) for one in found] == wanted(dump, condition) != []
    assert counts["selected"] == len(found) and counts["rows"] == 60 and counts["files"] == 2


def test_statistics_leave_groups_unread(dump, client, tmp_path):
    for number, asked in enumerate(({"tlds": ["com"], "languages": []}, {"domains": ["site002.kr"]})):
        counts, found = chosen(local(dump, **asked), tmp_path / str(number), client)
        assert found and counts["groups_read"] < counts["groups"]


def test_over_the_net_it_is_the_same(dump, client, tmp_path):
    with serving(dump.root) as server:
        remote = CommonCrawl(crawl=CRAWL, base=server.base)
        assert chosen(remote, tmp_path / "net", client) == chosen(local(dump), tmp_path / "local", client)
        assert not any("robotstxt" in path for path, _ in server.log)


def test_a_subset_of_the_index_is_drawn_by_the_seed(dump, client):
    files = index_files(local(dump), client, "k")
    drawn = {index_files(local(dump, index_files=1, seed=seed), client, "k")[0] for seed in range(9)}
    assert drawn == set(files)
    assert sample(["a", "b", "c", "d"], 2, 3) == sorted(sample(["a", "b", "c", "d"], 2, 3))


def test_order_is_kept_in_pieces_and_doubles_go(dump, client, tmp_path, monkeypatch):
    folder = tmp_path / "w"
    _, whole = chosen(local(dump), folder, client)
    (folder / "00009").mkdir()
    (folder / "00009" / "wanted.parquet").write_bytes((folder / "00000" / "wanted.parquet").read_bytes())
    monkeypatch.setattr("corpus.sources.ccindex.ROWS", 12)
    assert list(in_order(folder)) == whole


def test_older_indexes_without_detected_types_and_languages(dump, client, tmp_path):
    import pyarrow.parquet as pq

    table = pq.read_table(next((dump.root / "cc-index").rglob("part-00001*")), partitioning=None)
    pq.write_table(table.drop(["content_mime_detected", "content_languages"]), tmp_path / "old.parquet")
    asked = CommonCrawl(crawl=CRAWL, index=str(tmp_path / "old.parquet"), languages=[], mime=["text/html"])
    assert chosen(asked, tmp_path / "w", client)[1]
    with pytest.raises(InputError, match="no column content_languages; Common Crawl's index names languages since"):
        chosen(asked.model_copy(update={"languages": ["kor"]}), tmp_path / "x", client)


def test_what_is_no_index_is_a_sentence(client, tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="a.parquet is no readable index"):
        chosen(CommonCrawl(crawl=CRAWL, index=str(tmp_path / "a.parquet")), tmp_path / "w", client)
    with serving(tmp_path) as server, pytest.raises(InputError, match="is CC-MAIN-2099-01 a crawl with a columnar"):
        index_files(CommonCrawl(crawl=CRAWL, base=server.base), client, "k")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xff\xfe", gzip.compress(b"a\n", mtime=0)[:-9], b"\x1f\x8bxx"])
def test_what_is_no_list_is_a_sentence(data):
    with pytest.raises(InputError, match="^L is (no|an empty) list of paths"):
        listed_paths(data, "L")


def test_a_list_may_begin_with_a_byte_order_mark():
    assert listed_paths(b"\xef\xbb\xbfa/1.warc.gz\r\na/2.warc.gz\r\n", "L") == ["a/1.warc.gz", "a/2.warc.gz"]


def test_sort_keys_begin_with_the_host_turned_round():
    assert (surt("www.Site.co.kr"), surt("www2.a.kr"), surt("kr")) == ("kr,co,site", "kr,a", "kr")
