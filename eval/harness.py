"""Multiple choice through lm-eval, offline: its tasks, prompts and few-shot rules, over items held in memory."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from eval import compare
from pipeline.artifact import Artifact, digest
from pipeline.errors import ConfigError, InputError, StageFailed


class Item(TypedDict):
    """One question; the model scores `query + " " + choice` for each choice, `gold` is the right one's index."""

    id: str
    query: str
    choices: list[str]
    gold: int


def read_items(artifact: Artifact) -> dict[str, list[Item]]:
    """Items per task of a benchmarks artifact; InputError names the file and line of one that cannot be asked."""
    found: dict[str, list[Item]] = {}
    for path in sorted((artifact.path / "items").glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            items = [_item(line, f"{path}, line {number}") for number, line in enumerate(file, 1)]
        if len({item["id"] for item in items}) != len(items):
            raise InputError(f"{path} holds an item id twice")
        if items:
            found[path.stem] = items
    return found


def read_all(artifacts: Iterable[Artifact]) -> dict[str, list[Item]]:
    """Items per task of several benchmarks; raises InputError where two of them have a task of one name."""
    found: dict[str, list[Item]] = {}
    for artifact in artifacts:
        for task, items in read_items(artifact).items():
            if task in found:
                raise InputError(f"two of the benchmarks have a task '{task}'; give one of them another name")
            found[task] = items
    return found


def choose_items(
    task: str, items: Sequence[Item], seed: int, shots: int, max_items: int
) -> tuple[list[Item], list[Item]]:
    """Exemplars and the items asked, in an order that the seed and the ids alone decide.

    The first `shots` items become the exemplars of all others and are never asked themselves.
    """
    ordered = sorted(items, key=lambda item: digest([seed, task, item["id"]]))
    if len(ordered) <= shots:
        raise ConfigError(f"shots: {shots} leaves no item of '{task}' to ask; it has {len(ordered)}")
    return ordered[:shots], ordered[shots : shots + max_items]


def ask(lm: Any, task: str, exemplars: Sequence[Item], items: Sequence[Item]) -> list[dict[str, Any]]:
    """One line per item: `scores` (log-likelihood of each choice, nats), `prediction`, `correct`, and
    `prediction_norm`, `correct_norm` by scores divided by the choice's length in characters.

    `lm` is an lm-eval language model. Raises StageFailed naming the item whose score is not finite.
    """
    from datasets import Dataset
    from lm_eval import evaluator
    from lm_eval.api.task import ConfigurableTask

    config = {
        "task": task,
        "custom_dataset": lambda **_: {"test": Dataset.from_list([dict(asked(item)) for item in items])},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": _query,
        "doc_to_choice": _choices,
        "doc_to_target": _gold,
        "target_delimiter": "",  # the choices bring their own
        "num_fewshot": len(exemplars),
        "fewshot_config": {"sampler": "first_n", "samples": [dict(asked(item)) for item in exemplars]},
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    built = ConfigurableTask(config=config)
    results = evaluator.evaluate(lm=lm, task_dict={"tasks": {task: built}}, bootstrap_iters=0, log_samples=True)
    samples = {int(sample["doc_id"]): sample for sample in results["samples"][task]}
    return [
        _line(task, item, [float(answer[0]) for answer in samples[number]["filtered_resps"]])
        for number, item in enumerate(items)
    ]


def summarize(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Accuracy with Wilson's interval, beside chance, the smallest difference so many items can show (80 % power at
    5 %, two-sided, two models on separate items, at an accuracy of .5) and the collapse detector's finding."""
    items = len(lines)
    right = sum(bool(line["correct"]) for line in lines)
    right_norm = sum(bool(line["correct_norm"]) for line in lines)
    low, high = compare.wilson(right, items)
    low_norm, high_norm = compare.wilson(right_norm, items)
    return {
        "accuracy": right / items,
        "low": low,
        "high": high,
        "accuracy_norm": right_norm / items,
        "low_norm": low_norm,
        "high_norm": high_norm,
        "chance": sum(1 / len(line["scores"]) for line in lines) / items,
        "items": items,
        "smallest_difference": compare.smallest_difference(items),
        "smoke": items < compare.SMOKE,
        "collapse": compare.collapse([line["prediction"] for line in lines], [line["gold"] for line in lines]),
    }


def asked(item: Item) -> Item:
    """The item with a space before each choice, unless the question ends or the choice begins with one."""
    query = item["query"]
    joined = query == "" or query[-1].isspace()
    choices = [choice if joined or choice[0].isspace() else f" {choice}" for choice in item["choices"]]
    return Item(id=item["id"], query=query, choices=choices, gold=item["gold"])


def _line(task: str, item: Item, scores: list[float]) -> dict[str, Any]:
    if not all(map(math.isfinite, scores)):
        raise StageFailed(f"task '{task}': the scores of item '{item['id']}' are not finite")
    best = _largest(scores)
    normed = _largest([score / len(choice) for score, choice in zip(scores, item["choices"], strict=True)])
    return {
        "id": item["id"],
        "gold": item["gold"],
        "prediction": best,
        "correct": best == item["gold"],
        "prediction_norm": normed,
        "correct_norm": normed == item["gold"],
        "scores": [round(score, 4) for score in scores],
    }


def _item(line: str, where: str) -> Item:
    try:
        found = json.loads(line)
        item = Item(id=str(found["id"]), query=found["query"], choices=found["choices"], gold=found["gold"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where} is no item: {error!r}") from None
    choices = item["choices"]
    if not isinstance(item["query"], str) or not isinstance(choices, list) or len(choices) < 2:
        raise InputError(f"{where}: an item needs a query and two choices at least")
    if not all(isinstance(choice, str) and choice.strip() for choice in choices):
        raise InputError(f"{where}: a choice is empty or no text")
    if type(item["gold"]) is not int or not 0 <= item["gold"] < len(choices):
        raise InputError(f"{where}: gold is {item['gold']!r}, not the index of a choice")
    return item


# functions and not field names, because lm-eval reads a field that is all digits as a number
def _query(item: Item) -> str:
    return item["query"]


def _choices(item: Item) -> list[str]:
    return item["choices"]


def _gold(item: Item) -> int:
    return item["gold"]


def _largest(scores: Sequence[float]) -> int:
    """The first of the largest, as numpy's argmax has it."""
    return max(range(len(scores)), key=lambda number: (scores[number], -number))
