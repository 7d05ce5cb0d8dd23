"""C4 (Raffel et al. 2020, 2.2): at least 5 sentences.

Korean form: 1, as one sentence of a statute can be a paragraph; 다, 요, 죠 or 까 before a space, or a sentence-final
ending at the end of a line, ends one too. A line of `running` eojeol or more counts as one: official Korean ends its
sentences in nouns.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least
from corpus.filters.spans import Endings, holds_sentence, runs, sentences
from corpus.filters.text import measured


class SentenceCount(Rule):
    name = "sentence count"

    def __init__(self, low: int = 5, endings: Endings = "stock", running: int = 0) -> None:
        self.low, self.running = low, running
        self.endings: Endings = endings

    def measures(self, doc: Document) -> Iterator[Measure]:
        count = 0
        for line in measured(doc.text).lines:
            if count >= self.low:  # more are not counted
                break
            found = holds_sentence if count + 1 >= self.low else sentences
            count += found(line, self.endings) or runs(line, self.running)
        yield at_least("low", count, self.low)
