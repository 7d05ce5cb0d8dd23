"""`benchmarks`: multiple-choice items in one format, from files or the lm-eval package; texts that are only guarded.

An item is `{id, query, choices, gold, lang, license, made}`. A model scores `query + " " + choice` for each choice, so
no query ends and no choice begins in white space. Files are as MosaicML's local_data has them: query, choices, gold.
What is no multiple choice (a KorQuAD question, a judge's prompt) is guarded: `guarded/<task>.jsonl`, {id, texts}.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.config import Benchmarks, Task
from corpus.licenses import together
from corpus.sources.readers import BadRow, jsonl_rows, matches
from pipeline.context import Context
from pipeline.errors import InputError

KMMLU_LICENSE = "CC-BY-ND-4.0"
KMMLU_ANSWER = re.compile(r"정답은\s*\(?\s*([A-D])\s*\)?")
LETTERS = ("A", "B", "C", "D")
SUFFIXES = (".jsonl", ".jsonl.gz")
TEXTS = (".txt", ".txt.gz")


def run(section: Benchmarks, context: Context) -> dict[str, Any]:
    """Write `items/<task>.jsonl` and `guarded/<task>.jsonl`.

    Metrics: `tasks` {task: {items, choices, lang, license, made}} and `guarded` {task: {items, lang, license}}. Raises
    InputError naming the record that is no item, or the task that has none or has an id twice.
    """
    context.fresh("items")
    context.fresh("guarded")
    metrics: dict[str, Any] = {}
    guarded: dict[str, Any] = {}
    for number, (name, task) in enumerate(sorted(section.tasks.items())):
        context.stop_if_asked()
        items = list(take(name, task))
        if not items:
            raise InputError(f"benchmarks.tasks.{name} has no items")
        if task.limit is not None:
            items = sample(items, task.limit, section.seed)
        if task.texts is not None:
            write_items(context.path / "guarded" / f"{name}.jsonl", items, f"benchmarks.tasks.{name}")
            guarded[name] = {"items": len(items), "lang": task.lang, "license": task.license}
        else:
            metrics[name] = write_items(context.path / "items" / f"{name}.jsonl", items, f"benchmarks.tasks.{name}")
        context.progress(number + 1, len(section.tasks), "tasks")
    total = sum(task["items"] for task in (*metrics.values(), *guarded.values()))
    context.counts.update(read=total, kept=total, dropped=0, failed=0)
    return {"tasks": metrics, "guarded": guarded}


def write_items(path: Path, items: list[dict[str, Any]], what: str) -> dict[str, Any]:
    """One line per item, and what the task is; raises InputError where an id stands twice."""
    repeated = [one for one, count in Counter(item["id"] for item in items).items() if count > 1]
    if repeated:
        raise InputError(f"{what} has two items with the id {repeated[0]!r}")
    with path.open("w", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps(item, ensure_ascii=False, sort_keys=True) + "\n")
    return {
        "items": len(items),
        "choices": max(len(item.get("choices", ())) for item in items),
        "lang": items[0].get("lang", ""),
        "license": together(item.get("license", "unknown") for item in items),
        "made": items[0].get("made", False),
    }


def sample(items: list[dict[str, Any]], limit: int, seed: int) -> list[dict[str, Any]]:
    """`limit` items by a hash of seed and id, in their old order; a larger limit keeps a smaller one's."""
    chosen = sorted(items, key=lambda item: hashlib.sha256(f"{seed} {item['id']}".encode()).digest())[:limit]
    ids = {item["id"] for item in chosen}
    return [item for item in items if item["id"] in ids]


def take(name: str, task: Task) -> Iterator[dict[str, Any]]:
    """All items of one task, in an order that the section and the input fix."""
    if task.file is not None:
        return from_files(name, task, task.file)
    if task.texts is not None:
        return from_texts(name, task, task.texts)
    return from_kmmlu(name, task)


