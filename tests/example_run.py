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

    def corpus(self, every: bool = False) -> None:
        """`every` adds the stages between dedup and mix that judge documents, and the audit."""
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
            **({"pii": {"office-ko": {"email": 31, "phone": 4}, "wiki-en": {"email": 2}}} if every else {}),
        }, {"read": 3600, "kept": 2700, "dropped": 890, "failed": 10})  # fmt: skip
        self.put("dedup", {"exact": True}, {"documents": "refine"}, {"threshold": 0.8}, {
            "read": 2700, "kept": 2500, "dropped": 200, "failed": 0, "rules": {"exact": 150, "minhash": 50},
            "bytes": {"read": 9_000_000, "kept": 8_400_000, "dropped": 600_000},
        })  # fmt: skip
        if every:
            self.screening()
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
        if every:
            sources["guide-ko"]["licenses"] = {
                "CC-BY-SA-3.0": {"documents": 400, "bytes": 2_400_000, "characters": 1_050_000},
                "kogl-1": {"documents": 100, "bytes": 600_000, "characters": 350_000},
            }
        self.put("mix", {"heldout": 0.05}, {"documents": "decontaminate" if every else "dedup"}, metrics, counts)

    def screening(self) -> None:
        """audit, ngram, perplexity, classifier, quality, decontaminate: the stages that judge 2,500 documents."""

        def size(documents: int) -> dict[str, int]:
            return {"documents": documents, "bytes": 2000 * documents, "tokens": 500 * documents}

        self.put("audit", {}, {"documents": "refine"}, {
            "judged_by": {"rules": "korean", "thresholds": {}, "tokens": True},
            "totals": {kind: size(n) for kind, n in (("kept", 2700), ("dropped", 890), ("judged", 3590),
                                                     ("kept_now", 2690), ("dropped_now", 900))},
            "rules": {rule: {"dropped": size(n), "dropped_now": size(n + 10), "alone": size(2 * n), "kept": size(3000)}
                      for rule, n in (("word_count", 500), ("repetition", 100))},
            "moved": [{"from": "", "to": "word_count"} | size(10)], "sheet": 120,
        }, {"read": 3590, "kept": 2700, "dropped": 890, "failed": 0})  # fmt: skip
        self.put("ngram", {"sources": ["guide-ko"]}, {"documents": "dedup"}, {"learned": 600, "reference": None})
        way = {"read": 2500, "kept": 2500, "dropped": 0, "failed": 0}
        spread = {"p10": 60.5, "p30": 90.0, "p50": 120.25, "p70": 200.0, "p90": 900.75}
        self.put("perplexity", {}, {"documents": "dedup", "model": "ngram"}, {
            "cuts": {"corpus": [90.0, 160.0]}, "scored": {"documents": 1300, **spread}, "unscored": {"wiki-en": 600},
            "sources": {name: {"documents": 650, **spread, "read": 650, "kept": 650, "dropped": 0,
                               "buckets": {"head": size(200), "middle": size(200), "tail": size(250)}}
                        for name in ("office-ko", "guide-ko")}, "reference": None,
        }, way)  # fmt: skip
        self.put("classifier", {"good": ["guide-ko"]}, {"documents": "dedup"}, {"heldout": {
            "threshold": 0.5, "good": 500, "other": 500, "good_above": 450, "other_above": 50, "auc": 0.95,
            "recall": 0.9, "precision": 0.9, "precision_equal_classes": 0.9, "false_positives": 0.1, "at": {},
        }})  # fmt: skip
        share = {"p10": 0.1, "p30": 0.3, "p50": 0.62, "p70": 0.7, "p90": 0.97}
        self.put("quality", {}, {"documents": "perplexity", "model": "classifier"}, {
            "low": None, "scored": {"documents": 1300, **share}, "unscored": {},
            "sources": {"office-ko": {"documents": 650, **share, "read": 650, "kept": 650, "dropped": 0}},
        }, way)  # fmt: skip
        self.put("benchmarks", {"tasks": {}}, {}, {"tasks": self._tasks("kmmlu")})
        clean = {"read": 625, "kept": 625, "dropped": 0, "cleaned": 0, "bytes_removed": 0}
        self.put("decontaminate", {}, {"documents": "quality", "benchmarks": "benchmarks"}, {
            "tasks": {"kmmlu": {"items": self.items, "dirty": 7}},
            "sources": {name: clean if name != "office-ko" else {**clean, "kept": 622, "dropped": 3, "cleaned": 4,
                                                                 "bytes_removed": 900} for name in SOURCES},
        }, {"read": 2500, "kept": 2497, "dropped": 3, "failed": 0, "rules": {"benchmark": 3}})  # fmt: skip

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
        starts = {
            "base": {"ko": 1.68, "en": 0.88},
            "mean": {"ko": 2.10, "en": 0.88},
            "fitted": {"ko": 1.75, "en": 0.885},
        }
        self.put("extend", {"init": "mean"}, {"model": "base", "pieces": "pieces", "documents": "mix"}, {
            "starts": {
                "chosen": "mean", "lang": "ko", "base": {"bpb": starts["base"]},
                "methods": {method: {"bpb": starts[method]} for method in ("mean", "fitted")},
                "documents": {"ko": 12, "en": 6}, "bytes": {"ko": 9000, "en": 4000}, "fitted_on": 12_000,
            },
            "old_vocabulary": 49152, "added": 8000, "new_vocabulary": 57152, "padded_vocabulary": 57152, "init": "mean",
            "fertility": fertility,
            "proof": {"unchanged": {"en": {"texts": 60, "tokens": 48_000, "changed": 0},
                                    "probes": {"texts": 40, "tokens": 900, "changed": 0}},
                      "round_trip": {"texts": 200, "lost": 0, "lost_by_base": 0}, "old_ids_moved": 0,
                      "pieces": {"added": 8000, "whole": 7900, "partial_bytes": 100, "unreachable": 0, "left_out": []},
                      "control": {"tokens": 17, "texts": 900, "forged": 3, "forged_with_base": 3},
                      "readers": {"AutoTokenizer": {"texts": 250, "different": 0},
                                  "SentencePiece": "the base has no SentencePiece file"}},
        })  # fmt: skip
        streams = {
            f"{split}/{name}": {"lang": lang, "tokens": tokens * (4 if lang == "ko" else 2), "bytes": tokens * 8,
                                "documents": tokens // 100}
            for name, (lang, _) in SOURCES.items() for split, tokens in (("train", 50_000), ("heldout", 3_000))
        }  # fmt: skip
        counts = {"read": 2480, "kept": 2480, "dropped": 0, "failed": 0}
        self.put("pack", {}, {"model": "extend", "documents": "mix"}, {"streams": streams}, counts)

    def frontier(self) -> None:
        """The stage's own arithmetic over made token counts."""
        from tokenizer.cost import Shape
        from tokenizer.frontier import measured
        from tokenizer.measure import Parallel, Texts

        sizes = (0, 1000, 2000, 4000, 8000)
        rates = {"ko": (1.94, 0.56, 0.50, 0.47, 0.452), "en": (0.24,) * 5}
        choose = random.Random("frontier")
        held = []
        for source, (lang, _) in SOURCES.items():
            lengths = [choose.randint(400, 3000) for _ in range(self.documents // 2)]
            tokens = [[round(length * rate * choose.uniform(0.9, 1.1)) for length in lengths] for rate in rates[lang]]
            held.append(Texts(source, lang, ["-"] * len(lengths), lengths, [n // 4 for n in lengths], lengths, tokens))
        lengths = held[0].characters
        two = Parallel(("office-ko", "office-en"), [("", "")] * len(lengths),
                       [(found, [n // 2 for n in lengths]) for found in held[0].tokens])  # fmt: skip
        tables = [{"pieces": n, "added": n, "vocabulary": 49152 + n, "padded": 49152 + -(-n // 64) * 64} for n in sizes]
        shape = Shape(rows=49152, hidden=576, body=106_203_456, tied=True, positions=8192)
        metrics = measured(tables, held, [two], shape, "ko", 0.05)
        self.put("frontier", {"gain": 0.05}, {"model": "base", "pieces": "pieces", "documents": "mix"}, metrics)

    def tokens(self, model: str) -> None:
        """An audit of the pieces of `model`, in the shape of the stage's metrics."""
        trained = model != "extend"
        signs = {"input_norm": 2.0, "output_norm": 2.0, "unused_distance": 0.3}
        moves = dict.fromkeys(("moved_input", "moved_output"), 0.02 if trained else None)
        edges = (0, 1, 10, 100, 1000, 10000)
        reach = [
            {"from": low, "below": below, "pieces": pieces, "tokens": pieces * low, **signs, **moves,
             "unmoved": pieces // 2 if trained else None}
            for low, below, pieces in zip(edges, (*edges[1:], None), (300, 2000, 5000, 650, 50, 0), strict=True)
        ]  # fmt: skip
        piece = {"id": 50000, "text": " 부팅", "train": 230, "heldout": 6}
        self.put(f"tokens@{model}", {"rare": 100}, {"of": model, "tokens": "pack"}, {
            "rows": {"total": 57152, "old": 49152, "added": 8000, "tied": True}, "rare": 100,
            "counts": {"added": 8000, "used": 700, "rare": 7000, "part": 290, "dead": 10, "partial_bytes": 276,
                       "unmoved_input": 4000 if trained else None, "unmoved_output": 4000 if trained else None},
            "reach": reach,
            "old": {"from": 1, "below": None, "pieces": 26000, "tokens": 1_700_000, **signs, **moves, "unmoved": None},
            "untrained_reference": 300,
            "share": {"ko": {"tokens": 400_000, "added": 350_000, "pieces": 7700}},
            "heldout": {"tokens": 36_000, "added": 12_000, "of_unseen": 6},
            "agreement": {"input_norm": -0.11, **({"moved_input": 0.62} if trained else {})},
            "suspects": {"dead": [{**piece, "train": 0}], "part": [], "unmoved": [piece] if trained else []},
        })  # fmt: skip

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
        bare = model == "base"  # it begins lower and learns slower
        for step in range(0, steps + 1, 35):
            korean = 1.52 + 0.16 * math.exp(-step / 60) if bare else 1.6 + 0.5 * math.exp(-step / 40)
            lines.append({"step": step, "bpb": {"ko": korean, "en": 0.89}})
        metrics = {
            "flops_per_token": 808_000_000 if bare else 836_000_000,
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

    def _tasks(self, *names: str) -> dict[str, Any]:
        known = {"cloze-ko": ("MPL-2.0", True), "kmmlu": ("CC-BY-ND-4.0", False)}
        return {
            name: {"items": self.items, "choices": 4, "lang": "ko", "license": known[name][0], "made": known[name][1]}
            for name in names
        }

    def benchmarks(self) -> None:
        if "benchmarks" in self.nodes:
            self.put("cloze", {"tasks": {}}, {"documents": "mix"}, {"tasks": self._tasks("cloze-ko")})
        else:
            self.put("benchmarks", {"tasks": {}}, {"documents": "mix"}, {"tasks": self._tasks("cloze-ko", "kmmlu")})

    def evaluate(self, model: str, name: str | None = None, **section: Any) -> None:
        """Scores of `model` whose documents are as hard for every model, up to a little noise of the model's own."""
        bpb = [line for source, (lang, _) in SOURCES.items() for line in self._documents(model, source, lang)]
        by_lang = {}
        for lang in ("ko", "en"):
            own = [line for line in bpb if line["lang"] == lang]
            one = compare.ratio([line["nll"] / math.log(2) for line in own], [line["bytes"] for line in own])
            by_lang[lang] = {"value": one.value, "low": one.low, "high": one.high, "documents": len(own),
                             "bytes": sum(line["bytes"] for line in own)}  # fmt: skip
        made = [self.nodes[name] for name in ("benchmarks", "cloze") if name in self.nodes]
        tasks = {task: self._items(model, task) for node in made for task in node.metrics["tasks"]}
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


def whole_run(root: Path, documents: int = 60, items: int = 120, plain: bool = False, every: bool = False) -> Example:
    """Crawl to sft with every model evaluated; `plain` adds the arm without extension, `every` all optional stages."""
    example = Example(root, documents, items)
    example.base()
    example.corpus(every)
    example.extension()
    example.dapt()
    if plain:
        example.dapt("dapt@plain", "base")
    example.sft()
    example.benchmarks()
    for model in ("base", "extend", "dapt", *(("dapt@plain",) if plain else ()), "sft"):
        example.evaluate(model)
    if every:
        example.frontier()
        for model in ("extend", "dapt", "sft"):
            example.tokens(model)
    return example
