"""Published artifacts of a whole made-up run, in the shapes that the stages write: what the report is tested on."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.licenses import allowed_use
from eval import compare
from pipeline.artifact import Artifact, digest, publish

LEVEL = {  # mean bits per byte by model and language
    "base": {"ko": 1.68, "en": 0.88},
    "extend": {"ko": 2.10, "en": 0.88},
    "dapt": {"ko": 1.60, "en": 0.892},
    "dapt@r0": {"ko": 1.58, "en": 0.97},
    "dapt@plain": {"ko": 1.52, "en": 0.90},
    "sft": {"ko": 1.62, "en": 0.90},
}
SOURCES = {
    "office-ko": ("ko", "MPL-2.0"),
    "guide-ko": ("ko", "CC-BY-SA-3.0"),
    "office-en": ("en", "MPL-2.0"),
    "wiki-en": ("en", "CC0-1.0"),
}
FERTILITY = {"before": {"ko": 1.94, "en": 0.24}, "after": {"ko": 0.452, "en": 0.24}}


class Example:
    """Builds artifacts one by one below `root`; `nodes` is what a report is given."""

    def __init__(self, root: Path, documents: int = 60, items: int = 120) -> None:
        self.root, self.documents, self.items = root, documents, items
        self.nodes: dict[str, Artifact] = {}

    def put(
        self,
        name: str,
        section: Mapping[str, Any] | None = None,
        inputs: Mapping[str, str] | None = None,
        metrics: Mapping[str, Any] | None = None,
        counts: Mapping[str, Any] | None = None,
        lines: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    ) -> Artifact:
        """Publish a node; `inputs` maps a field to the name of a node made before, `lines` a path to JSON lines."""
        stage = name.partition("@")[0]
        given = {
            field: {"fingerprint": self.nodes[node].fingerprint, "manifest_sha256": self.nodes[node].manifest_sha256}
            for field, node in (inputs or {}).items()
        }
        fingerprint = digest(
            [stage, dict(section or {}), {field: entry["fingerprint"] for field, entry in given.items()}]
        )
        part = self.root / stage / f"{fingerprint}.part"
        part.mkdir(parents=True)
        for path, rows in (lines or {}).items():
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (part / path).write_text(text, encoding="utf-8")
        manifest = {
            "stage": stage, "version": 1, "fingerprint": fingerprint, "section": dict(section or {}), "inputs": given,
            "counts": dict(counts or {}), "metrics": dict(metrics or {}), "provenance": {"host": "somewhere"},
        }  # fmt: skip
        self.nodes[name] = publish(part, part.with_suffix(""), manifest)
        return self.nodes[name]

    def corpus(self) -> None:
        pages = {"kind": "pages", "reasons": {"status": 12}}
        self.put("crawl", {"sources": {}}, metrics={"sources": {
            name: {**pages, "lang": lang, "license": license, "records": 900, "bytes": 20_000_000}
            for name, (lang, license) in SOURCES.items()
        }})  # fmt: skip
        dropped = {"length": 500, "language": 250, "repetition": 100, "sentence": 40}
        self.put("refine", {"rules": "korean"}, {"crawl": "crawl"}, {
            "sources": {name: {"lang": lang, "license": license, "read": 900, "kept": 675, "dropped": 222, "failed": 3,
                               "lying": 1, "repaired": 2} for name, (lang, license) in SOURCES.items()},
            "rules": {rule: {"office-ko": {"documents": number - 9, "bytes": 900 * number, "kept_documents": 9},
                             "guide-ko": {"documents": 9, "bytes": 10, "kept_documents": 9}}
                      for rule, number in dropped.items()},
            "charsets": {"office-ko": {"utf-8": {"header": 800}, "cp949": {"meta": 75}},
                         "guide-ko": {"utf-8": {"header": 675}}},
            "mojibake": {"office-ko": {"documents": 2, "judged": 875}},
        }, {"read": 3600, "kept": 2700, "dropped": 890, "failed": 10})  # fmt: skip
        self.put("dedup", {"exact": True}, {"documents": "refine"}, {"threshold": 0.8}, {
            "read": 2700, "kept": 2500, "dropped": 200, "failed": 0, "rules": {"exact": 150, "minhash": 50},
            "bytes": {"read": 9_000_000, "kept": 8_400_000, "dropped": 600_000},
        })  # fmt: skip
        sources = {}
        for number, (name, (lang, license)) in enumerate(SOURCES.items(), start=1):
            train = {"documents": 500, "bytes": 1_500_000 * number, "characters": 700_000 * number}
            sources[name] = {
                "source": name, "lang": lang, "license": license, "licenses": {license: train},
                "train": train, "heldout": {"documents": 30, "bytes": 90_000, "characters": 40_000},
            }  # fmt: skip
        use = allowed_use(one["license"] for one in sources.values())
        metrics = {"sources": sources, "languages": {}, "allowed_use": use}
        counts = {"read": 2500, "kept": 2480, "dropped": 20, "failed": 0, "rules": {"cap": 20, "heldout_twin": 0}}
        self.put("mix", {"heldout": 0.05}, {"documents": "dedup"}, metrics, counts)

    def base(self) -> None:
        self.put("base", {"source": {"sha256": "ab" * 32}, "license": "Apache-2.0", "precision": "fp32"})

    def extension(self) -> None:
        self.put("pieces", {"size": 8000, "lang": "ko"}, {"documents": "mix"}, {"pieces": 8000})
        fertility = {
            when: {lang: {"documents": 60, "characters": 80_000, "tokens": int(80_000 * rate), "bytes": 180_000,
                          "tokens_per_character": rate, "tokens_per_eojeol": rate * 4.1, "tokens_per_byte": rate / 2.4}
                   for lang, rate in rates.items()}
            for when, rates in FERTILITY.items()
        }  # fmt: skip
        self.put("extend", {"init": "mean"}, {"model": "base", "pieces": "pieces", "documents": "mix"}, {
            "old_vocabulary": 49152, "added": 8000, "new_vocabulary": 57152, "padded_vocabulary": 57152, "init": "mean",
            "fertility": fertility,
            "proof": {"unchanged": {"en": {"texts": 60, "tokens": 48_000, "changed": 0},
                                    "probes": {"texts": 40, "tokens": 900, "changed": 0}},
                      "round_trip": {"texts": 200, "lost": 0, "lost_by_base": 0}, "old_ids_moved": 0,
                      "pieces": {"added": 8000, "whole": 7900, "partial_bytes": 100, "unreachable": 0}},
        })  # fmt: skip
        self.put("pack", {}, {"model": "extend", "documents": "mix"}, {"streams": {}})

    def dapt(self, name: str = "dapt", model: str = "extend", steps: int = 140, **section: Any) -> None:
        choose = random.Random(name)
        lines = []
        for step in range(1, steps + 1):
            loss = {"ko": 5.2 * math.exp(-step / 60) + 3 + choose.gauss(0, 0.25), "en": 2.6 + choose.gauss(0, 0.2)}
            lines.append(
                {
                    "step": step,
                    "phase": "new_rows" if step <= steps * 0.3 else "all",
                    "loss": loss,
                    "tokens": step * 512,
                }
            )
        settings = {
            "budget": 72_000, "sequence": 256, "batch": 512, "replay": {"en": 0.25}, "lang": "ko", "rate": 4e-4,
            "phases": [{"train": "new_rows", "share": 0.3}, {"train": "all", "share": 0.7}],
            "gate": {"lang": "en", "limit": 0.03, "action": "warn"}, "precision": "fp32", "seed": 0, **section,
        }  # fmt: skip
        inputs = {"model": model, **({"tokens": "pack"} if "pack" in self.nodes else {})}
        for step in range(0, steps + 1, 35):
            lines.append({"step": step, "bpb": {"ko": 1.6 + 0.5 * math.exp(-step / 40), "en": 0.89}})
        metrics = {
            "steps": steps, "tokens": {"ko": 54_000, "en": 18_000}, "gate": {"lang": "en", "passed": True},
            "ledger": {"ko": {"start": 2.1, "end": 1.61, "highest": 2.1, "change": -0.23}},
            "probe": {"documents": {"ko": 12, "en": 12}},
            "rows": {"old_rows": 49152, "old_rows_changed": 9000, "new_rows": 8000, "new_rows_changed": 5000,
                     "new_rows_unseen": 3000, "unseen_rows_changed": 0},
        }  # fmt: skip
        self.put(name, settings, inputs, metrics, lines={"log.jsonl": lines})

    def sft(self, model: str = "dapt") -> None:
        log = [{"step": step, "loss": 2.5 - step / 40} for step in range(1, 31)]
        self.put("sft", {"data": {"pairs": {"file": None, "made": "ko", "license": "unknown"}},
                         "lora": {"rank": 16, "alpha": 32}, "sequence": 512, "batch": 8, "epochs": 1.0, "rate": 2e-4},
                 {"model": model}, {"steps": 30, "conversations": 200, "answer_tokens": 9000},
                 lines={"log.jsonl": log})  # fmt: skip

    def benchmarks(self) -> None:
        self.put("benchmarks", {"tasks": {}}, {"documents": "mix"}, {"tasks": {
            "cloze-ko": {"items": self.items, "choices": 4, "lang": "ko", "license": "MPL-2.0", "made": True},
            "kmmlu": {"items": self.items, "choices": 4, "lang": "ko", "license": "CC-BY-ND-4.0", "made": False},
        }})  # fmt: skip

    def evaluate(self, model: str, name: str | None = None, **section: Any) -> None:
        """Scores of `model` whose documents are as hard for every model, up to a little noise of the model's own."""
        bpb = [line for source, (lang, _) in SOURCES.items() for line in self._documents(model, source, lang)]
        by_lang = {}
        for lang in ("ko", "en"):
            own = [line for line in bpb if line["lang"] == lang]
            one = compare.ratio([line["nll"] / math.log(2) for line in own], [line["bytes"] for line in own])
            by_lang[lang] = {"value": one.value, "low": one.low, "high": one.high, "documents": len(own),
                             "bytes": sum(line["bytes"] for line in own)}  # fmt: skip
        tasks = (
            {task: self._items(model, task) for task in self.nodes["benchmarks"].metrics["tasks"]}
            if "benchmarks" in self.nodes
            else {}
        )
        scores = {}
        for task, lines in tasks.items():
            right = sum(line["correct"] for line in lines)
            low, high = compare.wilson(right, len(lines))
            scores[task] = {"accuracy": right / len(lines), "low": low, "high": high, "items": len(lines), "lang": "ko",
                            "smallest_difference": compare.smallest_difference(len(lines)),
                            "made": task.startswith("cloze")}  # fmt: skip
        sources = {}
        for source, (lang, _) in SOURCES.items():
            own = [line for line in bpb if line["source"] == source]
            one = compare.ratio([line["nll"] / math.log(2) for line in own], [line["bytes"] for line in own])
            sources[source] = {"lang": lang, "value": one.value, "low": one.low, "high": one.high,
                               "bytes": sum(line["bytes"] for line in own), "documents": len(own)}  # fmt: skip
        files = {f"bpb/{source}.jsonl": [line for line in bpb if line["source"] == source] for source in SOURCES}
        files |= {f"tasks/{task}.jsonl": lines for task, lines in tasks.items()}
        self.put(
            name or f"evaluate@{model}",
            {"window": 1024, "stride": 512, **section},
            {
                "of": model,
                **{
                    field: node
                    for field, node in (("documents", "mix"), ("benchmarks", "benchmarks"))
                    if node in self.nodes
                },
            },
            {
                "bpb": by_lang,
                "sources": sources,
                "tasks": scores,
                "protocol": {"prefix": "<|endoftext|>", "window": 1024, "stride": 512, "shots": 0, "vocabulary": 49152},
            },
            lines=files,
        )

    def _documents(self, model: str, source: str, lang: str) -> list[dict[str, Any]]:
        shared, own = random.Random(source), random.Random(f"{source} {model}")
        lines = []
        for number in range(self.documents // 2):
            size = shared.randint(400, 3000)
            level = LEVEL.get(model, LEVEL["base"])[lang] * shared.uniform(0.8, 1.2) * own.uniform(0.985, 1.015)
            rate = FERTILITY["before" if model in ("base", "dapt@plain") else "after"][lang]
            characters = size // (3 if lang == "ko" else 1)
            lines.append({"id": f"{source}/{number}", "lang": lang, "source": source, "bytes": size,
                          "nll": level * size * math.log(2), "tokens": max(1, round(characters * rate)),
                          "characters": characters})  # fmt: skip
        return lines

    def _items(self, model: str, task: str) -> list[dict[str, Any]]:
        shared, own = random.Random(task), random.Random(f"{task} {model}")
        lines = []
        for number in range(self.items):
            gold, hard = shared.randrange(4), shared.random()
            right = hard < (0.45 if model in ("base", "extend") else 0.6) + own.uniform(-0.1, 0.1)
            prediction = gold if right else (gold + own.randint(1, 3)) % 4
            lines.append(
                {"id": f"{task}/{number}", "gold": gold, "prediction": prediction, "correct": right, "scores": []}
            )
        return lines


def whole_run(root: Path, documents: int = 60, items: int = 120, plain: bool = False) -> Example:
    """Crawl to sft with every model evaluated; `plain` adds the arm without extension."""
    example = Example(root, documents, items)
    example.base()
    example.corpus()
    example.extension()
    example.dapt()
    if plain:
        example.dapt("dapt@plain", "base")
    example.sft()
    example.benchmarks()
    for model in ("base", "extend", "dapt", *(("dapt@plain",) if plain else ()), "sft"):
        example.evaluate(model)
    return example
