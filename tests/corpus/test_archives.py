"""Packages read without the clients that made them, and fetched with sentences where that fails."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import tarfile
import zipfile

import pytest

from corpus import archives
from corpus.archives import entries, fetch, version
from pipeline.errors import InputError


def tar(files, links=()):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for name in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(entry)
    return buffer.getvalue()


def deb(path, files, form="xz", links=()):
    import zstandard

    data = {"xz": lzma.compress, "gz": gzip.compress, "zst": zstandard.compress, "": bytes}[form](tar(files, links))
    members = [("debian-binary", b"2.0\n"), ("control.tar.gz", b"odd"), (f"data.tar.{form}".rstrip("."), data)]
    out = b"!<arch>\n"
    for name, content in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) % 2)
    path.write_bytes(out)
    return path


@pytest.mark.parametrize("form", ["xz", "gz", "zst", ""])
def test_debian_packages_of_every_compression(tmp_path, form):
    path = deb(tmp_path / "p_1%3a2-3_all.deb", {"./usr/a.html": b"A", "./usr/b.html": b"B"}, form, ["./usr/link"])
    assert list(entries(path)) == [("usr/a.html", b"A"), ("usr/b.html", b"B")]
    assert version(path) == "1:2-3"


def test_wheels_and_tars(tmp_path):
    wheel = tmp_path / "my_pack-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("my_pack/a.json", "{}")
        archive.mkdir("my_pack/empty")
    sdist = tmp_path / "my-pack-4.5.tar.gz"
    sdist.write_bytes(gzip.compress(tar({"my-pack-4.5/a.md": b"# a"})))
    assert list(entries(wheel)) == [("my_pack/a.json", b"{}")] and version(wheel) == "0.1.2"
    assert list(entries(sdist)) == [("my-pack-4.5/a.md", b"# a")] and version(sdist) == "4.5"


@pytest.mark.parametrize("name", ["a_1_all.deb", "a-1-py3-none-any.whl", "a-1.tar.gz"])
def test_a_broken_archive_is_an_input_error(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is no archive at all, whatever its name says")
    with pytest.raises(InputError, match="is not a whole archive"):
        list(entries(tmp_path / name))
    whole = deb(tmp_path / "w_1_all.deb", {"a": os.urandom(5000)}).read_bytes()
    (tmp_path / "cut_1_all.deb").write_bytes(whole[:3000])
    with pytest.raises(InputError, match="cut off"):
        list(entries(tmp_path / "cut_1_all.deb"))


@pytest.fixture
def clients(tmp_path, monkeypatch):
    """`clients(apt_get="#!/bin/sh ...")`: the only programs on the path, beside the shell's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin")

    def clients(**scripts):
        for name, script in scripts.items():
            path = folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    monkeypatch.setattr(archives.shutil, "which", lambda name: str(folder / name) if (folder / name).exists() else None)
    return clients


def test_what_lies_there_is_not_fetched_again(tmp_path, clients):
    for name in ("my-pack_1_all.deb", "my_other-2-py3-none-any.whl"):
        (tmp_path / name).touch()
    assert fetch("debian", "my-pack", tmp_path).name == "my-pack_1_all.deb"
    assert fetch("pypi", "my-other==2", tmp_path).name == "my_other-2-py3-none-any.whl"


def test_a_client_is_asked_and_its_file_taken(tmp_path, clients):
    clients(apt_get='[ "$1" = download ] && echo data > "$2_3_all.deb"')
    assert fetch("debian", "my-pack", tmp_path / "got").read_text() == "data\n"
    assert [path.name for path in (tmp_path / "got").iterdir()] == ["my-pack_3_all.deb"]


def test_empty_package_lists_are_fetched_without_root(tmp_path, clients):
    clients(apt_get="""
        case "$*" in
          *Dir::State::lists=*update) for o in "$@"; do case $o in -oDir::State::lists=*) touch "${o#*lists=}/got";; esac; done;;
          *Dir::State::lists=*download*) echo data > my-pack_3_all.deb;;
          *) echo "E: Unable to locate package my-pack" >&2; exit 100;;
        esac""")  # fmt: skip  # noqa: E501
    assert fetch("debian", "my-pack", tmp_path / "got").name == "my-pack_3_all.deb"
    assert (tmp_path / "got" / "apt" / "lists" / "got").exists()


def test_failures_are_the_clients_own_words(tmp_path, clients):
    with pytest.raises(InputError, match="apt-get is not on this machine"):
        fetch("debian", "my-pack", tmp_path)
    clients(npm="echo noise; echo 'npm error 404 not found' >&2; exit 1", apt_get="echo 'E: no network' >&2; exit 100")
    with pytest.raises(InputError, match="npm: npm error 404 not found"):
        fetch("npm", "my-pack@1", tmp_path)
    for _ in range(2):
        with pytest.raises(InputError, match="E: no network|cannot read its package lists"):
            fetch("debian", "my-pack", tmp_path)
    clients(npm="true")
    with pytest.raises(InputError, match="fetched nothing"):
        fetch("npm", "my-pack@1", tmp_path)
