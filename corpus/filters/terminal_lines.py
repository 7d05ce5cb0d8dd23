"""FineWeb (Penedo et al. 2024): at least 12 % of the lines end with terminal punctuation.

Korean form: 6.2 % (FineWeb-2's figure for Korean), and a line may end in a sentence-final ending without a full stop,
or hold a whole sentence before a signature or a smiley. `prose` leaves lines of code out of the count.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_least
from corpus.filters.spans import Endings, ends_sentence, is_prose, lines, sentences


class TerminalLines(Rule):
    name = "terminal lines"

    def __init__(self, low: float = 0.12, prose: bool = False, endings: Endings = "stock") -> None:
        super().__init__()
        self.low, self.prose = low, prose
        self.endings: Endings = endings

    def fault(self, doc: Document) -> Fault | None:
        found = [line for line in lines(doc.text) if not self.prose or is_prose(line)]
        return at_least("low", sum(map(self._ends, found)) / max(1, len(found)), self.low)

    def _ends(self, line: str) -> bool:
        return ends_sentence(line, self.endings) or (self.endings == "korean" and sentences(line, "korean") > 0)
