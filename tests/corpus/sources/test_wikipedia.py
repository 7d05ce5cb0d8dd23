"""Wikipedia dumps: articles as rows, the rest counted; broken, hostile and multistream files."""

from __future__ import annotations

import bz2
import gzip
import resource
from xml.sax.saxutils import escape

import pytest

from corpus.config import Crawl, Source
from corpus.crawl import run
from corpus.sources.readers import BadRow, Defaults, Records, as_documents
from corpus.sources.wikipedia import LICENSE, wikipedia_rows
from pipeline.errors import InputError

HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="ko"><siteinfo>
<sitename>위키백과</sitename><dbname>kowiki</dbname><base>https://ko.wikipedia.org/wiki/위키백과:대문</base>
<namespaces><namespace key="0" /><namespace key="6">파일</namespace><namespace key="14">분류</namespace></namespaces>
</siteinfo>
"""


def page(number, title, text, ns=0, more="", model="wikitext"):
    return (
        f"<page><title>{escape(title)}</title><ns>{ns}</ns><id>{number}</id>{more}<revision><id>{number * 10}</id>"
        f"<timestamp>2024-01-02T03:04:05Z</timestamp><contributor><username>n</username><id>7</id></contributor>"
        f'<model>{model}</model><format>text/x-wiki</format><text xml:space="preserve">{escape(text)}</text>'
        "</revision></page>\n"
    )


PAGES = [
    page(1, "조선 왕조", "'''조선'''은 [[한반도]]의 나라이다. 1 &lt; 2"),
    page(2, "이조", "#넘겨주기 [[조선 왕조]]", more='<redirect title="조선 왕조" />'),
    page(3, "조선 (동음이의)", "* [[조선]]"),
    page(4, "틀:가", "{{{1}}}", ns=10),
    page(5, "데이터", "{}", model="json"),
    page(6, "빈 글", "{{틀}}"),
    page(7, "한강", "== 흐름 ==\n[[서울]]을 지난다."),
]


def documents(*paths):
    records = Records()
    return list(as_documents(wikipedia_rows(list(paths)), Defaults("wiki", "ko", LICENSE), records, set())), records


def dump(path, *pages, end="</mediawiki>"):
    path.write_bytes((HEAD + "".join(pages or PAGES) + end).encode())
    return path


def test_articles_become_documents_and_the_rest_is_counted(tmp_path):
    found, records = documents(dump(tmp_path / "a.xml"))
    assert [(one["id"], one["text"]) for one in found] == [
        ("kowiki/1", "조선은 한반도의 나라이다. 1 < 2"), ("kowiki/7", "흐름\n서울을 지난다."),
    ]  # fmt: skip
    assert found[0]["url"] == "https://ko.wikipedia.org/wiki/%EC%A1%B0%EC%84%A0_%EC%99%95%EC%A1%B0"
    assert found[0]["meta"] == {"title": "조선 왕조", "revision": "10", "date": "2024-01-02T03:04:05Z"}
    assert found[0]["license"] == "CC-BY-SA-4.0"
    assert records.left == {"redirect": 1, "disambiguation": 1, "not an article": 1, "not wikitext": 1, "empty": 1}
    assert (records.read, records.kept, records.dropped) == (7, 2, 5)


def test_a_license_of_the_source_wins():
    assert Source(wikipedia="a").license == "CC-BY-SA-4.0"
    assert Source(wikipedia="a", license="CC-BY-SA-3.0").license == "CC-BY-SA-3.0"
    assert Source(namuwiki="a").license == "CC-BY-NC-SA-2.0-KR" and Source(jsonl="a").license == "unknown"


def test_compressed_and_multistream_dumps(tmp_path):
    plain = documents(dump(tmp_path / "a.xml"))[0]
    parts = [HEAD, "".join(PAGES[:3]), "".join(PAGES[3:]), "</mediawiki>"]
    (tmp_path / "b.xml.bz2").write_bytes(b"".join(bz2.compress(part.encode()) for part in parts))
    (tmp_path / "c.xml.gz").write_bytes(gzip.compress("".join(parts).encode()))
    assert documents(tmp_path / "b.xml.bz2")[0] == documents(tmp_path / "c.xml.gz")[0] == plain


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cut.xml", (HEAD + PAGES[0] + PAGES[6][:80]).encode(), "cut off or corrupt behind page 1"),
        ("cut.xml.bz2", bz2.compress((HEAD + PAGES[0] + "</mediawiki>").encode())[:-20], "cut off or corrupt"),
        ("bad.xml.bz2", b"BZh91AY" + bytes(100), "cut off or corrupt"),
        ("no.xml", b"<html><body>x</body></html>", "holds no page"),
        ("text.xml", "그냥 글".encode(), "cut off or corrupt behind page 0"),
        ("empty.xml", b"", "cut off or corrupt behind page 0"),
        ("bomb.xml", b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><mediawiki>&c;</mediawiki>', "document type"),
        ("out.xml", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><mediawiki/>', "document type"),
        ("utf.xml", HEAD.encode() + b"<page><title>\xff</title></page></mediawiki>", "cut off or corrupt"),
    ],
)
def test_what_is_no_whole_dump_is_one_sentence(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=said) as caught:
        list(wikipedia_rows([tmp_path / name]))
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_a_page_too_large_is_one_bad_row_and_memory_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("corpus.sources.wikipedia.PAGE_LIMIT", 100_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with gzip.open(tmp_path / "a.xml.gz", "wt", encoding="utf-8", compresslevel=1) as file:
        file.write(HEAD + PAGES[0] + "<page><title>큰</title><ns>0</ns><id>9</id><revision><text>")
        for _ in range(64):
            file.write("가나다라" * 65536)
        file.write("</text></revision></page>" + PAGES[6] + "</mediawiki>")
    rows = [row for _, _, row in wikipedia_rows([tmp_path / "a.xml.gz"])]
    assert rows[1] == BadRow("page too large") and rows[2]["title"] == "한강"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB; the page alone is 50 MiB


def test_of_several_revisions_the_last_counts(tmp_path):
    two = "<revision><id>1</id><text>옛 글</text></revision><revision><id>2</id><text>새 글</text></revision>"
    path = dump(tmp_path / "a.xml", f"<page><title>가</title><ns>0</ns><id>1</id>{two}</page>")
    (found,), _ = documents(path)
    assert (found["text"], found["meta"]["revision"]) == ("새 글", "2")


def test_a_dump_through_the_stage(build, tmp_path):
    source = Source(wikipedia=str(dump(tmp_path / "a.xml")))
    made = build("crawl", run, Crawl(sources={"wiki": source}))
    facts = made.metrics["sources"]["wiki"]
    assert facts["license"] == "CC-BY-SA-4.0" and facts["records"] == 2
    assert facts["reasons"] == {
        "disambiguation": 1, "empty": 1, "not an article": 1, "not wikitext": 1, "redirect": 1,
    }  # fmt: skip
    assert made.counts == {"read": 7, "kept": 2, "dropped": 5, "failed": 0}


@pytest.mark.data
def test_real_articles_come_through_markup_whole(tmp_path, data):
    from corpus.sources.readers import jsonl_rows, matches

    files = matches(str(data / "corpus_ko" / "ko_boddari"), (".jsonl", ".jsonl.gz"), "data")
    texts = []
    for _, _, row in jsonl_rows(files):
        if (
            isinstance(row, dict)
            and not set(row.get("text", "<")) & set("<>[]{}|='*#:;_&\t\u3000-")
            and len(row["text"]) > 200
        ):
            texts.append(row["text"])
        if len(texts) == 100:
            break
    assert len(texts) > 30
    marked = [text.replace(". ", ".<ref>{{책}}</ref> ").replace(" 것", " [[것|것]]") for text in texts]
    found, _ = documents(dump(tmp_path / "a.xml", *(page(n, f"글 {n}", text) for n, text in enumerate(marked, 1))))
    assert [one["text"].split() for one in found] == [text.split() for text in texts]
