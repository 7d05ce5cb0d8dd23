"""C4 (Raffel et al. 2020, 2.2): drop lines without a terminal mark, of under 3 words, with "javascript" or a policy.

Edits the text; a document none of whose lines stays is dropped. Korean form: only cookie and policy lines and lines
with a "word" of over 1,000 characters go. Headings, tables and code end in no mark, and a Korean line of two eojeol
can be a sentence.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_least
from corpus.filters.spans import Endings, ends_sentence

_POLICY = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
)  # fmt: skip


class C4Lines(Rule):
    name = "C4 lines"

    def __init__(
        self,
        terminal: bool = True,
        endings: Endings = "stock",
        words: int = 3,
        longest: int = 1000,
        javascript: bool = True,
        policy: bool = True,
    ) -> None:
        super().__init__()
        self.terminal, self.words, self.longest = terminal, words, longest
        self.endings: Endings = endings
        self.javascript, self.policy = javascript, policy

    def fault(self, doc: Document) -> Fault | None:
        kept = [line for line in doc.text.split("\n") if self._stays(line)]
        if not any(line.strip() for line in kept):
            return at_least("lines", 0, 1)
        doc.text = "\n".join(kept).strip("\n")
        return None

    def _stays(self, line: str) -> bool:
        words = line.split()
        if not words:
            return not self.terminal  # a blank line parts paragraphs, unless only sentences stay
        low = line.lower()
        return not (
            max(map(len, words)) > self.longest
            or (self.terminal and not ends_sentence(line.strip(), self.endings))
            or len(words) < self.words
            or (self.javascript and "javascript" in low)
            or (self.policy and any(phrase in low for phrase in _POLICY))
        )
