"""Gopher (Rae et al. 2021, A.1.1): at least two of the, be, to, of, and, that, have, with.

Korean form: at least two different particles or endings at the ends of eojeol; the English list drops all Korean.
"""

from __future__ import annotations

from datatrove.data import Document

from corpus.filters.rule import Fault, Rule, at_least
from corpus.filters.spans import words

ENGLISH = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
_ENDINGS = (
    "은 는 이 가 을 를 의 에 에서 에게 로 으로 와 과 도 만 부터 까지 하고 이나 처럼 보다 다 고 며 면 서 지만 "
    "는데 하여 해서 하는 되는 있는 없는 한 된 할 될 요 죠 니다 습니다 까"
)
KOREAN = tuple(_ENDINGS.split())
_TRIMMED = ".,!?:;\"'()[]「」『』“”‘’…"


class StopWords(Rule):
    name = "stop words"

    def __init__(self, low: int = 2, korean: bool = False) -> None:
        super().__init__()
        self.low, self.korean = low, korean

    def fault(self, doc: Document) -> Fault | None:
        return at_least("low", self._korean(doc.text) if self.korean else self._english(doc.text), self.low)

    def _english(self, text: str) -> int:
        return len(ENGLISH.intersection(word.strip(_TRIMMED) for word in text.lower().split()))

    def _korean(self, text: str) -> int:
        met: set[str] = set()
        for word in words(text):
            word = word.strip(_TRIMMED)
            if len(word) > 1 and "가" <= word[-1] <= "힣":
                met.update(ending for ending in KOREAN if len(ending) < len(word) and word.endswith(ending))
                if len(met) >= self.low:
                    break
        return len(met)
