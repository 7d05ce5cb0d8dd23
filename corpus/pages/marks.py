"""What a page says about itself: title, date of publication, canonical address, license.

Read from the head's meta elements, JSON-LD of schema.org, time elements and, for licenses, from the body as the parser
serialises it without scripts. The date is the day as the page writes it, without a time zone's shift.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import urldefrag, urljoin

HEAD = 65_536  # characters in which the head is looked for where no body begins
LD_MOST = 200_000  # characters of JSON-LD that are parsed
DATELINE = 4_000  # characters of the article's own start searched for a written date
YEARS = range(1990, 2100)

# case is ignored from the second character on, so that a search skips to the first
_BODY = re.compile(r"<(?i:body)\b")
_META = re.compile(r"<(?i:meta|link)\b[^>]*>")
_WANTED = ("og:title", "og:url", "date", "publish", "issued", "creat", "licen", "right")
_LINKS = ("canonical", "licen", "right")
_ATTRIBUTE = re.compile(r"""([a-zA-Z:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_SCRIPT = re.compile(r"<(?i:script)[^<>]*\Z")
LD_BEFORE = 220  # characters between the start of a script and its type
_JSON = json.JSONDecoder(strict=False)
_BASE = re.compile(r"<(?i:base\b[^>]*?href\s*=\s*[\"']?([^\"'\s>]+))")
_WHOLE = re.compile(r"https?://[A-Za-z0-9.-]+/(?:[^\s?#;\\\[\]]*[^\s?#;\\\[\]])?(?:\?[^\s#\\\[\]]+)?")  # joins as it is
_TIME = re.compile(r'<time [^>]*?datetime="([^"]+)"')
_NUMERIC = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?[-./년]\s?(\d{1,2})\s?[-./월]\s?(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])([0-3]\d)(?:\d{4,6})?(?!\d)")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH_FIRST = re.compile(
    rf"\b({'|'.join(_MONTHS)})[a-z]*\.? (\d{{1,2}})(?:st|nd|rd|th)?,? ((?:19|20)\d\d)", re.IGNORECASE
)
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)? ({'|'.join(_MONTHS)})[a-z]*\.?,? ((?:19|20)\d\d)", re.IGNORECASE
)
_SAID = re.compile(
    r"(?:기사입력|입력|승인|날짜|등록(?:일시|일)?|작성(?:일시|일|시간)|게시(?:일시|일)?|발행(?:일시|일)?|"
    r"posted(?: on)?|published(?: on)?|date)\s*[:：|]?\s*(?=(.{6,24}))",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<[^>]*>|&nbsp;")
_DATES = (
    "article:published_time", "og:article:published_time", "datepublished", "dcterms.issued", "dcterms.created",
    "dc.date.issued", "dc.date", "dc.date.created", "parsely-pub-date", "sailthru.date", "pubdate", "publishdate",
    "publish_date", "publish-date", "article.published", "article_date_original", "date", "regdate", "created",
)  # fmt: skip
_TYPES = re.compile(
    r"Article|Posting|Page|CreativeWork|Report|Book|Recipe|Product|Event|Dataset|Course|Review", re.IGNORECASE
)


@dataclass(frozen=True)
class Head:
    """Meta contents by lower-case name, canonical link, base, and schema.org objects of a page."""

    meta: dict[str, str]
    canonical: str
    base: str
    objects: list[dict[str, Any]]
    license_links: list[str]


def read_head(html: str) -> Head:
    """The head's own statements; what is not well-formed is passed over."""
    at = html.find("<body")
    if at < 0:
        found = _BODY.search(html)
        at = found.start() if found is not None else HEAD
    head = html[:at]
    meta: dict[str, str] = {}
    canonical, licenses = "", []
    for tag in _META.findall(head):
        low, is_meta = tag.lower(), tag[1] in "mM"
        if not any(map(low.__contains__, _WANTED if is_meta else _LINKS)):
            continue
        said = attributes(tag)
        if is_meta:
            name = (said.get("property") or said.get("name") or said.get("itemprop") or "").strip().lower()
            if name and "content" in said:
                meta.setdefault(name, said["content"].strip())
            continue
        rel = said.get("rel", "").lower().split()
        if "canonical" in rel and not canonical:
            canonical = said.get("href", "").strip()
        elif "license" in rel or "copyright" in rel:
            licenses.append(said.get("href", "").strip())
    base = _BASE.search(head)
    return Head(meta, canonical, unescape(base[1]) if base else "", list(_objects(html)), licenses)


def attributes(tag: str) -> dict[str, str]:
    """The attributes of one start tag, names in lower case, values unescaped."""
    return {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag)}


