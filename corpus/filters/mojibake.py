"""Ours: text that was decoded wrongly, here or before it was published.

Three signs, as shares: replacement characters and 占쏙옙 (U+FFFD read as CP949) of all characters, 0.2 %; Latin
letters that are UTF-8 read as Latin-1 ("ì•ˆ", "Ã©") of all characters, 1 %; and Hangul syllables outside the 2,350 of
KS X 1001 of all syllables, 5 %: running Korean has under 0.5 %, UTF-8 read as CP949 is made of them. The stock preset
has no such rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from datatrove.data import Document

from corpus.filters.rule import Measure, Rule, at_most
from corpus.filters.text import LEAD, RARE, SYLLABLE, measured

_LATIN = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u017e\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{1,3}")
FEW = 20  # syllables: one rare name in a short text is no sign


@lru_cache(maxsize=2)
def signs(text: str) -> dict[str, float]:
    """The three shares of a text, by option name."""
    size = max(1, len(text))
    counted = measured(text)
    syllables = counted.count(SYLLABLE)
    return {
        "replacements": (text.count("\ufffd") + text.count("쏙옙")) / size,
        "latin": sum(map(len, _LATIN.findall(text))) / size if counted.count(LEAD) else 0.0,
        "syllables": counted.count(RARE) / syllables if syllables >= FEW else 0.0,
    }


class Mojibake(Rule):
    name = "mojibake"

    def __init__(self, replacements: float = 0.002, latin: float = 0.01, syllables: float = 0.05) -> None:
        self.limits = {"replacements": replacements, "latin": latin, "syllables": syllables}

    def measures(self, doc: Document) -> Iterator[Measure]:
        found = signs(doc.text)
        for option, limit in self.limits.items():
            yield at_most(option, found[option], limit)
