"""A polite crawl of start URLs into pages: robots.txt, an allow-list of hosts, a delay, limits of depth and pages.

Scrapy does the crawling, in a child process (`corpus.web.robot`), since Twisted's reactor cannot be started twice in
one.
No request goes to a private address, whether written in a URL, found by DNS or named by a redirect; the address that
was checked is the one connected to. Let through are the origins in `exempt`, which no configuration reaches, and the
hosts in `private`, which `allow_private` fills with hosts that the user names.

A spool that was broken off is gone on with: pages that lie in it are answered from it, and not asked for again.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from corpus.web.patience import FIRST
from pipeline.errors import MalmoiError

KEPT_TYPES = ("text/html", "application/xhtml+xml", "text/plain")
TICK = 0.25  # seconds between looks at the child


@dataclass(frozen=True)
class Job:
    """What to crawl. `rewrite` maps an origin as crawled to the origin that records are written under.

    `pause` is the first back-off of a host that says no, in seconds. `opt_out` is "obey" (pages whose owner opts out
    are not saved) or "record" (they are, and counted).
    """

    start_urls: list[str]
    allow: list[str]
    delay: float = 1.0
    depth: int = 3
    limit: int | None = None
    exempt: list[str] = field(default_factory=list)
    rewrite: dict[str, str] = field(default_factory=dict)
    obey_robots: bool = True
    private: list[str] = field(default_factory=list)
    opt_out: str = "obey"
    pause: float = FIRST


@dataclass(frozen=True)
class Crawled:
    """Pages saved, requests that `failed` or were `refused` by reason, and pages whose owner opts out.

    `signals` counts every directive that was met (see `corpus.web.optout`), on pages saved or not.
    """

    saved: int
    failed: dict[str, int]
    refused: dict[str, int]
    opted_out: int
    signals: dict[str, int] = field(default_factory=dict)


def crawl_pages(job: Job, folder: Path, tick: Callable[[int], None] = lambda saved: None) -> Crawled:
    """Crawl in a child process into `folder`; `tick(pages so far)` is called now and then and may raise to stop."""
    saved = _open_spool(job, folder)
    if (folder / "result.json").is_file():
        return _result(folder, 0)
    command = [sys.executable, "-P", "-m", "corpus.web.robot", str(folder.absolute())]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        with (folder / "index.jsonl").open(encoding="utf-8") as index:
            index.seek(0, 2)
            while child.poll() is None:
                saved += index.read().count("\n")
                tick(saved)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(TICK)
    finally:
        if child.stdin is not None:
            child.stdin.close()
        if child.poll() is None:
            child.kill()
            child.wait()
    return _result(folder, child.returncode)


def _result(folder: Path, code: int) -> Crawled:
    try:
        return Crawled(**json.loads((folder / "result.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise MalmoiError(f"the crawler's process ended with {code} before it was done") from None


def _open_spool(job: Job, folder: Path) -> int:
    """Make the spool, or mend the one that the same job left behind; returns how many pages lie in it."""
    note = folder / "job.json"
    try:
        same = json.loads(note.read_text(encoding="utf-8")) == asdict(job)
    except (OSError, ValueError):
        same = False
    if not same:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "index.jsonl").touch()
        (folder / "pages.gz").touch()
        half = folder / "job.json.half"
        half.write_text(json.dumps(asdict(job)), encoding="utf-8")
        half.replace(note)
        return 0
    entries, size = _whole_entries(folder)
    text = "".join(json.dumps(entry) + "\n" for entry in entries)
    (folder / "index.jsonl").write_text(text, encoding="utf-8")
    with (folder / "pages.gz").open("r+b") as pages:
        pages.truncate(size)
    return len(entries)


def _whole_entries(folder: Path) -> tuple[list[Any], int]:
    """The entries whose pages lie whole in the spool, and where the last of them ends."""
    there = (folder / "pages.gz").stat().st_size
    entries, size = [], 0
    for line in (folder / "index.jsonl").read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            end = entry[1] + entry[2]
        except (ValueError, LookupError, TypeError):
            break
        if end > there:
            break
        entries.append(entry)
        size = end
    return entries, size


def members(folder: Path, limit: int | None = None) -> Iterator[tuple[str, bytes, int]]:
    """(URL, gzip member, bytes of the page) of a finished crawl, sorted by URL, at most `limit`."""
    lines = (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()
    entries = sorted(json.loads(line) for line in lines)
    with (folder / "pages.gz").open("rb") as file:
        for url, offset, length, size in entries[:limit]:
            file.seek(offset)
            yield url, file.read(length), size
