"""Documents of two languages found again by path."""

import pytest

from corpus.documents import write_documents
from tokenizer.parallel import key, pairs


def document(source, lang, text="text", url="", id="", **meta):
    return {"id": id or f"{source}/1", "text": text, "source": source, "url": url, "lang": lang, "license": "CC0-1.0",
            "charset": "utf-8", "meta": meta}  # fmt: skip


@pytest.mark.parametrize(
    ("ko", "en"),
    [
        ({"url": "http://ko.site/scalc/01/a.html"}, {"url": "http://en.site/scalc/01/a.html"}),
        ({"url": "https://x.org/docs/ko/a.html?x=1#top"}, {"url": "https://x.org/docs/en/a.html"}),
        ({"url": "https://x.org/ko-KR/docs/a"}, {"url": "https://x.org/en-us/docs/a"}),
        ({"url": "http://x/mod/core.html.ko.euc-kr"}, {"url": "http://x/mod/core.html.en"}),
        ({"url": "http://x/guide.ko.html"}, {"url": "http://x/guide.en.html"}),
        ({"url": "help:gnome-help/files"}, {"url": "help:gnome-help/files"}),
        ({"url": "http://x/%EA%B0%80.html"}, {"url": "http://x/가.html"}),
        ({"path": "pages.ko/linux/a.md"}, {"path": "pages.en/linux/a.md"}),
        ({"id": "docs_ko/ko/tutorial/body"}, {"id": "docs_en/en/tutorial/body"}),
        ({"id": "docs_ko:src/a.md"}, {"id": "docs_en:src/a.md"}),
        ({"id": "docs_ko/docs_ko:src/a.md"}, {"id": "docs_en/docs_en:src/a.md"}),
    ],
)
def test_translations_share_a_key(ko, en):
    assert key(document("docs_ko", "ko", **ko), "ko") == key(document("docs_en", "en", **en), "en") != ""


def test_other_documents_do_not():
    names = ["http://x/a.html", "http://x/b.html", "http://x/a/b.html", "http://x/koala.html", "http://x/en.html"]
    assert len({key(document("s", "ko", url=url), "ko") for url in names}) == len(names)


def test_pairs_are_taken_once_and_up_to_a_limit(tmp_path):
    korean = [document("k", "ko", "가" * 10, f"http://k/{n}.html") for n in (1, 2, 3, 4)]
    korean.append(document("k", "ko", "나" * 10, "http://k/3.html"))  # two documents of one path say nothing
    english = [document("e", "en", f"text {n}", f"http://e/{n}.html") for n in (4, 2, 1, 3, 9)]
    write_documents(tmp_path / "k.parquet", korean)
    write_documents(tmp_path / "e.parquet", english)
    both = list(pairs([tmp_path / "k.parquet"], [tmp_path / "e.parquet"], 1 << 20))
    assert both == [("가" * 10, "text 1"), ("가" * 10, "text 2"), ("가" * 10, "text 4")]
    assert len(list(pairs([tmp_path / "k.parquet"], [tmp_path / "e.parquet"], 31))) == 2


def test_no_counterpart_no_pair(tmp_path):
    write_documents(tmp_path / "k.parquet", [document("k", "ko", url="http://k/a.html")])
    write_documents(tmp_path / "e.parquet", [document("e", "en", url="http://e/b.html")])
    assert list(pairs([tmp_path / "k.parquet"], [tmp_path / "e.parquet"], 1 << 20)) == []
