"""Personal data in text: found by one rule per file, masked by a placeholder that the particle after it agrees with.

`mask` runs on every document that is kept. A text without a digit or an @ costs one search; one with them a second
search for candidates (seven digits in a row, four numbers with dots, an @), and only these are shown to the rules.
Texts are expected in the normal form of `corpus.text.normalize`. Names and postal addresses are not looked for.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from corpus.pii import account, address_ip, business, card, corporate, driver, email, passport, phone, resident
from corpus.pii.particles import agree
from corpus.pii.span import DASH, PLACEHOLDERS, Span, digits

__all__ = ["PLACEHOLDERS", "Masked", "Span", "find", "mask"]

# where two rules claim the same characters the first has them
ORDER = (
    "email",
    "ip",
    "passport",
    "corporate",
    "resident",
    "foreigner",
    "driver",
    "business",
    "card",
    "phone",
    "account",
)
RANK = {kind: place for place, kind in enumerate(ORDER)}
_NUMBERS = ((13, corporate), (13, resident), (12, driver), (10, business), (14, card), (7, phone), (10, account))
_GATE = re.compile("[0-9@]")
# one character first, so that the search skips to it; no second digit begins a run
_CANDIDATE = re.compile(
    r"[0-9@](?<![0-9][0-9])(?:"
    r"(?P<at>(?<=@))"
    r"|(?P<v6>(?<=[23])[0-9A-Fa-f]{3}:[0-9A-Fa-f:]{3})"
    rf"|(?P<number>(?:[ {DASH}.()/~∼·∙_]{{0,3}}[0-9]){{6,}})"
    r"|(?P<v4>[0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}))"
)
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[ ]?[-./][ ]?(?:1[0-2]|0?[1-9])[ ]?[-./][ ]?(?:[12][0-9]|3[01]|0?[1-9])"
)  # most runs
_HANGUL = re.compile("[가-힣]")


class Masked(NamedTuple):
    """A text and how many placeholders of each kind it got."""

    text: str
    counts: dict[str, int]


def find(text: str) -> list[Span]:
    """What is personal in a text, in order, none overlapping another."""
    found = list(email.find_spelt(text))
    if _GATE.search(text):
        for match in _CANDIDATE.finditer(text):
            start, end = match.span()
            if match.lastgroup == "number":
                _numbers(text, start, end, found)
            elif match.lastgroup == "at":
                found += email.find(text, start, end)
            else:
                found += (
                    address_ip.find(text, start, end) if match.lastgroup == "v4" else address_ip.find_v6(text, start)
                )
        found += passport.find(text)
    return _apart(found) if len(found) > 1 else found


def _numbers(text: str, start: int, end: int, found: list[Span]) -> None:
    run = text[start:end]
    if _DATE.fullmatch(run):
        return
    count = len(digits(run))
    for fewest, rule in _NUMBERS:
        if count >= fewest:
            found += rule.find(text, start, end)
    if run.count(".") >= 3:
        found += address_ip.find(text, start, end)


def _apart(found: list[Span]) -> list[Span]:
    """The spans in order; of those that overlap the one of the better rank stays, then the longer."""
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, RANK[span.kind], -span.end)):
        while kept and span.start < kept[-1].end and _better(span, kept[-1]):
            kept.pop()
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _better(one: Span, other: Span) -> bool:
    return (RANK[one.kind], one.start - one.end) < (RANK[other.kind], other.start - other.end)


def mask(text: str) -> Masked:
    """The text with a placeholder for each span and the particle after it in agreement.

    Looked through again until nothing is found, as a rule may see another word near by once a number before it is gone:
    so masking twice changes nothing.
    """
    spans = find(text)
    if not spans:
        return Masked(text, {})
    language = 0 if _HANGUL.search(text) else 1
    counts: Counter[str] = Counter()
    while spans:
        text = _replaced(text, spans, language)
        counts.update(span.kind for span in spans)
        spans = find(text)
    return Masked(text, dict(sorted(counts.items())))


def _replaced(text: str, spans: list[Span], language: int) -> str:
    pieces: list[str] = []
    place = 0
    for span in spans:
        placeholder = PLACEHOLDERS[span.kind][language]
        taken, particle = (0, "") if language else agree(placeholder, text, span.end)
        pieces += (text[place : span.start], placeholder, particle)
        place = span.end + taken
    return "".join((*pieces, text[place:]))
