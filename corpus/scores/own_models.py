"""A user's own model in the place of `ngram` or `classifier`: `{use: PATH}`. Nothing in such a file is executed."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from corpus.classifier import keep
from corpus.ngram import PIECES, whole
from corpus.perplexity import FACTS, Scorer
from corpus.scores.features import Linear
from corpus.scores.kenlm import load
from corpus.scores.lmtext import SPACE, Kind, form_of, load_pieces
from pipeline.artifact import write_json
from pipeline.config import Leaf
from pipeline.context import Context
from pipeline.errors import InputError

BINARY = (".bin", ".binary", ".klm", ".arpa", ".arpa.gz")


def ngram(section: Leaf, context: Context) -> dict[str, Any]:
    """A model of the user's: a folder of ours, or a KenLM file with at most one SentencePiece `.model` beside it.

    Without pieces the model's own vocabulary says whether it counts syllables or eojeol; pieces of jamo say that the
    text form is CCNet's.
    """
    given = Path(section.use).expanduser()
    if not given.exists():
        raise InputError(f"{section.use} does not exist; an n-gram model is used from a local path")
    if (given / FACTS).is_file():
        facts = _facts(given / FACTS)
        models = [given / name for name in facts["models"]]
        pieces = given / facts["pieces"] if facts["pieces"] else None
    else:
        folder = given if given.is_dir() else given.parent
        models = [given] if given.is_file() else _ending(folder, BINARY)
        spm = _ending(folder, (".model",))
        if len(models) != 1 or len(spm) > 1:
            raise InputError(
                f"{given} holds {len(models)} KenLM files ({', '.join(BINARY)}) and {len(spm)} SentencePiece .model "
                "files; one, and at most one, are wanted"
            )
        pieces = spm[0] if spm else None
        kind: Kind = "pieces" if pieces else "syllables" if SPACE in load(models[0]) else "eojeol"
        form = form_of(load_pieces(pieces)) if pieces else "nfc"
        facts = {"lang": section.lang or "ko", "form": form, "units": kind}
    for model in models:
        whole(context, model.name, partial(_copy, model))
    if pieces:
        whole(context, PIECES, partial(_copy, pieces))
    facts = {**facts, "models": [model.name for model in models], "pieces": PIECES if pieces else None}
    whole(context, FACTS, lambda half: write_json(half, facts))
    Scorer(context.path)  # refuses what is no model
    return {**facts, "reference": None}


def _copy(path: Path, half: Path) -> None:
    try:
        shutil.copyfile(path, half)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def _facts(path: Path) -> dict[str, Any]:
    """What `ngram.json` says, if it is what we write: its files stand beside it."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        names = [*facts["models"], *([facts["pieces"]] if facts["pieces"] else [])]
        if not facts["models"] or any(Path(name).name != name or name == FACTS for name in names):
            raise ValueError("its files must stand beside it")
        return {key: facts[key] for key in ("lang", "form", "units", "models", "pieces")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not describe an n-gram model: {error}") from None


def _ending(folder: Path, ends: tuple[str, ...]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.endswith(ends) and not path.name.startswith("."))


def classifier(section: Leaf, context: Context) -> dict[str, Any]:
    """A folder that the stage `classifier` published: weights.npz and classifier.json."""
    given = Path(section.use).expanduser()
    if not given.is_dir():
        raise InputError(f"{section.use} is no folder; a classifier is used from the folder it was published in")
    model = Linear.read(given)
    if section.lang is not None:
        model.lang = section.lang
    keep(model, context)
    return {"lang": model.lang, "window": model.window, "windows": model.windows, "bits": model.bits}
