"""Compressed files and zip archives, read in place as streams, with bounds on what they may grow to."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from corpus.sources.readers import BadRow
from pipeline.errors import InputError

BROKEN = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)
GROWTH = 300  # a member may grow by this factor; text grows by less than 30
SMALL = 16 << 20  # bytes below which a member may grow as it likes
ENCRYPTED = 1  # bit of a zip member's flags
ZIP = b"PK\x03\x04"


def open_stream(path: Path) -> IO[bytes]:
    """A file's content, decompressed by what its first bytes say it is: gzip, bzip2 (also of many streams), xz, zstd.

    Reading may raise any of `BROKEN`.
    """
    with path.open("rb") as file:
        start = file.read(6)
    found: Any
    if start.startswith(b"\x1f\x8b"):
        found = gzip.open(path)  # noqa: SIM115 (the caller closes it)
    elif start.startswith(b"BZh"):
        found = bz2.open(path)  # noqa: SIM115
    elif start == b"\xfd7zXZ\x00":
        found = lzma.open(path)  # noqa: SIM115
    elif start.startswith(b"\x28\xb5\x2f\xfd"):
        import pyarrow as pa

        found = pa.input_stream(str(path), compression="zstd")
    else:
        found = path.open("rb")
    stream: IO[bytes] = found
    return stream


def streams(paths: list[Path], suffixes: tuple[str, ...]) -> Iterator[tuple[str, IO[bytes] | BadRow]]:
    """(name, stream) of files, and of a zip archive's members that end in one of `suffixes`, in the archive's order.

    A member that is encrypted, or grows as only a bomb does, is a BadRow. Raises InputError for a broken file.
    """
    for path in paths:
        try:
            with path.open("rb") as file:
                zipped = file.read(4) == ZIP
            if zipped:
                yield from _members(path, suffixes)
            else:
                with closing(open_stream(path)) as stream:
                    yield path.name, stream
        except BROKEN as error:
            raise InputError(f"{path} is cut off or corrupt: {_reason(error)}") from None


def _members(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, IO[bytes] | BadRow]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = member_name(info)
            if info.is_dir() or not name.lower().endswith(suffixes) or _of_macos(name):
                continue
            reason = unfit(info)
            if reason is not None:
                yield f"{path.name}/{name}", BadRow(reason)
                continue
            with archive.open(info) as stream:
                yield f"{path.name}/{name}", stream


def _of_macos(name: str) -> bool:
    """A file's attributes, which macOS packs beside it under its name."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith("._")


def unfit(info: zipfile.ZipInfo) -> str | None:
    """Why a member is not opened, or None. zipfile reads no more than the size that is stated here."""
    if info.flag_bits & ENCRYPTED:
        return "encrypted"
    if info.file_size > max(SMALL, GROWTH * info.compress_size):
        return "grows as only a bomb does"
    return None


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's name; where the archive does not say that names are UTF-8, Korean tools mean CP949."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("cp949")
    except UnicodeError:
        return info.filename


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
