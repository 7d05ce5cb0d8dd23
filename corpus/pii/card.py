"""Payment cards: the digits check (Luhn, ISO/IEC 7812-1) and begin as a card network's or a Korean issuer's do.

Grouped as on a card (4-4-4-4, 4-6-5, 4-6-4) that is enough; bare digits also need a word for it near by, as every
tenth number of 16 digits passes Luhn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pii.span import DASH, Span, before, digits, is_code, joined

KINDS = ("card",)
_SEP = f"(?:[ ]?[{DASH}][ ]?|[ .])"
NUMBER = re.compile(
    rf"(?<![0-9])(?:[2-69][0-9]{{3}}(?:{_SEP}[0-9]{{4}}){{3}}|3[0-9]{{3}}{_SEP}[0-9]{{6}}{_SEP}[0-9]{{4,5}}"
    r"|[2-69][0-9]{13,15})(?![0-9])"
)
WORDS = re.compile(r"카드|결제|할부|비자|마스터|(?i:card|visa|amex|credit)")


def find(text: str, start: int, end: int) -> Iterator[Span]:
    for match in NUMBER.finditer(text, start, end):
        number = digits(match[0])
        if not (issued(number) and luhn(number)) or joined(text, *match.span()) or is_code(text, match.start()):
            continue
        if len(number) != len(match[0]) or WORDS.search(before(text, match.start(), 30)):
            yield Span("card", *match.span())


def issued(number: str) -> bool:
    """Whether a number of this length can begin so: Visa, Mastercard, JCB, UnionPay, Discover, Amex, Diners, BC."""
    two, three, four = int(number[:2]), int(number[:3]), int(number[:4])
    if len(number) == 16:
        return (
            number[0] in "49"  # 9: cards that are good in Korea alone
            or 51 <= two <= 55
            or 2221 <= four <= 2720
            or 3528 <= four <= 3589
            or two in (62, 65)
            or four == 6011
            or 644 <= three <= 649
        )
    if len(number) == 15:
        return two in (34, 37)
    return len(number) == 14 and (two in (36, 38, 39) or 300 <= three <= 305)


def luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
