"""FineWeb (Penedo et al. 2024): at least 12 % of the lines end with terminal punctuation.

Korean form: 6.2 % (FineWeb-2's figure for Korean), and a line may end in a sentence-final ending without a full stop,
or hold a whole sentence before a signature or a smiley. `prose` leaves lines of code out of the count. A line of
`running` words or more counts too: official Korean ends its sentences in nouns (구축, 마련), and wrapped text breaks
them anywhere. Where such lines hold `low_characters` of the lines' characters, their number is not asked: a petition
is one paragraph, and forty lines of a menu around it are short.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import ceil

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least
from corpus.filters.spans import Endings, ends_sentence, holds_sentence, runs
from corpus.filters.text import measured


class TerminalLines(Rule):
    name = "terminal lines"

    def __init__(
        self,
        low: float = 0.12,
        low_characters: float = 1.0,
        prose: bool = False,
        endings: Endings = "stock",
        running: int = 0,
    ) -> None:
        self.low, self.low_characters, self.prose, self.running = low, low_characters, prose, running
        self.endings: Endings = endings

    def harmless(self, doc: Document) -> bool:
        found = measured(doc.text).lines_of(self.prose)
        wanted = ceil(self.low * len(found))
        return sum(1 for _ in islice(filter(self._ends, found), wanted)) == wanted > 0

    def measures(self, doc: Document) -> Iterator[Measure]:
        found = measured(doc.text).lines_of(self.prose)
        ending = list(filter(self._ends, found))
        if not found or sum(map(len, ending)) < self.low_characters * sum(map(len, found)):
            yield at_least("low", len(ending) / max(1, len(found)), self.low)

    def _ends(self, line: str) -> bool:
        if self.endings == "korean":
            return runs(line, self.running) or holds_sentence(line, "korean")
        return runs(line, self.running) or ends_sentence(line, self.endings)
