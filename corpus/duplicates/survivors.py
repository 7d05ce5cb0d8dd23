"""The second reading of `dedup`: its documents are written, those that stay and those that do not, and counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.documents import DocumentWriter, link
from corpus.duplicates.lines import Limits, Remover
from corpus.duplicates.mapped import mapped
from corpus.duplicates.verdict import KEPT, STEPS, Verdict
from pipeline.artifact import write_json
from pipeline.context import Context
from pipeline.errors import InputError

if TYPE_CHECKING:
    from corpus.dedup import Unit

RULES = (*STEPS, "lines")
PLACES = ("documents", "dropped")


class Ids:
    """The ids of all units' documents by number; mapped files."""

    def __init__(self, folders: Sequence[Path], starts: Sequence[int]) -> None:
        self.folders = folders
        self.starts = np.asarray(starts, np.int64)

    def __getitem__(self, document: int) -> str:
        unit = int(np.searchsorted(self.starts, document, side="right")) - 1
        local = document - int(self.starts[unit])
        begin, end = mapped(self.folders[unit] / "ids.i64", np.int64)[local : local + 2].tolist()
        found = mapped(self.folders[unit] / "ids.bin", np.uint8)[begin:end]
        return found.tobytes().decode("utf-8", "surrogatepass")


class Judge:
    """What becomes of one document, given the verdict and the table of repeated lines."""

    def __init__(
        self,
        folders: Sequence[Path],
        starts: Sequence[int],
        work: Path,
        limits: Limits | None,
        left: int,
        threshold: float,
    ) -> None:
        self.verdict = Verdict.load(work)
        self.ids = Ids(folders, starts)
        self.remover = Remover(work, limits) if limits is not None else None
        self.left = left
        self.threshold = threshold

    def judge(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """The row as it is written: kept, perhaps with fewer lines, or with the rule that dropped it."""
        meta = json.loads(row["meta"])
        rule = int(self.verdict.rule[number])
        if rule != KEPT:
            near, similarity = STEPS[rule - 1] == "minhash", float(self.verdict.similarity[number])
            if near or similarity < 1:  # also a copy of a near duplicate
                meta["dedup_similarity"] = round(similarity, 4)
            limit: float | str = self.threshold if near else ""
            value: int | str = self.ids[int(self.verdict.survivor[number])]
            return {**row, "meta": meta, "stage": "dedup", "rule": STEPS[rule - 1], "value": value, "threshold": limit}
        if self.remover is not None:
            text, gone, held = self.remover.clean(row["text"], number)
            if gone and len(text) < self.left and not held:  # else a line would be nowhere: others gave up theirs
                row, reason = {**row, "meta": meta}, {"value": len(text), "threshold": self.left}
                return {**row, "stage": "dedup", "rule": "lines", **reason}
            if gone:
                return {**row, "text": text, "meta": {**meta, "dedup_lines": gone}}
        return {**row, "meta": meta}


def write_unit(
    bundle: list[tuple[Unit, int]],
    folder: Path,
    folders: Sequence[Path],
    starts: Sequence[int],
    work: Path,
    limits: Limits | None,
    left: int,
    threshold: float,
) -> None:
    """The unit of work: `documents/` and `dropped/` of some units, and `tally.json`, counts per source."""
    judge = Judge(folders, starts, work, limits, left, threshold)
    tally: dict[str, Counter[str]] = {}
    for unit, start in bundle:
        name = f"{unit.name}.parquet"
        with (
            DocumentWriter(folder / "documents" / name) as kept,
            DocumentWriter(folder / "dropped" / name, dropped=True) as dropped,
        ):
            kept.open()
            for number, row in enumerate(unit.rows(), start):
                made = judge.judge(number, row)
                note(tally.setdefault(row["source"], Counter()), row, made)
                (dropped if "rule" in made else kept).write(made)
    write_json(folder / "tally.json", tally)


def note(count: Counter[str], row: dict[str, Any], made: dict[str, Any]) -> None:
    """Count one document: what was read, and its fate."""
    size = len(row["text"].encode("utf-8", "surrogatepass"))
    fate = made.get("rule", "kept")
    count.update({"read": 1, "bytes_read": size, fate: 1})
    if fate == "kept":
        left = len(made["text"].encode("utf-8", "surrogatepass"))
        count.update({"bytes_kept": left, "bytes_removed": size - left})
        count.update({"documents_cut": 1, "lines_removed": made["meta"]["dedup_lines"]} if left < size else {})
    else:
        count[f"bytes_{fate}"] += size


def gather(folders: Sequence[Path], context: Context) -> dict[str, Any]:
    """Link the written files into the artifact; sets the counts and returns the metrics."""
    places = {name: context.fresh(name) for name in PLACES}
    sources: dict[str, Counter[str]] = {}
    for folder in folders:
        for name, place in places.items():
            for made in sorted((folder / name).glob("*.parquet")):
                link(made, place / made.name)
        try:
            tally = json.loads((folder / "tally.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder / 'tally.json'} cannot be read: {error}") from None
        for source, count in tally.items():
            sources.setdefault(source, Counter()).update(count)
    total: Counter[str] = Counter()
    for count in sources.values():
        total.update(count)
    context.counts.update(
        read=total["read"],
        kept=total["kept"],
        dropped=sum(total[rule] for rule in RULES),
        failed=0,
        rules={rule: total[rule] for rule in RULES},
        bytes={
            "read": total["bytes_read"],
            "kept": total["bytes_kept"],
            "dropped": sum(total[f"bytes_{rule}"] for rule in RULES),
            "removed": total["bytes_removed"],
        },
    )
    return {"steps": steps(total), "sources": {source: tabled(count) for source, count in sorted(sources.items())}}


def steps(total: Counter[str]) -> list[dict[str, Any]]:
    """Documents and bytes into and out of every step, in their order; what leaves one enters the next."""
    found: list[dict[str, Any]] = []
    documents, size = total["read"], total["bytes_read"]
    for rule in RULES:
        gone = total[f"bytes_{rule}"] + (total["bytes_removed"] if rule == "lines" else 0)
        found.append({
            "step": rule, "documents_in": documents, "bytes_in": size, "documents_dropped": total[rule],
            "bytes_dropped": total[f"bytes_{rule}"], "bytes_removed": gone - total[f"bytes_{rule}"],
            "documents_out": documents - total[rule], "bytes_out": size - gone,
        })  # fmt: skip
        documents, size = documents - total[rule], size - gone
    return found


def tabled(count: Counter[str]) -> dict[str, int]:
    """One source's documents and bytes, by rule."""
    names = ["read", "kept", *RULES, "bytes_read", "bytes_kept", *(f"bytes_{rule}" for rule in RULES)]
    return {name: count[name] for name in [*names, "bytes_removed", "documents_cut", "lines_removed"]}
