"""A toy model with new rows and its packed streams, for the tests of continual pretraining."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.artifact import Artifact, digest, publish
from pipeline.config import Run
from pipeline.context import Context
from tests.toys import paragraphs, toy_llama
from tokenizer.embed import copy_rest, resize, write_extension
from training.data import Rows
from training.lines import IGNORED

PIECES = [
    "합니다",
    " 있다",
    "문서",
    " 파일",
    "설정",
    "보고서",
    "하고",
    "한국",
    "명령",
    " 저장",
    "강은",
    "마을",
    "서버",
    " 오류",
    "없는말",
]
PAD_TO = 16


def extended(folder: Path, tied: bool = True, hidden: int = 32) -> Path:
    """A toy Llama whose tokenizer knows PIECES as ids of their own; the last stands in no text."""
    base = toy_llama(folder / "base", tied=tied, hidden=hidden)
    model = folder / "model"
    model.mkdir(parents=True)
    found = json.loads((base / "tokenizer.json").read_text())
    old = json.loads((base / "config.json").read_text())["vocab_size"]
    padded = -(-(old + len(PIECES)) // PAD_TO) * PAD_TO
    resize(base, model, [[number + 5, number + 9] for number in range(len(PIECES))], padded)
    copy_rest(base, model, list(range(old + len(PIECES), padded)))
    for number, piece in enumerate(PIECES):
        found["added_tokens"].append(
            {"id": old + number, "content": piece, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": False}
        )  # fmt: skip
    (model / "tokenizer.json").write_text(json.dumps(found, ensure_ascii=False))
    shutil.copyfile(base / "tokenizer_config.json", model / "tokenizer_config.json")
    write_extension(model, old, len(PIECES), padded)
    return model


def artifact(folder: Path, stage: str, metrics: dict[str, Any] | None = None) -> Artifact:
    """Publish what lies in `folder`."""
    fingerprint = digest([stage, str(folder)])
    return publish(
        folder,
        folder.with_name(f"{folder.name}-published"),
        {"stage": stage, "version": 1, "fingerprint": fingerprint, "section": {}, "inputs": {}, "counts": {},
         "metrics": metrics or {}, "provenance": {}},
    )  # fmt: skip


def model_artifact(folder: Path, tied: bool = True, plain: bool = False, hidden: int = 32) -> Artifact:
    part = folder / "part"
    made = extended(folder / "made", tied, hidden)
    if plain:
        made = folder / "made" / "base"
    shutil.copytree(made, part / "model")
    return artifact(part, "extend")


def packed(folder: Path, model: Artifact, count: int = 60) -> Artifact:
    """Streams of Korean and English documents, packed by the stage itself."""
    from corpus.documents import write_documents
    from tokenizer.config import Pack
    from tokenizer.pack import run

    mixture = folder / "mixture"
    for lang in ("ko", "en"):
        rows = [
            {"id": f"{lang}/{number}", "text": text, "source": lang, "url": "", "lang": lang, "license": "CC0-1.0",
             "charset": "utf-8", "meta": {}}
            for number, text in enumerate(paragraphs(lang, count))
        ]  # fmt: skip
        write_documents(mixture / "train" / f"{lang}.parquet", rows[6:])
        write_documents(mixture / "heldout" / f"{lang}.parquet", rows[:6])
    part = folder / "tokens.part"
    part.mkdir()
    inputs = {"model": model, "documents": artifact(mixture, "mix")}
    context = Context(node="pack", path=part, inputs=inputs, run=Run(root=str(folder / "root"), workers=1))
    metrics = run(Pack(), context)
    return artifact(part, "pack", metrics)


def inputs(folder: Path, **model: Any) -> dict[str, Artifact]:
    """`{"model": ..., "tokens": ...}` below an empty folder."""
    made = model_artifact(folder, **model)
    return {"model": made, "tokens": packed(folder, made)}


def trained(folder: Path, section: Any, given: dict[str, Artifact], **run: Any) -> tuple[Path, dict[str, Any]]:
    """Run the stage in this process; returns its folder and metrics."""
    from training.dapt import run as dapt

    context = context_for(folder, given, **run)
    return context.path, dapt(section, context)


def context_for(folder: Path, given: dict[str, Artifact], stop: Callable[[], bool] = bool, **run: Any) -> Context:
    folder.mkdir(parents=True, exist_ok=True)
    settings = Run(**{"root": str(folder.parent / "root"), "workers": 1, "device": "cpu", "threads": 1, **run})
    return Context(node="dapt", path=folder, inputs=dict(given), run=settings, stop_requested=stop)


def main() -> None:
    """A rank or a victim in a process of its own: `python -m tests.training.making JOB`."""
    import os

    import training.engine
    from training.config import Dapt
    from training.dapt import run as dapt

    job = json.loads(Path(sys.argv[1]).read_text())
    training.engine.PERSISTENT = 0  # a toy's parameters are all small: partition them none the less
    given = {name: Artifact(Path(path)) for name, path in job["inputs"].items()}
    context = context_for(Path(job["folder"]), given, **job["run"])
    context.rank, context.world = int(os.environ.get("RANK", "0")), context.run.world
    metrics = dapt(Dapt.model_validate_json(json.dumps(job["section"])), context)
    if context.rank == 0:
        (context.path / "metrics.json").write_text(json.dumps(metrics, sort_keys=True))


if __name__ == "__main__":
    main()


def one_row(documents):
    """Documents (arrays of ids) one behind another, as a micro-batch of one row."""
    ids = np.concatenate(documents)
    numbers = np.repeat(np.arange(len(documents)), [len(one) for one in documents])
    positions = np.concatenate([np.arange(len(one)) for one in documents])
    targets = np.where(numbers[1:] == numbers[:-1], ids[1:], IGNORED)
    return Rows(ids[None, :-1], targets[None], positions[None, :-1], ("ko",))
