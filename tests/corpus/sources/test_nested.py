"""Nested JSON: presets and expressions of one's own, zip archives, other shapes, bombs."""

from __future__ import annotations

import json
import zipfile

import pytest

from corpus.config import Crawl, Layout, Source
from corpus.crawl import run
from corpus.sources.layouts import PRESETS
from corpus.sources.nested import nested_rows, plan
from corpus.sources.readers import Defaults, Records, as_documents
from pipeline.config import Run
from pipeline.errors import ConfigError, InputError, StageFailed

NEWSPAPER = {
    "id": "NWRW18", "metadata": {"title": "신문"}, "document": [
        {"id": f"NWRW18.{n}", "metadata": {"title": f"제목 {n}", "date": "20180105", "author": "누구"},
         "paragraph": [{"id": f"NWRW18.{n}.1", "form": "첫 문단."}, {"form": " "}, {"form": "둘째 \"문단\" ]}."}]}
        for n in (1, 2)
    ],
}  # fmt: skip
SPOKEN = {"document": [{"id": "S1", "metadata": {"speaker": [{"id": "1"}]}, "utterance": [
    {"form": "안녕하세요.", "original_form": "안녕하세여"}, {"form": "네."}]}]}  # fmt: skip
SAMPLES = {
    "modu-newspaper": (NEWSPAPER, "첫 문단.\n둘째 \"문단\" ]}.", "NWRW18.1"),
    "modu-written": (NEWSPAPER, "첫 문단.\n둘째 \"문단\" ]}.", "NWRW18.1"),
    "modu-web": (NEWSPAPER, "첫 문단.\n둘째 \"문단\" ]}.", "NWRW18.1"),
    "modu-spoken": (SPOKEN, "안녕하세요.\n네.", "S1"),
    "modu-dialogue": (SPOKEN, "안녕하세요.\n네.", "S1"),
    "modu-messenger": (SPOKEN, "안녕하세요.\n네.", "S1"),
    "aihub-mrc": ({"data": [{"doc_id": 7, "doc_title": "가", "paragraphs": [{"context": "글", "qas": []}]}]},
                  "글", "7"),
    "aihub-web": ({"SJML": {"header": {}, "text": [{"title": "가", "content": ["글", "둘"]}]}}, "글\n둘", "s/0"),
    "aihub-entities": ({"named_entity": [{"title": [{"sentence": "가"}],
                                          "content": [{"sentence": "글", "labels": []}]}]}, "글", "s/0"),
    "aihub-summary": ({"documents": [{"id": "1", "text": [[{"sentence": "글"}, {"sentence": "둘"}], []]}]},
                      "글\n둘", "1"),
    "aihub-papers": ({"data": [{"doc_id": "A", "summary_entire": [{"orginal_text": "글"}],
                                "summary_section": [{"orginal_text": "둘"}]}]}, "글\n둘", "A"),
    "aihub-books": ({"passage_id": 3, "metadata": {"doc_name": "책"}, "passage": "글"}, "글", "3"),
}  # fmt: skip


def documents(layout, *paths):
    records = Records()
    rows = nested_rows(list(paths), plan(layout, "sources.s.layout"))
    return list(as_documents(rows, Defaults("s", "ko", "unknown"), records, set())), records


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets(tmp_path, preset):
    sample, text, name = SAMPLES[preset]
    found, records = documents(preset, write(tmp_path / "a.json", sample))
    assert (found[0]["text"], found[0]["id"]) == (text, name)
    assert records.kept == records.read == len(found)


def test_titles_and_dates_go_to_meta(tmp_path):
    found, _ = documents("modu-newspaper", write(tmp_path / "a.json", NEWSPAPER))
    assert [one["meta"] for one in found] == [{"title": f"제목 {n}", "date": "20180105"} for n in (1, 2)]


@pytest.mark.parametrize(
    ("layout", "texts"),
    [
        ({"documents": "document[].paragraph[]", "text": "form"}, ["첫 문단.", '둘째 "문단" ]}.'] * 2),
        ({"documents": "", "text": "document[].metadata.title"}, ["제목 1\n제목 2"]),
        ({"documents": "document[?id=='NWRW18.2']", "text": "id"}, None),
        (
            {"documents": "document[]", "text": "[metadata.title, paragraph[0].form]"},
            ["제목 1\n첫 문단.", "제목 2\n첫 문단."],
        ),
    ],
)
def test_expressions_of_ones_own(tmp_path, layout, texts):
    path = write(tmp_path / "a.json", NEWSPAPER)
    if texts is None:
        with pytest.raises(ConfigError, match=r"layout.documents: .* is not keys joined by dots"):
            documents(Layout(**layout), path)
    else:
        assert [one["text"] for one in documents(Layout(**layout), path)[0] if one["text"].strip()] == texts