def from_texts(name: str, task: Task, pattern: str) -> Iterator[dict[str, Any]]:
    """Guarded items `{id, texts}`: the fields of JSONL records, or the lines of text files."""
    where = f"benchmarks.tasks.{name}.texts"
    for number, path in enumerate(matches(pattern, (*SUFFIXES, *TEXTS), where)):
        if not path.name.endswith(TEXTS):
            for file, line, record in jsonl_rows([path]):
                texts = [] if isinstance(record, BadRow) else [record.get(field) for field in task.fields]
                if not texts or not all(isinstance(text, str) for text in texts):
                    problem = record.reason if isinstance(record, BadRow) else f"it has no text in {task.fields}"
                    raise InputError(f"{file} record {line}: {problem}")
                yield {"id": f"{name}/{number}/{line}", "texts": texts}
            continue
        try:
            with (
                gzip.open(path, "rt", encoding="utf-8-sig")
                if path.suffix == ".gz"
                else path.open(encoding="utf-8-sig") as lines
            ):
                for place, text in enumerate(lines, 1):
                    if text.strip():
                        yield {"id": f"{name}/{number}/{place}", "texts": [text.strip()]}
        except (OSError, EOFError, ValueError) as error:
            raise InputError(f"{path} is not UTF-8 text: {error}") from None


def from_files(name: str, task: Task, pattern: str) -> Iterator[dict[str, Any]]:
    """Items of JSONL files, plain or compressed; the first record that is no item ends the stage, by file and line.

    An id that a record does not bring is the file's number and the line: names of files are no part of the identity.
    """
    for number, path in enumerate(matches(pattern, SUFFIXES, f"benchmarks.tasks.{name}.file")):
        for file, line, record in jsonl_rows([path]):
            problem = record.reason if isinstance(record, BadRow) else _problem(record)
            if problem:
                raise InputError(f"{file} record {line}: {problem}")
            given = record.get("id")
            yield {
                "id": f"{name}/{given if isinstance(given, (str, int)) else f'{number}/{line}'}",
                "query": record["query"].rstrip(),
                "choices": [choice.strip() for choice in record["choices"]],
                "gold": record["gold"],
                "lang": task.lang,
                "license": task.license,
                "made": False,
            }


def _problem(record: Any) -> str | None:
    """Why a record is no multiple-choice item, or None."""
    if not isinstance(record, dict):
        return "it is no JSON object"
    missing = [key for key in ("query", "choices", "gold") if key not in record]
    if missing:
        return f"it has no {' and no '.join(missing)}; an item needs query, choices and gold"
    query, choices, gold = record["query"], record["choices"], record["gold"]
    if not isinstance(query, str) or not query.strip():
        return "its query is no text"
    if not isinstance(choices, list) or len(choices) < 2:
        return "its choices are no list of two or more"
    if not all(isinstance(choice, str) and choice.strip() for choice in choices):
        return "one of its choices is no text"
    if isinstance(gold, bool) or not isinstance(gold, int) or not 0 <= gold < len(choices):
        return f"its gold {gold!r} is no index into its {len(choices)} choices"
    if [choice.strip() for choice in choices].count(choices[gold].strip()) > 1:
        return "its answer stands twice among its choices"
    return None


def from_kmmlu(name: str, task: Task) -> Iterator[dict[str, Any]]:
    """The KMMLU items (Son et al. 2024) that lm-eval carries as worked examples: 45 subjects, 5 each, written as its
    own `kmmlu` task writes them, without the worked answers."""
    from importlib.resources import files

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    folder = files("lm_eval") / "tasks" / "kmmlu" / "cot_hard"
    paths = sorted((path for path in folder.iterdir() if path.name.startswith("kmmlu_cot_hard_")), key=lambda p: p.name)
    if not paths:
        raise InputError("the installed lm-eval carries no lm_eval/tasks/kmmlu/cot_hard/kmmlu_cot_hard_*.yaml")
    for path in paths:
        try:
            config = YAML(typ="base", pure=True).load(path.read_text(encoding="utf-8"))  # every scalar is text
            subject, samples = str(config["dataset_name"]), list(config["fewshot_config"]["samples"])
        except (YAMLError, KeyError, TypeError) as error:
            raise InputError(f"lm-eval's {path.name} does not have KMMLU's worked examples ({error})") from None
        for number, sample in enumerate(samples):
            found = set(KMMLU_ANSWER.findall(sample.get("target", "")))
            if len(found) != 1 or not all(sample.get(key) for key in ("question", *LETTERS)):
                raise InputError(
                    f"lm-eval's {path.name}, example {number + 1}, has no question with one answer of four"
                )
            question = sample["question"].strip().removeprefix("질문:").strip()
            listed = "\n".join(f"{letter}. {sample[letter].strip()}" for letter in LETTERS)
            yield {
                "id": f"{name}/{subject}/{number}",
                "query": f"{question}\n{listed}\n정답：",
                "choices": list(LETTERS),
                "gold": LETTERS.index(found.pop()),
                "lang": "ko",
                "license": KMMLU_LICENSE,
                "made": False,
            }
