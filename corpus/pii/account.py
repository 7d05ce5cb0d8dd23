"""Bank accounts: the digit groups of Korean banks, beside a bank's name or a word for paying in.

Account numbers have no public check digit, so no number counts without such a word. A known bank's grouping needs one
within 40 characters before or 20 after; another grouping, and bare digits, need it directly before. Names of banks that
are everyday words (우리, 국민, 하나, 기업) count only directly beside the number, or with a person's name between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pii.span import DASH, Span, after, before, digits, is_code, joined

KINDS = ("account",)
NUMBER = re.compile(
    r"(?<![0-9])[0-9]{3,6}(?: [0-9]{2,7}){2,3}(?![0-9])"
    rf"|(?<![0-9])[0-9]{{2,14}}(?:[ ]?[{DASH}][ ]?[0-9]{{1,8}}){{0,4}}(?![0-9])"
)
FEWEST, MOST = 10, 16
# lengths of the groups: 국민, 신한, 우리, 하나, 농협, 기업, 우체국, 새마을금고, 신협, 수협, 카카오뱅크, 토스뱅크,
# 케이뱅크, SC제일, 씨티, iM (대구), 부산, 광주, 전북, 경남, 제주, 산업
KNOWN = frozenset({
    (6, 2, 6), (3, 2, 4, 3), (3, 2, 6), (3, 3, 6), (4, 3, 6), (3, 6, 5), (3, 4, 4, 2), (3, 6, 2, 3), (4, 2, 6, 1),
    (4, 4, 4, 1), (5, 2, 6), (4, 2, 7), (4, 4, 4), (3, 5, 5), (3, 6, 3), (3, 2, 6, 1), (3, 2, 7), (2, 2, 6),
    (3, 4, 4, 3), (3, 6, 2, 1), (4, 2, 6), (6, 2, 5), (3, 4, 6), (3, 3, 7), (3, 6, 4), (3, 4, 4, 1), (3, 2, 3, 6),
    (3, 3, 4, 4), (3, 3, 5, 1),
})  # fmt: skip
_BANK = (
    r"(?<![가-힣A-Za-z])(?:국민|신한|우리|하나|기업|산업|수출입|외환|제일|씨티|한국씨티|부산|대구|광주|전북|경남|제주|농협|수협|축협"
    r"|신협|SC제일|SC|KB|KB국민|IBK|NH|NH농협|iM|아이엠|KDB|BNK|한미|조흥|주택)"
)
_ALWAYS = (
    r"은행|뱅크|새마을금고|우체국|신용협동조합|단위농협|계좌|입금|송금|이체|예금주|무통장|통장|후원금"
    r"|(?i:\bbank\b|account)"
)
WORDS = re.compile(_ALWAYS)
# whose account: 국민은행 (홍길동) 123-..., 신한 홍길동 110-...; the surnames of nine in ten Koreans
_SURNAMES = "김이박최정강조윤장임한오서신권황안송류전홍유고문양손배백허남심노하곽성차주우구민진"
_NAME = rf"(?:\([가-힣A-Za-z ]{{1,10}}\)|[{_SURNAMES}][가-힣]{{1,3}}[ ])"
DIRECT = re.compile(rf"(?:{_ALWAYS}|{_BANK})(?:[ ]?(?:번호|계좌))?[ ]?(?:[은는]|[:：=\])(,/|-])?[ ]*{_NAME}?[ :]*$")
FOLLOWS = re.compile(rf"[ )(]*{_BANK.removeprefix('(?<![가-힣A-Za-z])')}(?![가-힣])")


def find(text: str, start: int, end: int) -> Iterator[Span]:
    for match in NUMBER.finditer(text, start, end):
        if not FEWEST <= len(digits(match[0])) <= MOST:
            continue
        groups = tuple(len(group) for group in re.findall("[0-9]+", match[0]))
        left = before(text, match.start(), 40)
        hit = bool(DIRECT.search(left))
        if groups in KNOWN and not hit:
            right = after(text, match.end(), 20)
            hit = bool(WORDS.search(left) or WORDS.search(right) or FOLLOWS.match(right))
        if hit and not joined(text, *match.span()) and not is_code(text, match.start()):
            yield Span("account", *match.span())
