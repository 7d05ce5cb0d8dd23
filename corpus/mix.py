"""`mix`: one stream per source and language, capped, with a held-out split and an order by seed, and a data card.

Two passes over the input. The first keeps about 60 bytes a document (hashes, sizes, whose it is) and decides; the
second sorts the chosen texts into order through scratch files, each read back whole: memory is the index and one
scratch file, `PIECE` bytes of text or 1/`PIECES` of a stream, whichever is more.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from corpus.card import write_card
from corpus.config import Mix
from corpus.dedup import text_key
from corpus.documents import files, read_file, write_documents
from corpus.licenses import allowed_use, together
from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError, nearest

LEFT_OUT, TRAIN, HELDOUT, TWIN = range(4)
SPLITS = {TRAIN: "train", HELDOUT: "heldout"}
PIECE = 64 << 20
PIECES = 256
BUFFERED = 64 << 20  # bytes held before scratch files are written
NAME = re.compile(r"^[^/\x00-\x1f.][^/\x00-\x1f]{0,99}$")


class Index:
    """What the first pass remembers of every document, in input order."""

    def __init__(self) -> None:
        self.keys = bytearray()  # 16 bytes each: equal for equal texts
        self.places, self.turns = array("Q"), array("Q")  # where the split and the order fall
        self.bytes, self.characters = array("Q"), array("Q")
        self.streams, self.licenses = array("H"), array("H")
        self.stream_names: dict[tuple[str, str], int] = {}
        self.license_names: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.places)

    def add(self, document: dict[str, Any], seed: int) -> None:
        """The split depends on seed and text alone; the order on seed, text and id, so that copies have an order."""
        text = document["text"]
        key = text_key(text)
        self.keys += key
        self.places.append(_hash(f"{seed} split".encode(), key))
        self.turns.append(_hash(f"{seed} order {document['id']}".encode(), key))
        self.bytes.append(len(text.encode()))
        self.characters.append(len(text))
        stream = (document["source"], document["lang"] or "und")
        self.streams.append(self.stream_names.setdefault(stream, len(self.stream_names)))
        license = document["license"] or "unknown"
        self.licenses.append(self.license_names.setdefault(license, len(self.license_names)))


def _hash(salt: bytes, key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(salt + b"\0" + key, digest_size=8).digest(), "big")


def run(section: Mix, context: Context) -> dict[str, Any]:
    artifact = context.artifact("documents")
    paths = documents_of(artifact)
    index = Index()
    for number, path in enumerate(paths):
        context.stop_if_asked()
        for document in read_file(path):
            try:
                index.add(document, section.seed)
            except OverflowError:
                raise InputError(f"{path} brings more than 65,536 sources or licenses") from None
        context.progress(number + 1, 2 * len(paths), "files")
    if not len(index):
        raise InputError(f"{artifact.path} has no documents, so there is nothing to mix")
    names = stream_names(list(index.stream_names))
    roles = choose(index, section)
    write(context, paths, index, names, roles)
    sources = tally(index, names, roles)
    dropped = {"cap": int((roles == LEFT_OUT).sum()), "heldout_twin": int((roles == TWIN).sum())}
    kept = int((roles == TRAIN).sum() + (roles == HELDOUT).sum())
    context.counts.update(
        read=len(index), kept=kept, dropped=sum(dropped.values()), failed=0, rules=dropped,
        bytes={"read": sum(index.bytes), "kept": sum(s[p]["bytes"] for s in sources.values() for p in SPLITS.values())},
    )  # fmt: skip
    metrics = {
        "sources": sources,
        "languages": by_language(sources),
        "allowed_use": allowed_use(license for source in sources.values() for license in source["licenses"]),
    }
    write_card(context.path, metrics, artifact, context.counts)
    return metrics


def documents_of(artifact: Artifact) -> list[Path]:
    """The input's documents files; pages that were never refined are a mistake in the configuration."""
    pages = sorted(path.name.split(".")[0] for path in (artifact.path / "warc").glob("*"))
    if pages:
        raise ConfigError(
            f"mix reads documents, but {', '.join(pages)} of {artifact.path.parent.name} holds pages; "
            "add a refine section"
        )
    found = files(artifact)
    if not found:
        raise InputError(f"{artifact.path} has no documents/*.parquet")
    return found


