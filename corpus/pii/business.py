"""사업자등록번호: three, two and five digits, the last of which checks (국세청).

With hyphens the check digit is enough; bare digits also need 사업자 or 등록번호 near by. A number that does not check
stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pii.span import DASH, Span, before, digits, is_code, joined, weighted

KINDS = ("business",)
NUMBER = re.compile(
    rf"(?<![0-9])[1-9][0-9]{{2}}([ ]?[{DASH}][ ]?|[ ]?)[0-9]{{2}}([ ]?[{DASH}][ ]?|[ ]?)[0-9]{{5}}(?![0-9])"
)
WORDS = re.compile(r"사업자|등록\s?번호|(?i:business\s+(?:registration|number))")
WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


def find(text: str, start: int, end: int) -> Iterator[Span]:
    for match in NUMBER.finditer(text, start, end):
        number = digits(match[0])
        if number[3:5] == "00" or not checks(number) or joined(text, *match.span()) or is_code(text, match.start()):
            continue
        hyphens = bool(match[1].strip() and match[2].strip())
        if hyphens or WORDS.search(before(text, match.start(), 30)):
            yield Span("business", *match.span())


def checks(number: str) -> bool:
    """Whether the last of 10 digits checks the others."""
    total = weighted(number, WEIGHTS) + int(number[8]) * 5 // 10
    return (10 - total % 10) % 10 == int(number[9])
