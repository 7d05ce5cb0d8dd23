"""What the rows of embedding and head say of how much a token was trained.

Indicators after Land and Bartolo 2024, "Fishing for Magikarp": the norm of the input row, and how near the output row
stands to the mean of rows that were never trained, measured once the direction that all rows share is taken out. Rows
that training began with, where they are at hand, say it outright: how far a row has moved.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tokenizer.embed import EMBEDDING, HEAD, shapes, weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

BLOCK = 1 << 14  # rows held as float64 at once
ROUNDS = 100  # of power iteration
SETTLED = 1e-10


def matrix(model: Path, name: str) -> Matrix | None:
    """A weight of (rows, hidden) as float32, or None where the model has none of that name."""
    from safetensors import safe_open

    for path in weights(model):
        if name in shapes(path):
            with safe_open(path, "pt") as file:
                found: Matrix = file.get_tensor(name).float().numpy()
                return found
    return None


def both(model: Path) -> tuple[Matrix, Matrix]:
    """Input and output rows; the same array where the head is tied."""
    inputs = matrix(model, EMBEDDING)
    assert inputs is not None  # `rows` was asked before
    outputs = matrix(model, HEAD)
    return inputs, inputs if outputs is None else outputs


def norms(rows: Matrix) -> NDArray[np.float64]:
    """(rows,) Euclidean length of each."""
    import numpy as np

    squares: NDArray[np.float64] = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    return np.sqrt(squares)


def moved(rows: Matrix, start: Matrix) -> NDArray[np.float64]:
    """(rows,) distance of each row from where it began, in lengths of the row it began as; 0 is equal to the bit.

    A row that began as zero has moved 0 if it is zero still, and 1 if not.
    """
    import numpy as np

    found = np.empty(len(rows))
    for first in range(0, len(rows), BLOCK):
        part, old = rows[first : first + BLOCK], start[first : first + BLOCK]
        length = norms(old)
        distance = norms(part - old)
        found[first : first + BLOCK] = np.where(
            length > 0, distance / np.maximum(length, 1e-30), (distance > 0).astype(float)
        )
    return found


def unused_distance(rows: Matrix, unused: NDArray[np.int64]) -> NDArray[np.float64]:
    """(rows,) cosine distance of each row to the mean of the rows `unused`, less the direction that all rows share.

    0 looks untrained, 1 is unrelated. NaN for rows of zero.
    """
    import numpy as np

    shared = common_direction(rows)
    mean = _less(rows[unused], shared).mean(axis=0)
    found = np.empty(len(rows))
    for first in range(0, len(rows), BLOCK):
        part = _less(rows[first : first + BLOCK], shared)
        length = np.linalg.norm(part, axis=1) * np.linalg.norm(mean)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[first : first + BLOCK] = np.where(length > 1e-12, 1 - part @ mean / length, np.nan)
    return found


def _less(rows: Matrix, direction: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    part = rows.astype(np.float64)
    part -= np.outer(part @ direction, direction)
    return part


def common_direction(rows: Matrix) -> NDArray[np.float64]:
    """(hidden,) the first right singular vector, by power iteration from the mean row."""
    import numpy as np

    hidden = rows.shape[1]
    gram = np.zeros((hidden, hidden))
    for first in range(0, len(rows), BLOCK):
        part = rows[first : first + BLOCK].astype(np.float64)
        gram += part.T @ part
    vector: NDArray[np.float64] = rows.mean(axis=0, dtype=np.float64) + 1e-9
    vector /= np.linalg.norm(vector)
    for _ in range(ROUNDS):
        after = gram @ vector
        length = np.linalg.norm(after)
        if not length:
            break
        after /= length
        settled = abs(1 - abs(float(after @ vector))) < SETTLED
        vector = after
        if settled:
            break
    return vector
