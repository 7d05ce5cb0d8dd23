"""Documents into rows without cutting them: best-fit decreasing.

Ding et al. 2024, "Fewer Truncations Improve Language Modeling": rows are bins, a document goes into the fullest bin
that still has room for it. Longest first, ties by number, so that the same lengths give the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


def pieces(lengths: Numbers, width: int) -> tuple[Numbers, Numbers, Numbers]:
    """Documents in pieces of at most `width` tokens: the document, the first token and the length of each.

    Only a document longer than `width` has more than one; the next begins with the last token of the one before,
    so that every token but the document's first is predicted.
    """
    import numpy as np

    stride = width - 1
    count = np.maximum(1, -(-(lengths - 1) // stride))
    document = np.repeat(np.arange(len(lengths)), count)
    number = np.arange(len(document)) - np.repeat(np.cumsum(count) - count, count)
    skip = number * stride
    return document, skip, np.minimum(width, lengths[document] - skip)


def best_fit(lengths: Numbers, width: int) -> tuple[Numbers, Numbers, Numbers]:
    """Pieces (all at most `width` long) into rows of `width`: pieces in row order, where each starts in its row, and
    where each row starts in that list, (rows + 1,).

    Time grows with the number of pieces alone: bins are found by the room they have left, through one integer whose
    bit r says that a bin with room r is there.
    """
    import numpy as np

    order = np.argsort(-lengths, kind="stable")
    row = np.empty(len(lengths), np.int64)
    place = np.empty(len(lengths), np.int64)
    bins: list[list[int]] = [[] for _ in range(width + 1)]
    present = 0
    rows = 0
    for number, length in zip(order.tolist(), lengths[order].tolist(), strict=True):
        fits = present >> length
        if fits:
            room = length + (fits & -fits).bit_length() - 1
            chosen = bins[room].pop()
            if not bins[room]:
                present ^= 1 << room
        else:
            room, chosen = width, rows
            rows += 1
        row[number], place[number] = chosen, width - room
        left = room - length
        if left:
            bins[left].append(chosen)
            present |= 1 << left
    by_row = np.lexsort((place, row))
    first = np.searchsorted(row[by_row], np.arange(rows + 1))
    return by_row, place[by_row], first
