"""Gopher (Rae et al. 2021, A.1.1): at least two of the, be, to, of, and, that, have, with.

Korean form: at least two different particles or endings at the ends of eojeol; the English list drops all Korean.
"""

from __future__ import annotations

from collections.abc import Iterator

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_least
from corpus.filters.text import measured

ENGLISH = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
_ENDINGS = (
    "은 는 이 가 을 를 의 에 에서 에게 로 으로 와 과 도 만 부터 까지 하고 이나 처럼 보다 다 고 며 면 서 지만 "
    "는데 하여 해서 하는 되는 있는 없는 한 된 할 될 요 죠 니다 습니다 까"
)
KOREAN = frozenset(_ENDINGS.split())
_LENGTHS = range(1, max(map(len, KOREAN)) + 1)
_TRIMMED = ".,!?:;\"'()[]「」『』“”‘’…"


class StopWords(Rule):
    name = "stop words"

    def __init__(self, low: int = 2, korean: bool = False) -> None:
        self.low, self.korean = low, korean

    def measures(self, doc: Document) -> Iterator[Measure]:
        words = measured(doc.text).words
        met: set[str] = set()
        for word in words:
            if len(met) >= self.low:  # more are not counted
                break
            word = word.strip(_TRIMMED)
            if not self.korean:
                met.update(ENGLISH.intersection((word.lower(),)))
            else:
                met.update(KOREAN.intersection(word[-length:] for length in _LENGTHS if length < len(word)))
        yield at_least("low", len(met), self.low)
