"""The stage `evaluate`: one model's scores, document by document and item by item, for others to be paired with.

Which documents and items are scored depends on the texts, the settings and the seed, never on the model, so that two
models can be compared on the same ones. Finished sources and tasks are files written whole: a rerun after a kill
goes on with the next.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from corpus.documents import read_documents
from eval import compare, harness
from eval.bpb import bits_per_byte, logits_of, score_documents, size
from eval.branches import language_model
from eval.config import Evaluate
from eval.subject import Subject, load
from pipeline.artifact import Artifact, digest
from pipeline.context import Context
from pipeline.errors import ConfigError, InputError

TICK = 0.25  # seconds between progress events


def run(section: Evaluate, context: Context) -> dict[str, Any]:
    """Write `bpb/<source>.jsonl` and `tasks/<task>.jsonl`; return bits per byte per language and source, and tasks.

    Raises ConfigError where there is nothing to score the model on, InputError where model and tokenizer disagree,
    StageFailed where a loss is not finite.
    """
    documents = context.artifact("documents") if context.inputs.get("documents") else None
    chosen = choose_documents(documents, section, context.counts) if documents else {}
    benchmarks = context.artifacts("benchmarks").values()
    tasks = {
        task: harness.choose_items(task, items, section.seed, section.shots, section.max_items)
        for task, items in harness.read_all(benchmarks).items()
    }
    facts = {task: fact for found in benchmarks for task, fact in found.metrics.get("tasks", {}).items()}
    dirty = read_marks(context.artifact("contamination")) if context.inputs.get("contamination") else {}
    if not chosen and not tasks:
        raise ConfigError(f"{context.node} has neither held-out documents nor benchmark items to be scored on")

    started = time.monotonic()
    subject = load(context.artifact("of").path / "model", context, section.window)
    stride = section.stride or max(1, subject.window // 2)
    if stride > subject.window:
        raise ConfigError(f"evaluate.stride {stride} exceeds the window of {subject.window}: tokens would be left out")
    context.provenance["load_seconds"] = round(time.monotonic() - started, 1)

    started = time.monotonic()
    lines = _bits(subject, chosen, stride, context)
    context.provenance["bpb_seconds"] = round(time.monotonic() - started, 1)

    started = time.monotonic()
    found = _tasks(subject, tasks, facts, dirty, context)
    context.provenance["tasks_seconds"] = round(time.monotonic() - started, 1)
    return {
        "bpb": {
            lang: _ratio([line for line in lines if line["lang"] == lang], section.seed)
            for lang in sorted({line["lang"] for line in lines})
        },
        "sources": {
            source: {
                "lang": "+".join(sorted({line["lang"] for line in lines if line["source"] == source})),
                **_ratio([line for line in lines if line["source"] == source], section.seed),
            }
            for source in chosen
        },
        "tasks": found,
        "protocol": {
            "prefix": subject.tokenizer.convert_ids_to_tokens(subject.prefix),
            "window": subject.window,
            "stride": stride,
            "shots": section.shots,
            "vocabulary": subject.vocabulary,
        },
    }


def choose_documents(
    artifact: Artifact, section: Evaluate, counts: dict[str, Any] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Documents to score per source: of a mixture its held-out ones, of plain documents all.

    In an order by seed and id, whole documents are taken while they fit into `max_bytes` and `max_documents`; one
    that no longer fits is passed over, and a source all of whose documents are larger gives its smallest.
    """
    seen: dict[str, dict[str, int]] = {}
    for document in read_documents(artifact, "heldout"):
        sizes = seen.setdefault(document["source"], {})
        if document["id"] in sizes:
            raise InputError(
                f"{artifact.path}: the document id '{document['id']}' stands twice in '{document['source']}'"
            )
        sizes[document["id"]] = size(document["text"])
    wanted = {source: _fitting(source, sizes, section) for source, sizes in sorted(seen.items())}
    texts: dict[str, dict[str, dict[str, Any]]] = {source: {} for source in wanted}
    for document in read_documents(artifact, "heldout"):
        if document["id"] in wanted[document["source"]]:
            texts[document["source"]][document["id"]] = document
    if counts is not None:
        read, kept = sum(map(len, seen.values())), sum(map(len, wanted.values()))
        counts.update(read=read, kept=kept, dropped=read - kept, failed=0)
    return {source: [texts[source][name] for name in names] for source, names in wanted.items() if names}


def _bits(
    subject: Subject, chosen: Mapping[str, Sequence[Mapping[str, Any]]], stride: int, context: Context
) -> list[dict[str, Any]]:
    """Score source by source into `bpb/`; returns every line."""
    total = sum(size(document["text"]) for documents in chosen.values() for document in documents)
    found: list[dict[str, Any]] = []
    done = 0
    for source, documents in chosen.items():
        path = _file(context.path / "bpb", source)
        names = [document["id"] for document in documents]
        lines = _finished(path, names)
        if lines is None:
            here = sum(size(document["text"]) for document in documents)
            scores = score_documents(
                subject.model,
                subject.tokenizer,
                [document["text"] for document in documents],
                subject.window,
                stride,
                vocabulary=subject.vocabulary,
                prefix=subject.prefix,
                names=[f"{source}: {name}" for name in names],
                advance=_meter(context, done, here, total, "bytes"),
            )
            lines = [
                {
                    "id": document["id"],
                    "lang": document["lang"],
                    "source": source,
                    "nll": round(score.nll, 4),
                    "bytes": score.bytes,
                    "tokens": score.tokens,
                    "characters": score.characters,
                }
                for document, score in zip(documents, scores, strict=True)
            ]
            _write_lines(path, lines, context.work)
        found += lines
        done += sum(line["bytes"] for line in lines)
        context.progress(done, total, "bytes")
    return found


