"""Telephone numbers of Korea, and numbers of other countries that begin with a plus.

By the numbering plan (전기통신번호관리세칙): mobile 010 and the old 011 016 017 018 019; areas 02, 031 to 064; 070,
080, 060, 050x, 030x, 013x; the eight digits of 15xx, 16xx and 18xx; +82 without the zero. Hyphens, dots, spaces and
parentheses may stand between. Without a word for it near by (전화, 연락처, ☎, Tel ...) these do not count: an area's
number written with spaces or without any mark, an old mobile number without any mark, and the eight digits where they
may as well be two years (1592-1598) or two times. Seven or eight digits without an area need the word right before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pii.span import DASH, Span, before, digits, is_code, joined, weighted

KINDS = ("phone",)
_MARK = f"[ ]?[{DASH}.·∙/_][ ]?|[ ]"
_TAIL = r"(?:[ ]?[~∼][ ]?[0-9]{1,4}(?![0-9-]))?"
_CODE = r"(?:1[016789]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|60|50[2-8]?|30[0-9]|13[0-9]?)"
NUMBER = re.compile(
    rf"(?<![0-9+])(?P<country>\(?(?:\+[ ]?82|(?<![0-9])82(?=[ ]?[{DASH}]))\)?[ ]?[{DASH}.]?[ ]?(?:\(0\)|0)?[ ]?)?"
    rf"(?P<open>\()?(?P<zero>(?(country)|0))(?P<code>{_CODE})(?P<close>[ ]?\))?(?P<first>{_MARK}|)"
    rf"(?P<middle>[0-9]{{3,4}})(?P<second>[ ]?\)|{_MARK}|)(?P<last>[0-9]{{4}})(?![0-9]){_TAIL}"
)
NATIONWIDE = re.compile(
    rf"(?<![0-9+])(?P<prefix>1[568][0-9]{{2}})(?P<mark>[ ]?[{DASH}.][ ]?|[ ]|)(?P<last>[0-9]{{4}})(?![0-9])"
)
PREFIXES = frozenset({
    "1522", "1533", "1544", "1551", "1555", "1566", "1577", "1588", "1599", "1600", "1601", "1602", "1604",
    "1611", "1613", "1644", "1660", "1661", "1666", "1668", "1670", "1688", "1800", "1801", "1811", "1833",
    "1855", "1877", "1899",
})  # fmt: skip
LOCAL = re.compile(rf"(?<![0-9+])[2-9][0-9]{{2,3}}(?:{_MARK})[0-9]{{4}}(?![0-9]){_TAIL}")
_GAP = f"(?:[ ]?[{DASH}][ ]?|[ ])"
ABROAD = re.compile(rf"\+(?!82)[1-9][0-9]{{0,2}}{_GAP}\(?[0-9]{{1,5}}\)?(?:{_GAP}[0-9]{{2,5}}){{1,4}}(?![0-9])")
FICTION = re.compile(r"^\+1\D.*555\D01[0-9]{2}$")  # of the North American plan
_WORD = (
    r"전화|전송|연락|핸드폰|휴대폰|휴대|폰\s?번호|팩스|콜센터|고객센터|대표번호|통화|☎|☏|✆|📞|📱"
    r"|(?<![A-Za-z])(?i:tel(?:ephone)?|fax|h\.?p|phone|mobile|cell|call|ars)(?![A-Za-z])"
)
WORDS = re.compile(rf"{_WORD}|문의|문자|상담|예약|신고|주문|접수")
DIRECT = re.compile(rf"(?:{_WORD})(?:\s?번호)?(?:[은는]|[ ]?[:：.)\]/])?[ ]*$")


def find(text: str, start: int, end: int) -> Iterator[Span]:
    start = max(0, start - 3)
    for match in NUMBER.finditer(text, start, end):
        if likely(text, match) and free(text, match):
            yield Span("phone", match.start() + unpaired(text, match), match.end())
    for match in NATIONWIDE.finditer(text, start, end):
        if match["prefix"] in PREFIXES and nationwide(text, match) and free(text, match):
            yield Span("phone", *match.span())
    for match in LOCAL.finditer(text, start, end):
        if DIRECT.search(before(text, match.start(), 16)) and free(text, match):
            yield Span("phone", *match.span())
    for match in ABROAD.finditer(text, start, end):
        if 10 <= len(digits(match[0])) <= 15 and free(text, match):
            yield Span("phone", *match.span())


def likely(text: str, match: re.Match[str]) -> bool:
    """Whether the marks between the digits, or a word near by, make it a telephone number."""
    if match["country"] and "+" in match["country"]:
        return True
    number, code = digits(match[0]), match["code"]
    closed = bool(match["close"]) or ")" in match["second"]
    marked = closed or bool(match["first"].strip())
    if "82" in (match["country"] or ""):
        return marked
    if not match["first"] and not match["second"] and not closed:  # digits alone
        return (code == "10" and len(number) == 11) or enclosed(text, match) or called(text, match)
    if set(number) <= {"0", "1"} and not marked:
        return False
    if len(code) == 2 and code[0] == "1":
        return marked or bool(match["first"]) or called(text, match)
    return (marked and bool(match["second"].strip())) or called(text, match)


def nationwide(text: str, match: re.Match[str]) -> bool:
    prefix, last = int(match["prefix"]), int(match["last"])
    years = prefix <= last <= 2100
    times = last <= 2400 and last % 100 in (0, 30) and prefix % 100 == 0
    return (bool(re.fullmatch(f"[{DASH}]", match["mark"])) and not years and not times) or called(text, match)


def enclosed(text: str, match: re.Match[str]) -> bool:
    """An area's number of digits alone in parentheses, (0442013393), unless it is a right ISBN-10."""
    number = digits(match[0])
    if text[match.end() : match.end() + 1] != ")" or text[match.start("zero") - 1] != "(":
        return False
    isbn = len(number) == 10 and weighted(number, (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    return match["code"][0] in "23456" and not isbn


def called(text: str, match: re.Match[str]) -> bool:
    return bool(WORDS.search(before(text, match.start(), 25)))


def free(text: str, match: re.Match[str]) -> bool:
    """Whether it stands alone: not in a word, a path, a code number, a telephone number reserved for fiction."""
    start, end = match.span()
    left, further = text[start - 1 : start], text[max(0, start - 2) : start - 1]
    if left in ("/", "=") and match[0].isdigit() and further.isascii():
        return False
    if FICTION.search(match[0]):
        return False
    return not joined(text, start, end) and not is_code(text, start)


def unpaired(text: str, match: re.Match[str]) -> int:
    """1 where the match begins with a parenthesis of what is around it: (문의 02-123-4567), (02)123-4567)."""
    if not match[0].startswith("("):
        return 0
    start, end = match.span()
    return int(")" not in match[0] or (text[end : end + 1] == ")" and text[start - 1 : start] != "("))
