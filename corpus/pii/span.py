"""What a rule finds, what is put in its place, and what all rules look at: digits, and the words around a number."""

from __future__ import annotations

import re
from typing import NamedTuple

DASH = "\\-\u2010-\u2015\u2212ㅡ"  # inside a character class: hyphens, dashes, the minus sign, the jamo typed for one

# kind -> placeholder in a text with Hangul, in one without
PLACEHOLDERS = {
    "resident": ("<주민등록번호>", "<resident number>"),
    "foreigner": ("<외국인등록번호>", "<alien number>"),
    "phone": ("<전화번호>", "<phone number>"),
    "email": ("<이메일>", "<email address>"),
    "card": ("<카드번호>", "<card number>"),
    "account": ("<계좌번호>", "<account number>"),
    "business": ("<사업자등록번호>", "<business number>"),
    "corporate": ("<법인등록번호>", "<corporate number>"),
    "passport": ("<여권번호>", "<passport number>"),
    "driver": ("<운전면허번호>", "<license number>"),
    "ip": ("<IP주소>", "<IP address>"),
}
LONGEST = max(len(name) for names in PLACEHOLDERS.values() for name in names)
_PLACED = re.compile("|".join(name for names in PLACEHOLDERS.values() for name in names))

_DIGITS = re.compile("[^0-9]+")
# a word right before a number that says it is a code; "주민등록번호" and its like are no such words
_CODE = re.compile(
    r"(?:(?:제품|상품|품목|모델|부품|주문|송장|운송장|접수|관리|문서|사건|허가|일련|도서|티켓|예매|청구|특허|출원|민원|발급|승인|거래"
    r"|물품|재고|자재|시리얼|버전|공고|고시|(?<!주민)(?<!국인)(?<!업자)(?<!법인)등록)[ ]?(?:번호|코드|넘버|No\.?)"
    r"|모델명|품번|바코드|시리얼|코드|버전|(?<![A-Za-z])(?:ISBN|ISSN|EAN|UPC|SKU|S/N|P/N|[Cc]ode|[Vv]er(?:sion|\.)|[Oo]rder|[Ss]erial"
    r"|[Mm]odel|[Pp]art|[Ii]nvoice|[Tt]racking)(?:[ -]?(?:1[03]|[Nn]o\.?|[Nn]umber|ID))?)"
    r"(?:[은는이가]|[ ]?[:：=#.])?[ #]*$"
)
_LABEL = re.compile(
    r"(?<![A-Za-z])(?:[Tt][Ee][Ll]|[Ff][Aa][Xx]|[Hh]\.?[Pp]|[Tt]|[Mm]|[Ff]|[Pp]hone|[Mm]obile|[Cc]ell|IP)$"
)


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text hold a datum of that kind."""

    kind: str
    start: int
    end: int


def digits(text: str) -> str:
    return _DIGITS.sub("", text)


def weighted(number: str, weights: tuple[int, ...]) -> int:
    """The sum of the first digits times the weights."""
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def before(text: str, start: int, size: int) -> str:
    """Up to `size` characters before, of this line and the line above it at most."""
    lines = unplaced(text[max(0, start - size - LONGEST) : start])[-size:].rsplit("\n", 2)
    return "\n".join(lines[-2:])


def after(text: str, end: int, size: int) -> str:
    """Up to `size` characters after, of the same line."""
    return unplaced(text[end : end + size + LONGEST])[:size].split("\n", 1)[0]


def unplaced(text: str) -> str:
    """Blanks where placeholders stand: their words are no context."""
    return _PLACED.sub(lambda placed: " " * len(placed[0]), text) if "<" in text else text


def is_code(text: str, start: int) -> bool:
    """Whether the word before says that the number is a product's, an order's, a document's."""
    return bool(_CODE.search(text[max(0, start - 24) : start]))


def joined(text: str, start: int, end: int) -> bool:
    """Whether the characters are a part of something longer: a word, a path, a longer number, a document's number."""
    left = text[start - 1] if start else ""
    if left.isascii() and left.isalnum():
        if left.isdigit() or not _LABEL.search(text[max(0, start - 8) : start]):
            return True
    elif left and start > 1:
        further = text[start - 2]
        if left in "-_=&+@$%" and further.isascii() and further.isalnum():
            return True
        if left in ".,:" and further.isascii() and further.isdigit():
            return True
        if left == "제" and not "가" <= further <= "힣":
            return True
    elif left == "제":
        return True
    right = text[end : end + 2]
    if right[:1].isascii() and right[:1].isdigit():
        return True
    if len(right) == 2 and right[1].isascii() and right[1].isalnum():
        return right[0] in "-_@" or (right[0] in ".,:" and right[1].isdigit())
    return right[:1] == "호" and not "가" <= right[1:] <= "힣"