def _objects(html: str) -> Iterator[dict[str, Any]]:
    for text in _json_scripts(html):
        try:
            said = _JSON.decode(text.strip().removeprefix("<!--").removesuffix("-->"))
        except (ValueError, RecursionError):
            continue
        for item in said if isinstance(said, list) else [said]:
            graph = item.get("@graph") if isinstance(item, dict) else None
            for one in graph if isinstance(graph, list) else [item]:
                if isinstance(one, dict) and _TYPES.search(str(one.get("@type", ""))):
                    yield one


def _json_scripts(html: str) -> Iterator[str]:
    """What stands in the page's scripts of JSON-LD, but for the very long."""
    at = html.find("ld+json")
    while at >= 0:
        end = at
        if _SCRIPT.search(html, max(0, at - LD_BEFORE), at) is not None:
            start = html.find(">", at) + 1
            closed = _script_end(html, start) if start else -1
            if closed >= 0:
                end = closed
                if end - start <= LD_MOST:
                    yield html[start:end]
        at = html.find("ld+json", end + 1)


def _script_end(html: str, start: int) -> int:
    """Where the script that begins at `start` is closed, or -1."""
    at = html.find("</", start)
    while at >= 0 and html[at + 2 : at + 8].lower() != "script":
        at = html.find("</", at + 2)
    return at


def title(head: Head, element: str) -> str:
    """og:title, else the title element, else schema.org's headline; one line."""
    headline = next((str(one["headline"]) for one in head.objects if one.get("headline")), "")
    return " ".join((head.meta.get("og:title") or element or unescape(headline)).split())


def canonical(head: Head, url: str) -> str:
    """The address that the page gives as its own (link rel=canonical, else og:url), absolute, or ""."""
    said = head.canonical or head.meta.get("og:url", "")
    if not said or _WHOLE.fullmatch(said):
        return said
    try:
        whole = urldefrag(urljoin(urljoin(url, head.base), said)).url
    except ValueError:
        return ""
    return whole if whole.startswith(("http://", "https://")) and " " not in whole else ""


def stated(head: Head) -> str:
    """The day of publication that meta elements or else schema.org state, as YYYY-MM-DD, or ""."""
    for name in _DATES:
        if day := as_day(head.meta.get(name, "")):
            return day
    for one in head.objects:
        if day := as_day(str(one.get("datePublished") or one.get("dateCreated") or "")):
            return day
    return ""


def published(head: Head, body: str, start: int, url: str) -> str:
    """The day of publication as YYYY-MM-DD, or "".

    In order: meta elements, schema.org datePublished, a time element, a date in words after 입력, 작성일, Posted or the
    like near the article (`start` is where it begins in `body`), the address (/2019/11/19/).
    """
    return stated(head) or written(body, start, url)


def written(body: str, start: int, url: str) -> str:
    """The day of publication that the body or the address gives, for a head that states none."""
    for said in _TIME.findall(body):
        if day := as_day(said):
            return day
    near = _MARKUP.sub(" ", body[max(0, start - DATELINE) : start + DATELINE])
    for said in _SAID.findall(near):
        if day := as_day(said):
            return day
    found = re.search(r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?:/|$|\D)", url)
    return _day(*found.groups()) if found else ""


def as_day(said: str) -> str:
    """YYYY-MM-DD of the first date in a text, or ""; numeric dates are read year first, as Korean ones are."""
    if not said:
        return ""
    said = said[:80]
    for form, order in (
        (_NUMERIC, (1, 2, 3)),
        (_COMPACT, (1, 2, 3)),
        (_MONTH_FIRST, (3, 1, 2)),
        (_DAY_FIRST, (3, 2, 1)),
    ):
        if (found := form.search(said)) is not None:
            year, month, day = (found[at] for at in order)
            number = str(_MONTHS.index(month[:3].lower()) + 1) if month[0].isalpha() else month
            return _day(year, number, day)
    return ""


def _day(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat() if int(year) in YEARS else ""
    except ValueError:
        return ""
