"""What a page's owner says about machines that read it: robots directives, `noai`, the reservation of text mining.

Read from the HTTP headers and the head of the HTML, by bytes of text alone, so that it can be asked of every
page of a crawl. Directives addressed to another robot by name are not ours. Sources: RFC 9309's companions
X-Robots-Tag and `<meta name="robots">` (Google's description), `noai` and `noimageai` (DeviantArt), and the TDM
Reservation Protocol of the W3C community group: header, `<meta>` and `/.well-known/tdmrep.json`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from itertools import chain
from urllib.parse import urlsplit

AGENTS = ("malmoi", "ccbot", "*")  # the names we answer to: Common Crawl's robot read its pages for us
HEAD_LIMIT = 8192  # characters of HTML that are looked at, and the rest of a longer head
HEAD_MOST = 256 << 10  # characters of the longest one
TDM_FILE = "/.well-known/tdmrep.json"
TDM_LIMIT = 256 << 10  # bytes of that file
KNOWN = (
    "noai", "noimageai", "noindex", "nofollow", "none", "noarchive", "nosnippet", "noimageindex", "notranslate",
)  # fmt: skip
REFUSING = ("noai", "noindex", "none", "tdm-reservation")
VALUED = ("max-snippet", "max-image-preview", "max-video-preview", "googlebot-news")
UNTIL = re.compile(r"\bunavailable_after\s*:\s*(?:[a-z]{3,9},\s*)?[^,\n]*")  # its date may hold a comma and colons
HEAD_END = re.compile(r"<(?:/(?i:head)|(?i:body))\b")
META = re.compile(  # "<" first and in no case, so that the search skips to it
    r"<(?i:meta\s(?=[^>]*?\bname\s*=\s*[\"']?\s*(robots|malmoi|ccbot|tdm-reservation|tdm-policy)[\"'\s/>])([^>]*)>)"
)
NAMES = (b"robots", b"malmoi", b"ccbot", b"tdm-")  # one of them is in each of these
TAG = re.compile("<(?i:meta)[^>]*")
CONTENT = re.compile(r"\bcontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.I)
COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.S)


def signals(headers: Mapping[str, str], page: str) -> dict[str, str]:
    """Directive -> where it stands: `header`, `meta` or both (`header, meta`); {} where nothing is said.

    `headers` have lower-case names, repeats of x-robots-tag joined by line ends. `tdm-policy` gives the policy's URL
    instead of a place.
    """
    found: dict[str, str] = {}
    said = headers.get("x-robots-tag")
    if said:
        _add(found, chain.from_iterable(map(_directives, said.split("\n"))), "header")
    if headers.get("tdm-reservation", "").strip() == "1":
        _add(found, ["tdm-reservation"], "header")
    if "tdm-policy" in headers:
        found["tdm-policy"] = headers["tdm-policy"].strip()
    ends = HEAD_END.search(page, 0, HEAD_MOST)
    head = page[: max(HEAD_LIMIT, ends.start() if ends is not None else HEAD_MOST)]
    low = "".join(TAG.findall(head)).encode("utf-8", "replace").lower()  # bytes: a third of what characters take
    if any(map(low.__contains__, NAMES)) and META.search(head):
        for name, attributes in META.findall(COMMENT.sub("", head) if "<!--" in head else head):
            _read_meta(name.lower(), attributes, found)
    return found


def _read_meta(name: str, attributes: str, found: dict[str, str]) -> None:
    content = CONTENT.search(attributes)
    value = html.unescape(next((part for part in content.groups() if part is not None), "")) if content else ""
    if name == "tdm-policy":
        found["tdm-policy"] = value.strip()
    elif name == "tdm-reservation":
        if value.strip() == "1":
            _add(found, ["tdm-reservation"], "meta")
    else:
        _add(found, _directives(value), "meta")


def _directives(text: str) -> list[str]:
    """The known directives of a list that are addressed to every robot or to us."""
    ours, found = True, []
    for part in UNTIL.sub("", text.lower()).split(","):
        name, colon, rest = part.partition(":")
        word = name.strip()
        if colon and word not in VALUED:  # `otherbot: noindex, nofollow`: what follows is for that robot
            ours = word in AGENTS
            word = rest.strip()
        if ours:
            found += [one for one in word.split() if one in KNOWN]
    return found


def _add(found: dict[str, str], names: Iterable[str], place: str) -> None:
    for name in names:
        before = found.get(name)
        found[name] = place if before in (None, place) else f"{before}, {place}"


def refuses(signals: Mapping[str, str]) -> bool:
    """Whether text may not be taken: noai, noindex, none, or a reservation of text and data mining.

    `noimageai` speaks of pictures and `nofollow` of links: both are recorded, and neither refuses the page's text.
    """
    return any(name in signals for name in REFUSING)


def nofollow(signals: Mapping[str, str]) -> bool:
    """Whether the links of the page may not be followed."""
    return "nofollow" in signals or "none" in signals


def reservations(data: bytes) -> list[tuple[re.Pattern[str], bool]]:
    """The rules of a `tdmrep.json`, in order: a pattern of URL paths, and whether mining is reserved there.

    What is not such a file gives no rule: a site's error page is no statement.
    """
    try:
        entries = json.loads(data[:TDM_LIMIT].decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    rules = []
    for entry in entries if isinstance(entries, list) else [entries]:
        if isinstance(entry, dict) and isinstance(entry.get("location"), str):
            rules.append((_pattern(entry["location"]), str(entry.get("tdm-reservation")).strip() == "1"))
    return rules


def _pattern(location: str) -> re.Pattern[str]:
    """A path pattern as in robots.txt: a prefix, `*` for anything, `$` for the end."""
    end = location.endswith("$")
    parts = [re.escape(part) for part in re.split(r"\*+", location.removesuffix("$"))[:20]]
    return re.compile(".*?".join(parts) + ("$" if end else ""), re.S)


def reserved(url: str, rules: Iterable[tuple[re.Pattern[str], bool]]) -> bool:
    """Whether the first rule that fits the URL's path reserves it."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return next((value for pattern, value in rules if pattern.match(path)), False)
