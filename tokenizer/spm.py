"""A SentencePiece `.model` with the new pieces, for loaders that read it and not tokenizer.json.

SentencePiece joins whichever neighbours make the piece with the best score. New pieces are appended with scores below
every old one, falling in the order they were added: the order in which the merges of tokenizer.json apply.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tokenizer.convert import CONTROL, NORMAL, UNUSED, USER_DEFINED, read_model
from tokenizer.merges import Growth

FILE = "tokenizer.model"
EMPTY = "<|malmoi_empty_{}|>"  # an id that the base has a row for and no token


def write_model(source: Path, target: Path, tokenizer: dict[str, Any], growth: Growth) -> str | None:
    """Write `source` with the extension into `target`; `tokenizer` is the extended tokenizer.json.

    Returns a sentence and writes nothing where the base's two files disagree already: where its merges are not those
    that SentencePiece makes of its pieces, or an id is another piece in one than in the other. Raises InputError where
    `source` is not a SentencePiece BPE with byte fallback.
    """
    model = read_model(source)
    if growth.scores is None:
        return "none was written: the base's merges are not those that its own SentencePiece file makes of its pieces"
    names = {number: token for token, number in tokenizer["model"]["vocab"].items()}
    added = {token["id"]: token for token in tokenizer.get("added_tokens", [])}
    for number, piece in enumerate(model.pieces):
        name = added[number]["content"] if number in added else names.get(number)
        if name != piece.piece:
            return f"none was written: in the base's own, id {number} is {piece.piece!r}, in tokenizer.json {name!r}"
    low = min(piece.score for piece in model.pieces)
    step = max(1.0, 2 * float(np.spacing(np.float32(-low))))  # Llama-2 has scores of -1e9, where floats lie 64 apart
    last = growth.first + len(growth.new_tokens)
    for number in range(len(model.pieces), max(names) + 1):
        if number < growth.first:  # added to tokenizer.json after SentencePiece was trained
            token = added.get(number)
            kind = UNUSED if token is None else CONTROL if token["special"] else USER_DEFINED
            name = names.get(number, EMPTY.format(number)) if token is None else token["content"]
        else:
            name, kind = names[number], NORMAL if number < last else UNUSED
        score = low - step * (1 + number - growth.first) if kind == NORMAL else 0.0
        model.pieces.add(piece=name, score=score, type=kind)
    model.trainer_spec.vocab_size = len(model.pieces)
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.write_bytes(model.SerializeToString(deterministic=True))
    temporary.replace(target)
    return None
