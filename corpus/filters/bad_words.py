"""C4 (Raffel et al. 2020, 2.2) drops every page with a word of a list of bad words; here they are counted only.

`meta.notes.bad_words` gets their count and their share of the words; no document is dropped unless `share` is set below
1. The list is the user's. Dropping takes sex education, law reports and the speech of minorities first (Dodge et al.
2021). Korean form: an eojeol counts that begins with a word of the list, for particles and endings follow it. Such
lists name homographs ("보지" is also "not see"): the count is a hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datatrove.data import Document

from corpus.filters.rule import NOTES, Measure, Rule, at_most
from corpus.filters.text import measured

_TRIMMED = ".,!?:;\"'()[]{}<>*~^-…“”‘’「」『』"


class BadWords(Rule):
    name = "bad words"

    def __init__(self, words: Iterable[str] = (), share: float = 1.0) -> None:
        self.share = share
        self.latin: set[str] = set()
        self.hangul: set[str] = set()
        self.phrases: list[str] = []
        for word in (word.strip().lower() for word in words):
            if " " in word:
                self.phrases.append(word)
            elif word:
                (self.hangul if "가" <= word[0] <= "힣" else self.latin).add(word)
        self.lengths = sorted({len(word) for word in self.hangul})

    def measures(self, doc: Document) -> Iterator[Measure]:
        text = measured(doc.text)
        count = self._count(text.low) if self.latin or self.hangul or self.phrases else 0
        share = count / max(1, text.word_count)
        if count:
            doc.metadata.setdefault(NOTES, {})["bad_words"] = {"count": count, "share": round(share, 6)}
        yield at_most("share", min(1.0, share), self.share)

    def _count(self, low: str) -> int:
        found = sum(low.count(phrase) for phrase in self.phrases)
        for word in low.split():
            word = word.strip(_TRIMMED)
            found += word in self.latin or any(word[:length] in self.hangul for length in self.lengths)
        return found
