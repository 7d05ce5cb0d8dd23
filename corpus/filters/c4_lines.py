"""C4 (Raffel et al. 2020, 2.2): drop lines without a terminal mark, of under 3 words, with "javascript" or a policy.

Edits the text; a document none of whose lines stays is dropped. Korean form: only cookie and policy lines and lines
with a "word" of over 1,000 characters go. Headings, tables and code end in no mark, and a Korean line of two eojeol
can be a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least
from corpus.filters.spans import Endings, ends_sentence
from corpus.filters.text import measured

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
        self.terminal, self.words, self.longest = terminal, words, longest
        self.endings: Endings = endings
        self.phrases = (*(("javascript",) if javascript else ()), *(_POLICY if policy else ()))

    def measures(self, doc: Document) -> Iterator[Measure]:
        """Edits the text where a line stays."""
        kept = self._kept(doc.text)
        stays = bool(kept) and not kept.isspace()
        yield at_least("lines", int(stays), 1)
        doc.text = kept

    def _kept(self, text: str) -> str:
        if self._harmless(text):
            return text.strip("\n")
        return "\n".join(line for line in text.split("\n") if self._stays(line)).strip("\n")

    def _harmless(self, text: str) -> bool:
        """Whether no line can go, seen without looking at each."""
        if self.terminal or self.words > 1:
            return False
        counted = measured(text)
        return counted.longest_word <= self.longest and not any(phrase in counted.low for phrase in self.phrases)

    def _stays(self, line: str) -> bool:
        words = line.split()
        if not words:
            return not self.terminal  # a blank line parts paragraphs, unless only sentences stay
        low = line.lower()
        return not (
            max(map(len, words)) > self.longest
            or (self.terminal and not ends_sentence(line.strip(), self.endings))
            or len(words) < self.words
            or any(phrase in low for phrase in self.phrases)
        )
