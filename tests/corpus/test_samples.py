"""The quickstart's samples: unpacked whole, once, with what is missing said and left out of the configuration."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile

import pytest

from corpus import samples
from corpus.samples import Sample, config_for, gather, main, mallard_text, markdown, pages_below, scratch
from pipeline.errors import ConfigError, InputError

PAGE = '<!DOCTYPE html><html lang="ko"><p>한글</p>'.encode("euc-kr")


def fill(archives):
    """The archives that registries would give: a base model, a package of pages, a package of Markdown."""
    archives.mkdir(parents=True)
    with zipfile.ZipFile(archives / "my_model-0.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("my_model/tiny.gguf", b"GGUF")
    for name, files in {
        "my-pages-1.0.tar.gz": {"doc/ko/a.html": PAGE, "doc/ko/sub/b.html": PAGE, "doc/ko/c.html": b"<p>english</p>"},
        "fastapi-0.1.tar.gz": {"fastapi-0.1/docs/en/docs/a.md": b"# A\n\ntext"},
    }.items():
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path, data in files.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        (archives / name).write_bytes(gzip.compress(buffer.getvalue()))


BASE = ("pypi", "my-model==0.1", "Apache-2.0")
LIST = (
    Sample("ko_pages", "ko", "MIT", "pypi", "my-pages==1.0", "site", pages_below("doc/ko/", b'lang="ko"')),
    Sample("ko_absent", "ko", "MIT", "debian", "not-there", "jsonl", markdown("ko")),
    Sample("en_docs", "en", "MIT", "pypi", "fastapi==0.1", "jsonl", markdown("en")),
    Sample("ko_scratch", "ko", "BSD-3-Clause", "npm", "scratch@1", "jsonl", scratch, spare=True),
)


@pytest.fixture
def offline(monkeypatch):
    """No client is on this machine."""

    def refuse(command, folder):
        raise InputError(f"{command[0].rpartition('/')[2]} is not on this machine")

    monkeypatch.setattr("corpus.archives._client", refuse)


def test_samples_are_unpacked_whole_and_once(tmp_path, offline, capsys):
    dest = tmp_path / "samples"
    fill(dest / ".archives")
    found = gather(dest, LIST, BASE)
    assert (dest / "base" / "tiny.gguf").read_bytes() == b"GGUF"
    assert (dest / "ko_html" / "pages" / "sub" / "b.html").read_bytes() == PAGE
    assert not (dest / "ko_html" / "pages" / "c.html").exists()
    assert json.loads((dest / "en_docs.jsonl").read_text()) == {
        "id": "en_docs/en/a", "license": "MIT", "text": "# A\n\ntext", "url": "",
    }  # fmt: skip
    assert found["sources"]["ko_pages"] == {
        "kind": "site", "path": "ko_html/pages", "lang": "ko", "license": "MIT", "package": "my-pages",
        "version": "1.0", "pages": 2, "bytes": 2 * len(PAGE),
    }  # fmt: skip
    assert set(found["missing"]) == {"not-there", "scratch@1"}
    assert "not-there is left out: apt-get is not on this machine" in capsys.readouterr().err
    assert not (dest / ".archives").exists()
    before = {path: path.stat().st_mtime_ns for path in dest.rglob("*")}
    assert gather(dest, LIST, BASE) == found
    assert {path: path.stat().st_mtime_ns for path in dest.rglob("*")} == before


def test_what_was_lost_is_made_again(tmp_path, offline):
    dest = tmp_path / "samples"
    fill(dest / ".archives")
    gather(dest, LIST, BASE)
    (dest / "en_docs.jsonl").unlink()
    fill(dest / ".archives")
    gather(dest, LIST, BASE)
    assert (dest / "en_docs.jsonl").is_file()


def test_without_a_language_or_a_base_there_is_no_demo(tmp_path, offline):
    fill(tmp_path / "a" / ".archives")
    (tmp_path / "a" / ".archives" / "fastapi-0.1.tar.gz").unlink()
    with pytest.raises(InputError, match="no text in 'en' could be had: .*is not on this machine"):
        gather(tmp_path / "a", LIST, BASE)
    assert not (tmp_path / "a" / "sources.json").exists()
    with pytest.raises(InputError, match="is not on this machine"):
        gather(tmp_path / "b", LIST, BASE)


CONFIG = """# a comment that stays
run: {name: quick}
crawl:
  sources:
    ko_pages: {site: DEST/ko_html/pages, lang: ko}
    ko_absent: {jsonl: DEST/ko_absent.jsonl, lang: ko}
    mine: {jsonl: elsewhere.jsonl}
