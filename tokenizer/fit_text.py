"""The text that starts are fitted and chosen on: train documents only, so that no figure is measured on them.

Every eighth document is kept for choosing, the others are for fitting. Files take turns, each in its own order.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.documents import files, read_file
from pipeline.artifact import Artifact
from tokenizer.measure import encode

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPAN = 256  # ids in a stream that rows are fitted on, the prefix among them: rows serve no context longer than they saw
SPANS = 2  # streams taken from one document at most
EVERY = 8  # one document of so many is for choosing
SHOWN = 600  # characters of a document that choosing reads
PAIRED = 250  # ids whose followers are counted, for each that is fitted on
READ = 6000  # characters of a document that are encoded at most


@dataclass
class FitText:
    """Streams of new ids, each behind the prefix; `size` are UTF-8 bytes of the documents in `choose`.

    `pairs` counts which id follows which in far more text than the streams hold.
    """

    fit: list[list[int]] = field(default_factory=list)
    choose: list[list[int]] = field(default_factory=list)
    size: int = 0
    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)


def take(artifact: Artifact, lang: str, tokenizer: Tokenizer, prefix: int, fit: int, choose: int) -> FitText:
    """Text of one language until `fit` ids to fit on and `choose` to choose on are found, or all there is.

    Counting of pairs goes on to `PAIRED` times `fit` ids.
    """
    found = FitText()
    held = fitted = paired = 0
    for number, text in enumerate(_turns(files(artifact, "train"), lang)):
        if held >= choose and fitted >= fit and paired >= PAIRED * fit:
            break
        if number % EVERY == EVERY - 1:
            if held < choose:
                ids = _ids(tokenizer, text[:SHOWN])
                found.choose.append([prefix, *ids])
                found.size += len(text[:SHOWN].encode())
                held += len(ids)
        else:
            ids = _ids(tokenizer, text[:READ])
            found.pairs.update(itertools.pairwise(ids))
            paired += len(ids)
            if fitted < fit:
                for span in _spans(ids):
                    found.fit.append([prefix, *span])
                    fitted += len(span)
    return found


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return next(iter(encode(tokenizer, [text])))


def _spans(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """At most `SPANS` stretches of a document, spread over it evenly."""
    length = SPAN - 1
    count = min(SPANS, -(-len(ids) // length))
    for number in range(count):
        begin = (len(ids) - length) * number // max(1, count - 1) if len(ids) > length else 0
        if len(ids[begin : begin + length]) > 1:
            yield ids[begin : begin + length]


def _turns(paths: Sequence[Path], lang: str) -> Iterator[str]:
    """Texts of one language, one from each file in turn."""
    readers = [read_file(path, ("text", "lang")) for path in paths]
    while readers:
        for reader in readers[:]:
            for document in reader:
                if document["lang"] == lang and document["text"].strip():
                    yield document["text"]
                    break
            else:
                readers.remove(reader)
