"""C4 (Raffel et al. 2020, 2.2): at least 5 sentences.

Korean form: 1, as one sentence of a statute can be a paragraph; 다, 요, 죠 or 까 before a space, or a sentence-final
ending at the end of a line, ends one too.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_least
from corpus.filters.spans import Endings, lines, sentences


class SentenceCount(Rule):
    name = "sentence count"

    def __init__(self, low: int = 5, endings: Endings = "stock") -> None:
        super().__init__()
        self.low = low
        self.endings: Endings = endings

    def fault(self, doc: Document) -> Fault | None:
        return at_least("low", sum(sentences(line, self.endings) for line in lines(doc.text)), self.low)
