"""E-mail addresses, also those that hide from robots: kim (at) naver.com, kim[at]naver[dot]com, kim@네이버.

What follows the @ must end in a top-level domain that people have mail under: `user@host`, `logo@2x.png`, `npm@9.1`
stay. So do the names reserved for examples (RFC 2606), `git@github.com:owner/name`, and what stands before the host of
an address such as `ftp://user:password@host.com`. Two-letter domains that are file endings in code (py, sh, rs ...) do
not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pii.span import Span

KINDS = ("email",)
_BRACKETED = re.compile(r"[ ]?[(\[{<][ ]?(?:[aA][tT]|앳|골뱅이)[ ]?[)\]}>][ ]?|[ ]?(?:골뱅이|앳)[ ]?")
_SPELT = ("at)", "at]", "AT)", "AT]", "at}", "at>", "at )", "앳", "골뱅이")  # one of them is in what that finds
LOCAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-"
LONGEST = 64  # characters before the @ (RFC 5321)
DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:(?:\.|[ ]?[(\[{][ ]?(?:[dD][oO][tT]|\.)[ ]?[)\]}][ ]?)[A-Za-z0-9-]+)+")
HOSTS = re.compile(
    r"(?:네이버|한메일|다음|지메일|네이트|핫메일|야후|카카오)(?:[ ]?(?:닷컴|닷넷|점[ ]?컴|쩜[ ]?컴|\.com|\.net))?"
)
_DOT = re.compile(r"\.|[ ]?[(\[{][^)\]}]*[)\]}][ ]?")
GENERIC = frozenset({
    "com", "net", "org", "info", "biz", "edu", "gov", "mil", "int", "name", "pro", "mobi", "asia", "jobs",
    "tel", "travel", "museum", "aero", "coop", "xyz", "online", "site", "shop", "app", "dev", "tech", "store",
    "blog", "cloud", "email", "club", "live", "news", "world", "page", "work", "team", "life", "design",
    "agency", "studio", "company", "school", "academy", "church", "center", "group", "law", "kim", "seoul",
    "cat", "wiki", "space", "website", "zone", "today", "global", "ltd", "inc",
})  # fmt: skip
# country codes that end file names
FILES = frozenset({
    "py", "sh", "rs", "so", "md", "cc", "ps", "st", "pl", "mm", "ml", "mk", "do", "as",
})  # fmt: skip
SSH = ("@openssh.com", "@libssh.org")  # names of algorithms: aes256-gcm@openssh.com
EXAMPLES = ("example", "test", "invalid", "localhost", "local")


def find(text: str, start: int, end: int) -> Iterator[Span]:
    """The address around the @, or what stands for it, at `start` to `end`."""
    window = text[max(0, start - LONGEST - 1) : start]
    local = window[len(window.rstrip(LOCAL)) :].lstrip(".%+-")
    if not local or len(local) > LONGEST or local.endswith("."):
        return
    first = start - len(local)
    found = DOMAIN.match(text, end)
    last = host_end(text, end, found.end()) if found else 0
    if not last and (spelt := HOSTS.match(text, end)):
        last = spelt.end()
    if not last or hidden(text, local, first, last):
        return
    yield Span("email", first, last)


def find_spelt(text: str) -> Iterator[Span]:
    """The addresses of a whole text whose @ is spelt out."""
    if any(form in text for form in _SPELT):
        for match in _BRACKETED.finditer(text):
            yield from find(text, *match.span())


def host_end(text: str, start: int, end: int) -> int:
    """Where the host's name ends: after the last label that is a top-level domain, 0 where there is none."""
    place, labels, last = start, list[str](), 0
    cuts = [*_DOT.finditer(text, start, end)]
    for stop, following in [*((cut.start(), cut.end()) for cut in cuts), (end, end)]:
        label = text[place:stop].strip("-")
        tail = len(text[place:stop]) - len(text[place:stop].rstrip("-"))
        if not label:
            break
        labels.append(label.lower())
        if len(labels) > 1 and is_top(label.lower()):
            last = stop - tail
            known = tuple(labels)
        if tail:
            break
        place = following
    if not last or known[-2] in EXAMPLES or known[-1] in EXAMPLES:
        return 0
    return 0 if len(known) > 2 and known[-2] in ("co", "or") and known[-3] in EXAMPLES else last


def is_top(label: str) -> bool:
    return label in GENERIC or (len(label) == 2 and label.isalpha() and label not in FILES)


def hidden(text: str, local: str, start: int, end: int) -> bool:
    """Whether it is no address of a person: a repository over SSH, or a password before a host."""
    if text[end : end + 1] == ":" and local in ("git", "hg", "svn"):
        return True
    if text[start:end].endswith(SSH) or (local.isdigit() and text[start - 1 : start] == "/"):
        return True  # an algorithm, a message's id
    left = text[max(0, start - 80) : start]
    cut = left.rfind("://")
    return cut >= 0 and not re.search(r"[\s/?<>\"']", left[cut + 3 :])
