"""Pages of WARC files on their way into a crawl's own: which are wanted, and the counts of what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.archive.page import EXAMPLES, Page, Reading
from corpus.archive.warc import info_member, read_pages
from corpus.config import Source
from corpus.web.spider import KEPT_TYPES

SNIFFED = (b"<!doctype html", b"<html")


@dataclass
class Tally:
    """Pages `kept`, with the `bytes` of their bodies; `dropped` and `failed` by reason; the first failures."""

    kept: int = 0
    bytes: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, state: dict[str, Any]) -> Tally:
        """A tally from its own JSON."""
        return cls(
            state.get("kept", 0), state.get("bytes", 0), Counter(state.get("dropped", {})),
            Counter(state.get("failed", {})), list(state.get("examples", [])),
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        return {
            "kept": self.kept, "bytes": self.bytes, "dropped": dict(self.dropped), "failed": dict(self.failed),
            "examples": self.examples,
        }  # fmt: skip

    def fail(self, reason: str, file: str, count: int = 1, **place: Any) -> None:
        self.failed[reason] += count
        if len(self.examples) < EXAMPLES:
            self.examples.append({"file": file, **place, "reason": reason})

    def add(self, reading: Reading) -> None:
        """Take over what a reader could not read."""
        self.failed += reading.failed
        self.examples = [*self.examples, *reading.examples][:EXAMPLES]

    def facts(self, kind: str = "pages") -> dict[str, Any]:
        """The source's entry in the stage's metrics, and `examples`, which does not stay there."""
        dropped, failed = self.dropped.total(), self.failed.total()
        return {
            "kind": kind, "records": self.kept, "bytes": self.bytes, "read": self.kept + dropped + failed,
            "kept": self.kept, "dropped": dropped, "failed": failed,
            "reasons": dict(sorted((self.dropped + self.failed).items())), "examples": self.examples,
        }  # fmt: skip


def info(name: str, source: Source, **more: str) -> bytes:
    """The record that opens a source's file."""
    return info_member(
        software="malmoi", format="WARC File Format 1.1", isPartOf=name, license=source.license, language=source.lang,
        **more,
    )  # fmt: skip


def wanted_pages(path: Path, tally: Tally, limit: int | None) -> Iterator[Page]:
    """HTML and plain text pages of one WARC file, until `tally.kept` is `limit`; whoever takes them counts them."""
    reading = Reading()
    try:
        for page in read_pages(path, reading):
            reason = unwanted(page)
            if reason is not None:
                tally.dropped[reason] += 1
                continue
            yield page
            if tally.kept == limit:
                return
    finally:
        tally.add(reading)


def unwanted(page: Page) -> str | None:
    """Why a page is no text that a crawl keeps, or None."""
    if page.status != 200:
        return f"status {page.status}"
    if page.mime in KEPT_TYPES:
        return None if page.body.strip() else "empty"
    if page.mime in ("", "application/octet-stream") and page.body[:1024].lstrip().lower().startswith(SNIFFED):
        return None
    return "not HTML or plain text"
