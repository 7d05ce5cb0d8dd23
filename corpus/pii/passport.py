"""Korean passports: a letter of the kind and eight digits, since December 2021 with a letter in the middle.

M12345678, M123A4567 (ICAO Doc 9303; 외교부). So short a form counts only with 여권 or "passport" near by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pii.span import Span, before

KINDS = ("passport",)
NUMBER = re.compile(r"(?<![A-Za-z0-9_-])[MSRODG](?:[0-9]{8}|[0-9]{3}[A-Z][0-9]{4})(?![A-Za-z0-9_-])")
WORDS = re.compile(r"여권|(?i:passport)")


IN_TEXT = ("여권", "assport", "PASSPORT")  # quicker to look for than the pattern


def find(text: str) -> Iterator[Span]:
    """Looks at the whole text, and only where the word is in it."""
    if not any(word in text for word in IN_TEXT):
        return
    for match in NUMBER.finditer(text):
        if WORDS.search(before(text, match.start(), 40)):
            yield Span("passport", *match.span())