def test_a_list_at_the_top_and_korean_keys(tmp_path):
    path = write(tmp_path / "a.json", {"자료": {"목록": [{"원문": "글", "번호": 1}]}})
    layout = Layout(documents="자료.목록[]", text='"원문"', id='"번호"')
    assert documents(layout, path)[0][0]["id"] == "1"
    path = write(tmp_path / "b.json", [{"t": "글"}])
    assert documents(Layout(documents="[]", text="t"), path)[0][0]["text"] == "글"


def test_zip_archives_are_read_in_place(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/신문.json", json.dumps(NEWSPAPER))
        archive.writestr("readme.txt", "x")
        archive.writestr("b/broken.json", '{"document": [{"id"')
        archive.writestr("c/other.json", '{"documents": []}')
        archive.writestr("d/bomb.json", b'{"document": [' + b" " * (64 << 20) + b"]}")
    found, records = documents("modu-newspaper", path)
    assert len(found) == 2 and records.failed == {
        "broken JSON": 1, "another layout: no key 'document'": 1, "grows as only a bomb does": 1,
    }  # fmt: skip
    assert records.examples[0]["file"] == "a.zip/b/broken.json"
    assert not (tmp_path.parent.parent / "etc").exists()


def test_encrypted_members_and_cp949_names(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("aaaa.json", json.dumps(NEWSPAPER))
    data = path.read_bytes().replace(b"aaaa", "신문".encode("cp949"))
    path.write_bytes(data)
    rows = list(nested_rows([path], plan("modu-newspaper", "k")))
    assert [name for name, _, _ in rows] == ["a.zip/신문.json"] * 2
    at = data.index(b"PK\x01\x02")
    path.write_bytes(data[: at + 8] + b"\x01" + data[at + 9 :])
    assert documents("modu-newspaper", path)[1].failed == {"encrypted": 1}


def test_broken_archives_are_one_sentence(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps(NEWSPAPER))
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(InputError, match=r"a\.zip is cut off or corrupt"):
        documents("modu-newspaper", path)
    at = whole.index(b"document")
    path.write_bytes(whole[:at] + b"D" + whole[at + 1 :])
    assert documents("modu-newspaper", path)[1].failed.total() == 1


def test_documents_that_are_no_documents_are_counted(tmp_path):
    value = {
        "document": [3, {"id": "a"}, {"paragraph": [{"form": 3}]}, {"paragraph": []}, {"paragraph": [{"form": "글"}]}]
    }
    found, records = documents("modu-written", write(tmp_path / "a.json", value))
    assert len(found) == 1 and records.left == {"empty": 1}
    assert records.failed == {"a document is no object": 1, "no text where the layout looks for it": 2}


def test_what_is_no_layout_is_a_config_error():
    with pytest.raises(ConfigError, match="no layout 'modu-newpaper'; did you mean 'modu-newspaper'"):
        plan("modu-newpaper", "k")
    with pytest.raises(ConfigError, match=r"k\.text: '\[' is no JMESPath expression"):
        plan(Layout(text="["), "k")


def test_a_layout_through_the_stage(build, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps(NEWSPAPER))
        archive.writestr("b.json", "{")
    source = Source(nested=str(path), layout="modu-newspaper")
    made = build("crawl", run, Crawl(sources={"s": source}, bad_records=0.5))
    assert made.metrics["sources"]["s"]["records"] == 2 and made.counts["failed"] == 1
    with pytest.raises(StageFailed, match=r"1 of 3 records could not be read \(broken JSON: 1; the first is a\.zip/b"):
        build("crawl", run, Crawl(sources={"s": source}))
    with pytest.raises(ConfigError, match="there is no layout 'modu'"):
        Crawl(sources={"s": source.model_copy(update={"layout": "modu"})}).check(Run())


@pytest.mark.parametrize("given", [{"nested": "a"}, {"jsonl": "a", "layout": "modu-web"}])
def test_nested_and_layout_go_together(given):
    with pytest.raises(ValueError, match="nested and layout go together"):
        Source(**given)
