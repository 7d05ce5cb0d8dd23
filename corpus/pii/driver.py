"""Driving licenses: office (11 to 28), year, six digits, two digits (도로교통법 시행규칙), with 면허 near by."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pii.span import DASH, Span, before, joined

KINDS = ("driver",)
_MARK = rf"[ ]?[{DASH}]?[ ]?"
NUMBER = re.compile(rf"(?<![0-9])(?:1[1-9]|2[0-8]){_MARK}[0-9]{{2}}{_MARK}[0-9]{{6}}{_MARK}[0-9]{{2}}(?![0-9])")
WORDS = re.compile(r"면허|(?i:driver.{0,3}licen[cs]e|driving\s+licen[cs]e)")


def find(text: str, start: int, end: int) -> Iterator[Span]:
    for match in NUMBER.finditer(text, start, end):
        if WORDS.search(before(text, match.start(), 40)) and not joined(text, *match.span()):
            yield Span("driver", *match.span())
