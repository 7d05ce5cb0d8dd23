import os

import pytest

from corpus.config import Crawl, Refine, Source
from pipeline.config import Leaf
from pipeline.content import ContentIndex
from pipeline.errors import InputError
from tokenizer.config import Base


def index(tmp_path):
    return ContentIndex(tmp_path / "cache.json")


def test_a_path_becomes_its_content_and_its_name_does_not_matter(tmp_path):
    (tmp_path / "a.jsonl").write_text("x")
    (tmp_path / "b.jsonl").write_text("x")
    (tmp_path / "c.jsonl").write_text("y")
    identities = [
        index(tmp_path).pin(Crawl(sources={"s": Source(jsonl=str(tmp_path / name))}), "crawl")[1]
        for name in ("a.jsonl", "b.jsonl", "c.jsonl")
    ]
    assert identities[0] == identities[1] != identities[2]
    assert str(tmp_path) not in str(identities)


def test_a_folder_or_a_glob_of_the_same_files_sees_them_added_and_renamed(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "a.txt").write_text("1")
    (folder / "b.txt").write_text("2")
    seen = {index(tmp_path).of(str(folder), "k"), index(tmp_path).of(str(folder / "*.txt"), "k")}
    (folder / "b.txt").rename(folder / "c.txt")
    seen |= {index(tmp_path).of(str(folder), "k"), index(tmp_path).of(str(folder / "*.txt"), "k")}
    (folder / "d.txt").write_text("3")
    seen |= {index(tmp_path).of(str(folder), "k")}
    assert len(seen) == 3


def test_hashes_are_remembered_by_size_and_mtime(tmp_path):
    file = tmp_path / "a"
    file.write_text("one")
    first = index(tmp_path)
    before = first.of(str(file), "k")
    first.save()
    stamp = file.stat()
    file.write_text("two")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert index(tmp_path).of(str(file), "k") == before  # unchanged stamp: not read again
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    assert index(tmp_path).of(str(file), "k") != before


def test_inputs_are_left_out_of_the_identity():
    section = Refine(crawl="crawl@x")
    assert "crawl" not in ContentIndex.pin(ContentIndex.__new__(ContentIndex), section, "refine")[1]


def test_a_hub_id_with_a_commit_needs_no_network(tmp_path):
    commit = "0123456789" * 4
    pinned, identity = index(tmp_path).pin(Base(source=f"org/name@{commit}"), "base")
    assert identity["source"] == {"hub": "org/name", "commit": commit}
    assert pinned.source == f"org/name@{commit}"


@pytest.mark.parametrize("text", ["/no/such/place", "nothing-here.gguf"])
def test_a_missing_path_is_named_with_its_key(tmp_path, text):
    with pytest.raises(InputError, match="base.source"):
        index(tmp_path).pin(Base(source=text), "base")
    with pytest.raises(InputError, match="mix.use"):
        index(tmp_path).pin(Leaf(use=text), "mix")


def test_a_hub_that_cannot_be_asked_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="name a commit"):
        index(tmp_path).pin(Base(source="no-such-org-here/no-such-model"), "base")


def test_a_damaged_memo_is_only_a_memo(tmp_path):
    (tmp_path / "a").write_text("x")
    before = index(tmp_path).of(str(tmp_path / "a"), "k")
    for text in ("[1]", '{"%s": 5}' % (tmp_path / "a"), "{"):
        (tmp_path / "cache.json").write_text(text)
        assert index(tmp_path).of(str(tmp_path / "a"), "k") == before


def test_a_fifo_and_a_name_that_is_not_utf8_are_refused(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        index(tmp_path).of(str(folder), "k")
    (folder / "pipe").unlink()
    (folder / os.fsdecode(b"bad\xff.html")).touch()
    with pytest.raises(InputError, match="not UTF-8"):
        index(tmp_path).of(str(folder), "k")
