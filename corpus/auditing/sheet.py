"""The audit sheet: a random few documents of each kind, to be read by a person."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Key = tuple[str, str]  # fate, rule

FATES = ("dropped", "kept", "newly dropped", "newly kept")


class Sample:
    """At most `size` rows of a kind: those whose hash of seed, kind and id is lowest, in whatever order they come."""

    def __init__(self, seed: int, size: int) -> None:
        self.seed, self.size = seed, size
        self._held: dict[Key, list[tuple[int, str]]] = {}

    def rank(self, key: Key, name: str) -> int | None:
        """The rank of a document, None where it would not be held."""
        if not self.size:
            return None
        text = json.dumps([self.seed, *key, name]).encode()
        rank = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
        held = self._held.get(key, [])
        return rank if len(held) < self.size or rank < -held[0][0] else None

    def add(self, rank: int, row: Row) -> None:
        held = self._held.setdefault((row["fate"], row["rule"]), [])
        item = (-rank, json.dumps(row, ensure_ascii=False, sort_keys=True))
        if len(held) < self.size:
            heapq.heappush(held, item)
        else:
            heapq.heappushpop(held, item)

    def write(self, path: Path) -> None:
        """One line per row: rank and row."""
        with path.open("w", encoding="utf-8") as file:
            for held in self._held.values():
                file.writelines(f"{-rank}\t{row}\n" for rank, row in held)

    def read(self, path: Path) -> None:
        with path.open(encoding="utf-8") as file:
            for line in file:
                rank, _, row = line.partition("\t")
                self.add(int(rank), json.loads(row))

    def rows(self, order: Iterable[str]) -> Iterator[Row]:
        """Fate by fate, rule by rule in `order` (others after it), lowest rank first."""
        places = {rule: place for place, rule in enumerate(order)}
        keys = sorted(self._held, key=lambda key: (FATES.index(key[0]), places.get(key[1], len(places)), key[1]))
        for key in keys:
            for _, row in sorted(self._held[key], key=lambda item: (-item[0], item[1])):
                yield json.loads(row)


def write_sheet(rows: list[Row], folder: Path) -> None:
    """`sheet.jsonl` and `sheet.md`; the reader fills `verdict`."""
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows]
    (folder / "sheet.jsonl").write_text("".join(lines), encoding="utf-8")
    out = ["# Audit sheet", ""]
    last: Key | None = None
    for row in rows:
        key = (row["fate"], row["rule"])
        if key != last:
            out += ["", f"## {row['fate']}: {row['rule'] or '(none)'}", ""]
            out += ["| document | option | value | threshold | text | verdict |", "|---|---|---|---|---|---|"]
            last = key
        cells = (f"{row['id']} ({row['bytes']} B)", row["option"], row["value"], row["threshold"], row["text"], "")
        out.append("| " + " | ".join(map(_cell, cells)) + " |")
    (folder / "sheet.md").write_text("\n".join(out) + "\n", encoding="utf-8")


def _cell(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\").replace("|", "\\|")
    return " ⏎ ".join(" ".join(line.split()) for line in text.split("\n") if line.strip())
