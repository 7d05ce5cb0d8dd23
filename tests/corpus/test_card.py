"""The data card: sums that agree with the mixture, the funnel of what stands before it, the ledger in words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from corpus.card import lineage, table
from corpus.config import Dedup, Mix
from corpus.dedup import run as dedup
from corpus.documents import read_file, write_documents
from corpus.mix import run as mix
from pipeline.artifact import Artifact, publish
from tests.toys import paragraphs


def refined(tmp_path: Path) -> Artifact:
    """A documents artifact as `refine` publishes it, with a crawl before it."""
    crawl = tmp_path / "artifacts" / "crawl" / "c0.part"
    write_documents(crawl / "documents" / "x.parquet", [])
    first = publish(crawl, crawl.with_suffix(""), {
        "stage": "crawl", "version": 1, "fingerprint": "c0", "section": {}, "inputs": {}, "metrics": {},
        "counts": {"read": 90, "kept": 80, "dropped": 0, "failed": 10}, "provenance": {"host": "a"},
    })  # fmt: skip
    part = tmp_path / "artifacts" / "refine" / "r0.part"
    licenses = ["CC-BY-SA-4.0", "MIT", "CC-BY-NC-4.0", "house | rules"]
    korean, english = paragraphs("ko", 40), paragraphs("en", 20)
    write_documents(part / "documents" / "x.parquet", (
        {"id": str(n), "text": text, "source": "web" if n < 40 else "docs", "url": "", "lang": "ko" if n < 40 else "en",
         "license": licenses[n % 4], "charset": "utf-8", "meta": {}} for n, text in enumerate([*korean, *english])
    ))  # fmt: skip
    return publish(part, part.with_suffix(""), {
        "stage": "refine", "version": 1, "fingerprint": "r0", "section": {},
        "inputs": {"crawl": {"fingerprint": "c0", "manifest_sha256": first.manifest_sha256}},
        "counts": {"read": 80, "kept": 60, "dropped": 18, "failed": 2},
        "metrics": {
            "rules": {
                "short": {"web": {"documents": 11, "bytes": 40}, "docs": {"documents": 7, "bytes": 30}},
                "long": {"web": {"documents": 0, "bytes": 0}},
            },
            "charsets": {"web": {"utf-8": {"header": 48, "meta": 2}, "cp949": {"meta": 10}}},
            "mojibake": {"web": {"documents": 1, "judged": 80}, "docs": {"documents": 0, "judged": 0}},
        }, "provenance": {},
    })  # fmt: skip


def test_the_card_counts_what_the_mixture_holds(build, tmp_path: Path):
    parent = build("dedup", dedup, Dedup(), {"documents": refined(tmp_path)})
    made = build("mix", mix, Mix(heldout=0.1), {"documents": parent})
    card = json.loads((made.path / "card.json").read_text())
    held = [row for split in ("train", "heldout") for path in (made.path / split).iterdir() for row in read_file(path)]
    for license, counted in card["licenses"].items():
        own = [row["text"] for row in held if row["license"] == license]
        assert counted == {
            "documents": len(own), "bytes": sum(len(text.encode()) for text in own), "characters": sum(map(len, own))
        }  # fmt: skip
    assert len(card["licenses"]) == 4
    assert card["sources"] == made.metrics["sources"]
    assert card["allowed_use"]["commercial"] == "no"
    assert card["allowed_use"]["share_alike"] == ["CC-BY-SA-4.0"]
    assert card["allowed_use"]["unknown"] == ["house | rules"]


def test_the_funnel_starts_at_the_first_stage_at_hand(build, tmp_path: Path):
    parent = build("dedup", dedup, Dedup(), {"documents": refined(tmp_path)})
    made = build("mix", mix, Mix(), {"documents": parent})
    card = json.loads((made.path / "card.json").read_text())
    assert [row["stage"] for row in card["funnel"]] == ["crawl", "refine", "dedup", "mix"]
    assert [row["read"] for row in card["funnel"]] == [90, 80, 60, parent.counts["kept"]]
    assert card["charsets"]["web"]["cp949"] == {"meta": 10}
    page = (made.path / "card.md").read_text()
    assert "| refine | 80 | 60 | 18 | 2 | short 18 |" in page
    assert "| web | cp949 | meta | 10 |" in page
    assert "| web | 80 | 1 | 1.25 % |" in page
    assert "| docs | 0 | 0 |  |" in page
    assert "- Passing the text on: unknown" in page
    assert "- Commercial use: no" in page
    assert "house \\| rules" in page


def test_an_ancestor_that_is_gone_or_another_is_left_out(tmp_path: Path):
    refine = refined(tmp_path)
    assert [stage for stage, _ in lineage(refine)] == ["crawl", "refine"]
    manifest = tmp_path / "artifacts" / "crawl" / "c0" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"read": 90', '"read": 91'))
    assert [stage for stage, _ in lineage(Artifact(refine.path))] == ["refine"]
    shutil.rmtree(manifest.parent)
    assert [stage for stage, _ in lineage(Artifact(refine.path))] == ["refine"]


def test_a_table_keeps_its_columns_whatever_stands_in_a_cell():
    assert table(["a", "b"], [["x|y\nz", 12345]]) == ["| a | b |", "| --- | --- |", "| x\\|y z | 12,345 |"]
