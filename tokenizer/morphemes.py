"""Words cut at morpheme boundaries by kiwipiepy, each distinct word analysed once and alone."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.context import Context
from tokenizer.count import HELD, Counts, added_up

BATCH = 20_000  # words handed to kiwipiepy at once


def cut_at_morphemes(words: Iterable[tuple[str, int]], context: Context) -> Iterator[tuple[str, int]]:
    """Counts of the words' parts between morpheme boundaries that fall between syllables, in order of the parts.

    The cost follows the distinct words. Contracted morphemes (했 = 하 + 었) share a syllable and stay together.
    """
    from kiwipiepy import Kiwi

    kiwi = Kiwi(model_type="cong", num_workers=max(1, context.run.threads or os.cpu_count() or 1))
    parts = Counts(context.fresh(f"{context.work.name}/morphemes"))
    stream, done = iter(words), 0
    while batch := list(itertools.islice(stream, BATCH)):
        context.stop_if_asked()
        for (word, count), tokens in zip(batch, kiwi.tokenize([word.strip() for word, _ in batch]), strict=True):
            for part in split_at(word, spans(tokens)):
                parts.add_many(part, count)
        if len(parts) >= HELD:
            parts.spill()
        done += len(batch)
        context.progress(done, None, "words")
    parts.spill()
    return added_up([(run, 1) for run in parts.runs], parts.folder)


def spans(tokens: Iterable[Any]) -> list[tuple[int, int]]:
    """kiwipiepy's tokens as (start, end) in characters."""
    return [(token.start, token.start + token.len) for token in tokens]


def split_at(word: str, spans: list[tuple[int, int]]) -> list[str]:
    """Cut a word (leading space kept on the first part) where no morpheme's span (start, end) is cut."""
    lead = len(word) - len(word.lstrip(" "))
    inside = {place for start, end in spans for place in range(start + 1, end)}
    edges = {place for span in spans for place in span if 0 < place < len(word) - lead} - inside
    cuts = [0, *(place + lead for place in sorted(edges)), len(word)]
    return [word[start:end] for start, end in itertools.pairwise(cuts)]
