"""FineWeb (Penedo et al. 2024): at least 12 % of the lines end with terminal punctuation.

Korean form: 6.2 % (FineWeb-2's figure for Korean), and a line may end in a sentence-final ending without a full stop,
or hold a whole sentence before a signature or a smiley. `prose` leaves lines of code out of the count. A line of
`running` words or more counts too: official Korean ends its sentences in nouns (구축, 마련), and wrapped text breaks
them anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least
from corpus.filters.spans import Endings, holds_sentence, runs
from corpus.filters.text import measured


class TerminalLines(Rule):
    name = "terminal lines"

    def __init__(self, low: float = 0.12, prose: bool = False, endings: Endings = "stock", running: int = 0) -> None:
        super().__init__()
        self.low, self.prose, self.running = low, prose, running
        self.endings: Endings = endings

    def measures(self, doc: Document) -> Iterator[Measure]:
        text = measured(doc.text)
        found, ends = text.lines_of(self.prose), text.ends_of(self.prose, self.endings)
        count = sum(ends)
        korean = self.endings == "korean"
        if korean or self.running:
            rest = (line for line, end in zip(found, ends, strict=True) if not end)
            count += sum(runs(line, self.running) or (korean and holds_sentence(line, "korean")) for line in rest)
        yield at_least("low", count / max(1, len(found)), self.low)