"""


def test_the_configuration_loses_only_what_is_missing(tmp_path, offline):
    dest = tmp_path / "samples"
    fill(dest / ".archives")
    found = gather(dest, LIST, BASE)
    config = tmp_path / "quick.yaml"
    config.write_text(CONFIG.replace("DEST", str(dest)))
    found["sources"]["ko_scratch"] = {
        "kind": "jsonl",
        "path": "ko_scratch.jsonl",
        "lang": "ko",
        "license": "BSD-3-Clause",
    }
    copy = config_for(config, dest, found)
    text = copy.read_text()
    assert copy == dest / "quick.yaml" and "a comment that stays" in text and "ko_absent" not in text
    assert "ko_pages" in text and "elsewhere.jsonl" in text and f"{dest}/ko_scratch.jsonl" in text
    (dest / "ko_absent.jsonl").touch()
    assert config_for(config, dest, found) == config
    config.write_text("crawl: 3")
    with pytest.raises(ConfigError, match="has no crawl.sources"):
        config_for(config, dest, found)


def test_the_command(tmp_path, offline, monkeypatch, capsys):
    monkeypatch.setattr(samples, "gather", lambda dest: gather(dest, LIST, BASE))
    assert main([str(tmp_path / "none")]) == 3
    assert "samples: " in capsys.readouterr().err
    dest = tmp_path / "samples"
    fill(dest / ".archives")
    config = tmp_path / "quick.yaml"
    config.write_text(CONFIG.replace("DEST", str(dest)))
    assert main([str(dest), "--config", str(config)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{dest / 'quick.yaml'}\n" and "ko_absent" in said.err


def test_every_sample_has_a_name_and_a_place_of_its_own():
    assert len({sample.name for sample in samples.SAMPLES}) == len(samples.SAMPLES)
    assert len({sample.place for sample in samples.SAMPLES}) == len(samples.SAMPLES)
    assert all(sample.name.startswith(f"{sample.lang}_") for sample in samples.SAMPLES)


def test_mallard_pages_become_paragraphs():
    page = """<page xmlns="http://projectmallard.org/1.0/" id="x"><info><desc>설명</desc><title>숨음</title></info>
      <title>제목</title><p>첫 <app>앱</app>
        문단.</p><steps><item><p>하나</p></item></steps><media><p>그림 대신</p></media>
      <screen>$ ls\n  -l</screen><note><title>참고</title><p>끝 <code>x</code></p></note></page>"""
    assert mallard_text(page.encode()) == "제목\n첫 앱 문단.\n하나\n$ ls\n  -l\n참고\n끝 x"
    assert mallard_text(b"") == ""


def test_markdown_loses_its_included_code():
    text = (
        '# 가\n\n```Python hl_lines="1"\n{!> ../../../docs_src/a.py!}\n```\n\n본문 `{item}`\n\n```JSON\n{"a": 1}\n```\n'
    )
    files = [("fastapi-1/docs/ko/docs/a.md", text.encode()), ("fastapi-1/docs/ko/docs/release-notes.md", b"x")]
    ((name, found),) = markdown("ko")(iter(files))
    assert name == "ko/a" and found["text"] == '# 가\n\n본문 `{item}`\n\n```JSON\n{"a": 1}\n```'


def test_scratch_pages_are_korean_sentences():
    data = json.dumps({"a": "<b>스크래치는</b> 무료입니다", "b": "Scratch", "c": "네"}).encode()
    files = [("package/www/scratch-website.faq-l10njson/ko.json", data), ("package/www/x/en.json", b"{}")]
    assert [found["text"] for _, found in scratch(iter(files))] == ["스크래치는 무료입니다"]


@pytest.mark.slow
def test_the_real_packages_are_where_they_were(tmp_path):
    found = gather(tmp_path / "samples")
    assert found["base"]["bytes"] > 90_000_000
    assert {"ko_fastapi", "en_fastapi", "en_wikipedia"} <= set(found["sources"])
    if not any(package.startswith("libreoffice") for package in found["missing"]):
        assert found["sources"]["ko_libreoffice"]["pages"] > 2000
