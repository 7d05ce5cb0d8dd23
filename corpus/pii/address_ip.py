"""IP addresses that lead to one machine on the Internet.

Left as they are: private, loopback, link-local, documentation, multicast and reserved ranges (IANA registries, as
Python's `ipaddress` has them), and what everybody knows (public resolvers, 1.2.3.4). Four numbers with dots are
also versions and headings: they count with a word for an address near by; without one only if an octet has three digits
and another at least two, and never after a word for a version or a section.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from corpus.pii.span import Span, before

KINDS = ("ip",)
V4 = re.compile(
    r"(?<![0-9A-Za-z.\-_/])(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})(?![0-9A-Za-z_-]|\.[0-9A-Za-z])"
)
V6 = re.compile(r"(?<![0-9A-Za-z:.])[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{3,35}(?![0-9A-Za-z]|[.:][0-9A-Za-z])")
WORDS = re.compile(r"아이피|접속|서버|(?<![A-Za-z])(?:IP|ip)(?![A-Za-z])|IPv[46]|(?i:address|\bhost|\bping\b|\baddr\b)")
VERSIONS = re.compile(
    r"(?:버전|판|릴리스|릴리즈|빌드|업데이트|펌웨어|절|장|제|조|항|표|그림|섹션|§|"
    r"(?i:\bv|ver|version|release|build|firmware|section|chapter|figure|table|rfc|oid))\.?[ ]?(?:[은는이가]|[:=])?[ ]*$"
)
USED = re.compile(r":[0-9]{2,5}(?![0-9])|\]?[ ]?(?:에서?|으?로)?[ ]?(?:접속|로그인|차단)")
PART = re.compile(r"[ ]?(?:버전|릴리스|빌드|[절장조항판](?![가-힣]))")
KNOWN = frozenset({
    "1.2.3.4", "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "4.2.2.2", "208.67.222.222", "208.67.220.220",
    "168.126.63.1", "168.126.63.2", "164.124.101.2", "203.248.252.2", "210.220.163.82", "219.250.36.130",
    "2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001",
})  # fmt: skip


def find(text: str, start: int, end: int) -> Iterator[Span]:
    for match in V4.finditer(text, start, end):
        if not points(match[0]) or VERSIONS.search(before(text, match.start(), 16)) or PART.match(text, match.end()):
            continue
        lengths = sorted(len(octet) for octet in match[0].split("."))
        alike = (lengths[-1] == 3 and lengths[-2] >= 2) or USED.match(text, match.end())
        if alike or WORDS.search(before(text, match.start(), 25)):
            yield Span("ip", *match.span())


def find_v6(text: str, start: int) -> Iterator[Span]:
    match = V6.match(text, start)
    if match:
        address = match[0] if match[0].endswith("::") else match[0].rstrip(":")
        if points(address):
            yield Span("ip", match.start(), match.start() + len(address))


def points(address: str) -> bool:
    """Whether it is a well-formed address of one machine that is not everybody's."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_global and not found.is_multicast and address.lower() not in KNOWN