def _tasks(
    subject: Subject,
    tasks: Mapping[str, tuple[list[harness.Item], list[harness.Item]]],
    facts: Mapping[str, Mapping[str, Any]],
    dirty: Mapping[str, Mapping[str, bool]],
    context: Context,
) -> dict[str, Any]:
    """Ask task by task into `tasks/`; returns each task's summary with what its benchmark says of it.

    Where the corpus was searched for a task's items, each line says whether its item is `dirty`, and the summary has
    one of its own for the clean and for the dirty items.
    """
    total = sum(len(items) for _, items in tasks.values())
    logits = logits_of(subject.model, subject.vocabulary)
    summaries: dict[str, Any] = {}
    done = 0
    for task, (exemplars, items) in tasks.items():
        path = _file(context.path / "tasks", task)
        lines = _finished(path, [item["id"] for item in items])
        if lines is None:
            meter = _meter(context, done, len(items), total, "items")
            lm = language_model(subject.model, subject.tokenizer, subject.prefix, logits, meter)
            lines = harness.ask(lm, task, exemplars, items)
            if task in dirty:
                lines = [{**line, "dirty": dirty[task].get(line["id"], False)} for line in lines]
            _write_lines(path, lines, context.work)
            if lm.truncated:
                context.event("warning", task=task, message=f"{lm.truncated} questions lost their first tokens")
        fact = facts.get(task, {})
        told = {key: fact[key] for key in ("lang", "license", "made") if key in fact}
        summaries[task] = {**told, "shots": len(exemplars), **harness.summarize(lines), **_by_mark(lines)}
        done += len(items)
        context.progress(done, total, "items")
    return summaries


def _by_mark(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Summaries of the clean and of the dirty items, where items are marked."""
    found = {}
    for name, wanted in (("clean", False), ("dirty", True)):
        own = [line for line in lines if line.get("dirty") is wanted]
        if own:
            whole = harness.summarize(own)
            found[name] = {key: whole[key] for key in ("accuracy", "low", "high", "items", "smallest_difference")}
    return found


def read_marks(artifact: Artifact) -> dict[str, dict[str, bool]]:
    """Task -> item id -> whether the corpus held it; raises InputError where the documents were not searched."""
    paths = sorted((artifact.path / "items").glob("*.jsonl"))
    if not paths:
        raise InputError(f"{artifact.path} has no items/: only documents of a decontaminate stage mark items")
    found: dict[str, dict[str, bool]] = {}
    for path in paths:
        with path.open(encoding="utf-8") as file:
            try:
                found[path.stem] = {line["id"]: line["dirty"] for line in map(json.loads, file)}
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"{path} holds a line that marks no item: {error}") from None
    return found


def _ratio(lines: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """Bits per byte of lines together, with a bootstrap over documents and the sums that readers ask for."""
    sizes = [line["bytes"] for line in lines]
    found = compare.ratio([bits_per_byte(line["nll"], 1) for line in lines], sizes, seed)
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "bytes": sum(sizes),
        "documents": len(lines),
        "tokens": sum(line["tokens"] for line in lines),
        "characters": sum(line["characters"] for line in lines),
    }


def _fitting(source: str, sizes: Mapping[str, int], section: Evaluate) -> list[str]:
    ordered = sorted((name for name in sizes if sizes[name]), key=lambda name: digest([section.seed, source, name]))
    taken: list[str] = []
    room = section.max_bytes
    for name in ordered:
        if len(taken) < section.max_documents and sizes[name] <= room:
            taken.append(name)
            room -= sizes[name]
    return taken or sorted(ordered, key=lambda name: sizes[name])[:1]


def _meter(context: Context, done: int, here: int, total: int, unit: str) -> Callable[[int, int], None]:
    """Turns (part, whole) of the work at hand into the stage's progress, at most four times a second."""
    last = 0.0

    def advance(part: int, whole: int) -> None:
        nonlocal last
        context.stop_if_asked()
        now = time.monotonic()
        if now - last >= TICK:
            last = now
            context.progress(done + round(here * part / whole), total, unit)

    return advance


def _file(folder: Path, name: str) -> Path:
    """The file of a source or task, whatever characters its name has."""
    return folder / f"{quote(name, safe=' ')}.jsonl"


def _write_lines(path: Path, lines: Iterable[Mapping[str, Any]], work: Path) -> None:
    """JSON lines, whole or not at all; what a kill leaves of them stays in `work`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = work / f"{path.name}.{os.getpid()}"
    with temporary.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _finished(path: Path, names: Sequence[str]) -> list[dict[str, Any]] | None:
    """The lines an earlier, killed try left for exactly these documents or items."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return lines if [line["id"] for line in lines] == list(names) else None
