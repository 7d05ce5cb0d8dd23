"""What a vocabulary costs: parameters, and floating-point operations per token.

A token costs 2 operations per weight that multiplies it forward, and 4 more backward (Kaplan et al. 2020, "Scaling
Laws for Neural Language Models"). Looking a row up costs none; the head multiplies by every row. Attention over the
context is left out: it grows with the tokens in the context, so that fewer tokens save more than is said here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizer.embed import EMBEDDING, HEAD, read_json, shapes, weights

SERVE, TRAIN = 2, 6


@dataclass(frozen=True)
class Shape:
    """`body` counts all parameters but those of embedding and head; `positions` is what the model says it reads."""

    rows: int
    hidden: int
    body: int
    tied: bool
    positions: int | None

    @classmethod
    def of(cls, model: Path) -> Shape:
        """From the headers of the safetensors files; the weights are not read."""
        config = read_json(model / "config.json")
        body, rows, hidden = 0, 0, 0
        for path in weights(model):
            for name, shape in shapes(path).items():
                if name == EMBEDDING:
                    rows, hidden = shape
                elif name != HEAD:
                    body += math.prod(shape)
        positions = config.get("max_position_embeddings")
        tied = bool(config.get("tie_word_embeddings", False))
        return cls(rows, hidden, body, tied, positions if isinstance(positions, int) else None)

    def flops(self, rows: int, passes: int) -> int:
        """Per token, with a vocabulary of `rows`; `passes` is SERVE or TRAIN."""
        return passes * (self.body + rows * self.hidden)

    def parameters(self, rows: int) -> dict[str, Any]:
        """What embedding and head of `rows` rows add to the model and are of it, tied as the base is and untied."""
        before = self.rows * self.hidden * (1 if self.tied else 2)
        found = {}
        for name, matrices in (("tied", 1), ("untied", 2)):
            if name == "tied" and not self.tied:
                continue
            here = rows * self.hidden * matrices
            found[name] = {
                "embeddings": here,
                "added": here - before,
                "total": self.body + here,
                "share": round(here / (self.body + here), 6),
            }
        return found
