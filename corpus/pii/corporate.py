"""법인등록번호: six digits, a hyphen, seven, the last of which checks (법인 및 재외국민의 등록번호 규칙).

It looks like a 주민등록번호 (1101.. is both a Seoul registry and 11 January), so it counts only with 법인 or 등기 near
by; a number that does not check stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pii.span import DASH, Span, before, digits, joined, weighted

KINDS = ("corporate",)
NUMBER = re.compile(rf"(?<![0-9])[0-9]{{6}}[ ]?[{DASH}]?[ ]?[0-9]{{7}}(?![0-9])")
WORDS = re.compile(r"법인|등기")


def find(text: str, start: int, end: int) -> Iterator[Span]:
    for match in NUMBER.finditer(text, start, end):
        if (
            checks(digits(match[0]))
            and WORDS.search(before(text, match.start(), 20))
            and not joined(text, *match.span())
        ):
            yield Span("corporate", *match.span())


def checks(number: str) -> bool:
    """Whether the last of 13 digits checks the others."""
    return (10 - weighted(number, (1, 2) * 6) % 10) % 10 == int(number[12])