def stream_names(streams: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """`<source>`, or `<source>-<lang>` where a source has more than one language; also the names of files."""
    languages: dict[str, set[str]] = {}
    for source, lang in streams:
        languages.setdefault(source, set()).add(lang)
    names = {(s, lang): s if len(languages[s]) == 1 else f"{s}-{lang}" for s, lang in streams}
    taken: dict[str, tuple[str, str]] = {}
    for stream, name in sorted(names.items()):
        if not NAME.match(name):
            raise InputError(f"the source {stream[0]!r} (language {stream[1]!r}) of the documents cannot name a file")
        if name in taken:
            raise InputError(
                f"the source {stream[0]!r} and {taken[name][0]!r} in {stream[1]!r} have one name, {name!r}"
            )
        taken[name] = stream
    return names


def choose(index: Index, section: Mix) -> np.ndarray:
    """The role of each document, int8 of shape (documents,).

    Held out of a stream are the texts whose hashes of seed and text are the smallest, so another source, or a cap,
    moves nothing. A text that is held out anywhere is in no train split: its twins are left out.
    """
    keys = np.frombuffer(bytes(index.keys), np.uint64).reshape(-1, 2)
    places, turns = np.asarray(index.places, np.uint64), np.asarray(index.turns, np.uint64)
    streams = np.asarray(index.streams, np.int64)
    roles = np.full(len(index), TRAIN, np.int8)
    for stream in range(len(index.stream_names)):
        members = np.flatnonzero(streams == stream)
        _, first = np.unique(keys[members], axis=0, return_index=True)
        distinct = members[np.sort(first)]
        if len(distinct) < 2:
            continue
        wanted = min(max(round(section.heldout * len(distinct)), section.heldout_min), section.heldout_max)
        wanted = min(wanted, len(distinct) - 1)
        roles[distinct[np.argsort(places[distinct], kind="stable")[:wanted]]] = HELDOUT
    held = {(int(a), int(b)) for a, b in keys[roles == HELDOUT]}
    likely = np.flatnonzero((roles == TRAIN) & np.isin(keys[:, 0], np.array([a for a, _ in held], np.uint64)))
    for document in likely.tolist():
        if (int(keys[document, 0]), int(keys[document, 1])) in held:
            roles[document] = TWIN
    cap(index, section.caps, streams, turns, roles)
    return roles


def cap(index: Index, caps: dict[str, int], streams: np.ndarray, turns: np.ndarray, roles: np.ndarray) -> None:
    """Take LEFT_OUT what comes, in the order by seed, after the last document that fits a source's cap.

    A smaller cap keeps the beginning of what a larger one keeps.
    """
    known = sorted({source for source, _ in index.stream_names})
    sizes = np.asarray(index.bytes, np.int64)
    for source, limit in sorted(caps.items()):
        if source not in known:
            hint = nearest(source, known) or f"; there are {', '.join(known)}"
            raise ConfigError(f"mix.caps names '{source}', which no document comes from{hint}")
        own = [number for (name, _), number in index.stream_names.items() if name == source]
        members = np.flatnonzero(np.isin(streams, own) & (roles == TRAIN))
        ordered = members[np.argsort(turns[members], kind="stable")]
        over = ordered[np.cumsum(sizes[ordered]) > limit]
        if len(members) and len(over) == len(members):
            raise ConfigError(
                f"mix.caps.{source} is {limit} bytes and leaves no train text: "
                f"the first document alone has {int(sizes[ordered[0]])}"
            )
        roles[over] = LEFT_OUT


def write(
    context: Context, paths: list[Path], index: Index, names: dict[tuple[str, str], str], roles: np.ndarray
) -> None:
    """The second pass: chosen documents into scratch files by the head of their order, then each file in order out."""
    import orjson

    scratch = context.work / "mix"
    streams = np.asarray(index.streams, np.int64)
    sizes = np.asarray(index.bytes, np.int64)
    shifts = {
        stream: 64 - _bits(int(sizes[(streams == stream) & (roles == TRAIN)].sum()))
        for stream in range(len(index.stream_names))
    }
    append, flush = _appender(scratch)
    number = 0
    for done, path in enumerate(paths):
        context.stop_if_asked()
        for document in read_file(path):
            role = int(roles[number])
            if role in SPLITS:
                stream, turn = index.streams[number], index.turns[number]
                piece = turn >> shifts[stream] if role == TRAIN else 0
                append(f"{SPLITS[role]}-{stream}-{piece:04d}", orjson.dumps([turn, number, document]) + b"\n")
            number += 1
        context.progress(len(paths) + done + 1, 2 * len(paths), "files")
    flush()
    for split in SPLITS.values():
        folder = context.fresh(split)
        for key, stream in index.stream_names.items():
            pieces = sorted(scratch.glob(f"{split}-{stream}-*"))
            if pieces:
                write_documents(folder / f"{names[key]}.parquet", _in_order(pieces))
        context.stop_if_asked()


def _bits(size: int) -> int:
    """How many leading bits of the order name a scratch file."""
    pieces = min(PIECES, -(-size // PIECE))
    return max(0, (pieces - 1).bit_length())


def _appender(folder: Path) -> tuple[Callable[[str, bytes], None], Callable[[], None]]:
    """Two functions: append a line to a scratch file, and write out what is still held."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    held: dict[str, bytearray] = {}
    size = 0

    def flush() -> None:
        nonlocal size
        for name, lines in held.items():
            with (folder / name).open("ab") as file:
                file.write(lines)
        held.clear()
        size = 0

    def append(name: str, line: bytes) -> None:
        nonlocal size
        held.setdefault(name, bytearray()).extend(line)
        size += len(line)
        if size >= BUFFERED:
            flush()

    return append, flush


def _in_order(pieces: list[Path]) -> Iterator[dict[str, Any]]:
    import orjson

    for piece in pieces:
        rows = [orjson.loads(line) for line in piece.read_bytes().splitlines()]
        for _, _, document in sorted(rows, key=lambda row: (row[0], row[1])):
            yield document
        piece.unlink()


def tally(index: Index, names: dict[tuple[str, str], str], roles: np.ndarray) -> dict[str, Any]:
    """Documents, bytes and characters per stream: train, heldout, and by license over both."""
    streams, licenses = np.asarray(index.streams, np.int64), np.asarray(index.licenses, np.int64)
    sizes, characters = np.asarray(index.bytes, np.int64), np.asarray(index.characters, np.int64)

    def sums(mask: np.ndarray) -> dict[str, int]:
        return {
            "documents": int(mask.sum()), "bytes": int(sizes[mask].sum()), "characters": int(characters[mask].sum())
        }  # fmt: skip

    found = {}
    for (source, lang), stream in index.stream_names.items():
        own = (streams == stream) & ((roles == TRAIN) | (roles == HELDOUT))
        by_license = {
            name: sums(own & (licenses == number))
            for name, number in sorted(index.license_names.items())
            if bool((own & (licenses == number)).any())
        }
        found[names[source, lang]] = {
            "source": source, "lang": lang, "license": together(by_license), "licenses": by_license,
            "train": sums(own & (roles == TRAIN)), "heldout": sums(own & (roles == HELDOUT)),
        }  # fmt: skip
    return dict(sorted(found.items()))


def by_language(sources: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in sources.values():
        own = found.setdefault(source["lang"], {split: {} for split in SPLITS.values()})
        for split in SPLITS.values():
            for key, value in source[split].items():
                own[split][key] = own[split].get(key, 0) + value
    return dict(sorted(found.items()))
