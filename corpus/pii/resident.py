"""주민등록번호 and 외국인등록번호: six digits of a birth date, one of century and sex, six more.

The last digit checks the others only in numbers given before 5 October 2020 (주민등록법 시행규칙, 2020): since then
the six digits are random. So a number counts

- with its check digit right, or
- with a word for it near by (주민, 외국인등록, 민번 ...), whatever its check digit, or
- written with a hyphen, where the birth falls after that day.

People born earlier got numbers without a check digit in rare cases only (corrections, first registration, new
residents from abroad); without a word near by these stay, as six digits, a hyphen and seven are also the form of order
numbers. Thirteen bare digits need a word near by; or a right check digit, and then they must not be a foreigner's, a
barcode or the milliseconds of a time (which begin with 1 until 2033).
Century digits 1 2 (1900s), 3 4 (2000s), 9 0 (1800s); of foreigners 5 6 (1900s), 7 8 (2000s).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from corpus.pii.span import DASH, Span, before, digits, is_code, joined, weighted

KINDS = ("resident", "foreigner")
CENTURY = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900, "3": 2000, "4": 2000, "7": 2000, "8": 2000}
RANDOM_SINCE = date(2020, 10, 5)
LATEST = 2035  # no clock: a birth after this year is no birth
NUMBER = re.compile(
    rf"(?<![0-9])[0-9]{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])([ ]?[{DASH}][ ]?|[ ])?[0-9]{{7}}(?![0-9])"
)
WORDS = re.compile(r"주민|외국인\s?등록|(?<!차)등록\s?번호|민번|신분증|민증|생년월일|거소\s?신고|(?i:resident|\bRRN\b)")
NOT_A_PERSON = re.compile(r"법인|사업자")
WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def find(text: str, start: int, end: int) -> Iterator[Span]:
    for match in NUMBER.finditer(text, start, end):
        number = digits(match[0])
        birth = birthday(number)
        if birth is None or joined(text, *match.span()) or is_code(text, match.start()):
            continue
        near = before(text, match.start(), 30)
        called = bool(WORDS.search(near)) and not NOT_A_PERSON.search(near[-12:])
        checked = checks(number)
        if match[1]:
            hit = called or checked or (birth >= RANDOM_SINCE and not match[1].isspace())
        else:
            hit = called or (checked and number[6] not in "5678" and number[0] != "1" and not is_barcode(number))
        if hit:
            yield Span("foreigner" if number[6] in "5678" else "resident", *match.span())


def birthday(number: str) -> date | None:
    """The day of birth in 13 digits, or None where there is no such day."""
    year = CENTURY[number[6]] + int(number[:2])
    try:
        return date(year, int(number[2:4]), int(number[4:6])) if year <= LATEST else None
    except ValueError:
        return None


def checks(number: str) -> bool:
    """Whether the last digit checks. Of foreigners it is said to be two more; plain ones are met, so both count."""
    plain = (11 - weighted(number, WEIGHTS) % 11) % 10
    return int(number[12]) == plain or (number[6] in "5678" and int(number[12]) == (plain + 2) % 10)


def is_barcode(number: str) -> bool:
    """Whether 13 digits are a right EAN-13."""
    return weighted(number, (1, 3) * 6 + (1,)) % 10 == 0
