"""Packages of public registries, fetched by their ordinary clients and read without installing anything.

A `.deb` is an `ar` file holding a tar, a wheel is a zip, an sdist and an npm package are tars: none needs root, a
compiler or the client that made it.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from pipeline.errors import InputError

TIMEOUT = 900  # seconds a client may take


def fetch(registry: str, package: str, folder: Path) -> Path:
    """The archive of a package, from `folder` where it lies already; `registry` is debian, pypi (a wheel),
    pypi-source (an sdist) or npm.

    Raises InputError with the client's own last words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = package.partition("==")[0].partition("@")[0]
    present = _archive(folder, name)
    if present is not None:
        return present
    landing = folder / ".new"  # a killed client leaves its half here
    shutil.rmtree(landing, ignore_errors=True)
    landing.mkdir()
    if registry == "debian":
        _from_debian(package, landing)
    elif registry.startswith("pypi"):
        form = "--no-binary" if registry == "pypi-source" else "--only-binary"
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        _client([*pip, form, name, package], landing)
    else:
        _client(["npm", "pack", "--silent", "--ignore-scripts", package], landing)
    found = _archive(landing, name)
    if found is None:
        raise InputError(f"the client fetched nothing for {package}")
    final = folder / found.name
    found.replace(final)
    shutil.rmtree(landing)
    return final


def _archive(folder: Path, name: str) -> Path | None:
    for path in sorted(folder.glob("*")):
        stem = path.name.replace("_", "-")
        if path.is_file() and stem.startswith(name + "-") and path.suffix in (".deb", ".whl", ".gz", ".tgz"):
            return path
    return None


def _from_debian(package: str, landing: Path) -> None:
    """`apt-get download`; where the system's package lists are empty, with lists of our own, which need no root."""
    try:
        _client(["apt-get", "download", package], landing)
        return
    except InputError:
        if shutil.which("apt-get") is None:
            raise
    own = landing.parent / "apt"
    options = [f"-oDir::State::lists={own.absolute() / 'lists'}", f"-oDir::Cache={own.absolute() / 'cache'}"]
    if not own.is_dir():
        for place in ("lists/partial", "cache/archives/partial"):
            (own / place).mkdir(parents=True)
        try:
            _client(["apt-get", *options, "-oAPT::Update::Error-Mode=any", "update"], landing)
        except InputError:
            shutil.rmtree(own / "lists")
            raise
    if not (own / "lists").is_dir():
        raise InputError("apt-get cannot read its package lists")
    _client(["apt-get", *options, "download", package], landing)


def _client(command: list[str], folder: Path) -> None:
    if shutil.which(command[0]) is None:
        raise InputError(f"{command[0]} is not on this machine")
    try:
        done = subprocess.run(
            command, cwd=folder, timeout=TIMEOUT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            errors="replace", env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(f"{command[0]} gave no answer in {TIMEOUT} s") from None
    if done.returncode != 0:
        words = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        problem = next((line for line in words if line.startswith(("E:", "ERROR:", "npm error"))), None)
        raise InputError(f"{Path(command[0]).name}: {problem or (words[-1] if words else 'failed without a word')}")


def version(path: Path) -> str:
    """The version in an archive's file name."""
    if path.suffix == ".deb":
        return unquote(path.name.split("_")[1])
    if path.suffix == ".whl":
        return path.name.split("-")[1]
    return path.name.removesuffix(".tar.gz").removesuffix(".tgz").rpartition("-")[2]


def entries(path: Path) -> Iterator[tuple[str, bytes]]:
    """(path inside, bytes) of the regular files of an archive, in its order. Raises InputError for a broken one."""
    try:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                for entry in wheel.infolist():
                    if not entry.is_dir():
                        yield entry.filename, wheel.read(entry)
            return
        file = _deb_data(path) if path.suffix == ".deb" else path.open("rb")
        with file, tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                found = archive.extractfile(member) if member.isreg() else None
                if found is not None:
                    yield member.name.removeprefix("./"), found.read()
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, ValueError) as error:
        raise InputError(f"{path} is not a whole archive: {error}") from None


def _deb_data(path: Path) -> io.BytesIO:
    """The data tar of a Debian package, decompressed where `tarfile` cannot do it itself."""
    with path.open("rb") as file:
        if file.read(8) != b"!<arch>\n":
            raise ValueError("no ar header")
        while len(header := file.read(60)) == 60:
            name, size = header[:16].decode("ascii").strip().rstrip("/"), int(header[48:58])
            if name.startswith("data.tar"):
                data = file.read(size)
                if len(data) < size:
                    raise ValueError("cut off")
                return io.BytesIO(_unzstd(data) if name.endswith(".zst") else data)
            file.seek(size + size % 2, 1)
    raise ValueError("no data.tar in it")


def _unzstd(data: bytes) -> bytes:
    import zstandard

    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as reader:
        return bytes(reader.read())
