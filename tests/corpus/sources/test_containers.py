"""Compressed files and archives: read by what they are, bounded in what they may become."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from corpus.sources.containers import BROKEN, member_name, open_stream, streams
from corpus.sources.readers import BadRow
from pipeline.errors import InputError

TEXT = "말모이 ".encode() * 50


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress], ids=["plain", "gz", "bz2", "xz"])
def test_a_file_is_opened_by_its_first_bytes_whatever_its_name(tmp_path: Path, pack):
    path = tmp_path / "data.txt"
    path.write_bytes(pack(TEXT))
    with open_stream(path) as stream:
        assert stream.read() == TEXT


def test_zstd_and_many_bzip2_streams(tmp_path: Path):
    with pa.output_stream(str(tmp_path / "a"), compression="zstd") as out:
        out.write(TEXT)
    (tmp_path / "b").write_bytes(bz2.compress(TEXT) + bz2.compress(TEXT))
    for name, wanted in (("a", TEXT), ("b", 2 * TEXT)):
        with open_stream(tmp_path / name) as stream:
            assert stream.read() == wanted


def test_the_members_of_an_archive_that_are_asked_for(tmp_path: Path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/one.json", TEXT)
        archive.writestr("a/two.JSON", b"{}")
        archive.writestr("read.me", b"no")
        archive.writestr("__MACOSX/b/._one.json", b"attributes")
        archive.writestr("b/._one.json", b"attributes")
        archive.writestr("bomb.json", bytes(64 << 20))
    found = [(name, one if isinstance(one, BadRow) else one.read()) for name, one in streams([path], (".json",))]
    assert [name for name, _ in found] == ["all.zip/b/one.json", "all.zip/a/two.JSON", "all.zip/bomb.json"]
    assert found[0][1] == TEXT
    assert isinstance(found[2][1], BadRow) and found[2][1].reason == "grows as only a bomb does"


def test_a_broken_archive_is_named_and_a_cut_stream_fails_where_it_is_read(tmp_path: Path):
    path = tmp_path / "cut.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.json", TEXT)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"cut\.zip is cut off or corrupt"):
        list(streams([path], (".json",)))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(TEXT * 100)[:-20])
    with open_stream(tmp_path / "cut.gz") as stream, pytest.raises(BROKEN):
        stream.read()


def test_names_that_korean_tools_wrote():
    info = zipfile.ZipInfo("신문.json".encode("cp949").decode("cp437"))
    assert member_name(info) == "신문.json"
    info.flag_bits |= 0x800
    assert member_name(info) == info.filename
