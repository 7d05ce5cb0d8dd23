"""Under which license a page says it stands, and where it says so.

A mark counts where it is about the page: rel=license, schema.org's license, dcterms, a badge (a link to the license
around an image), a link in a footer or in a sentence that speaks of itself ("이 저작물은 ...", "this work is licensed
..."), the signs and words of the Korea Open Government License (공공누리). A link in
running text about licenses is none.
Several marks that differ are joined by AND, which the ledger reads as all of them: the strictest of each term.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from corpus.pages.marks import Head, attributes

CONTEXT = 160  # characters around a link in which the sentence speaks of the page
FOOTER_TAIL = 0.25  # last part of the body in which a footer or copyright block is looked for

_CC = re.compile(
    r"creativecommons\.org/(?:(?P<kind>licenses)/(?P<id>by-nd-nc|by(?:-nc)?(?:-(?:sa|nd))?|sa|nc-sa|nc|nd-nc|nd)|"
    r"publicdomain/(?P<free>zero|mark))"
    r"(?:/(?P<version>\d\.\d))?(?:/(?P<port>[a-z]{2})\b)?",
    re.IGNORECASE,
)
_FIRST_DEEDS = {"by-nd-nc": "by-nc-nd", "nd-nc": "nc-nd"}  # of 2002, when the terms stood in another order
_OTHERS = (
    (re.compile(r"gnu\.org/(?:copyleft/|licenses/)(?:old-licenses/)?fdl(?:-(\d\.\d))?", re.IGNORECASE), "gfdl"),
    (re.compile(r"gnu\.org/(?:copyleft/|licenses/)gpl(?:-(\d\.\d))?", re.IGNORECASE), "gpl"),
    (re.compile(r"apache\.org/licenses/LICENSE-(\d\.\d)", re.IGNORECASE), "apache"),
    (re.compile(r"opensource\.org/licen[sc]es?/mit\b()", re.IGNORECASE), "mit"),
    (re.compile(r"mozilla\.org/.{0,12}MPL/(\d\.\d)", re.IGNORECASE), "mpl"),
    (re.compile(r"opendatacommons\.org/licenses/odbl(?:/(\d\.\d))?", re.IGNORECASE), "odbl"),
)
_KOGL_LINK = re.compile(r"kogl\.or\.kr/[^\"'\s]{0,60}?licenseType([1-4])", re.IGNORECASE)
_KOGL_IMAGE = re.compile(
    r"<img\b[^>]*?(?:src=\"[^\"]*?(?:open_?type|kogl_?(?:type)?|codetype|opencode|nuri_?(?:type)?)_?0?([1-4])(?:[_.-][^\"]*)?"
    r"\.(?:png|gif|jpe?g|svg)|alt=\"[^\"]*?공공\s?누리[^\"]{0,30}?제?\s?([1-4])\s?유형)",
    re.IGNORECASE,
)
_KOGL_WORDS = re.compile(
    r"(?:이|본|해당|위)\s?(?:공공저작물|저작물|자료|게시물|누리집|홈페이지)?[^.<]{0,80}공공\s?누리[^.<]{0,40}?제?\s?([1-4])\s?유형"
    r"|공공\s?누리[^.<]{0,30}?제?\s?([1-4])\s?유형[^.<]{0,60}(?:조건에 따라|이용(?:할 수|하실 수|허락)|적용|표시)"
)
_LINK_HINTS = ("creativecommons.org/", 'license"', '"license ')
_SELF = re.compile(
    r"(?:이|본)\s?(?:저작물|글|게시물|게시글|문서|사이트|블로그|위키|페이지|자료|콘텐츠)|별도 표기가 없는|"
    r"(?:this|our) (?:work|site|website|page|article|content|wiki|blog|post|documentation)|all (?:content|text)|"
    r"except (?:where|as) otherwise|(?:text|content) (?:is|of this) |unless otherwise",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"사진|이미지|그림|photo|image|picture|video|music|음악|동영상", re.IGNORECASE)
_FOOTER = re.compile(
    r"<footer\b|(?:class|id)=\"[^\"]*(?:footer|copyright|licen[sc]e|\bccl\b|rights)[^\"]*\"", re.IGNORECASE
)
_MARKUP = re.compile(r"<[^>]*>")


def license_of(head: Head, body: str) -> tuple[str, str]:
    """(license, where) from a page's head and its body's markup without scripts; ("", "") where no mark is about it.

    `where` names the kinds of marks, joined by "+": rel, schema.org, meta, badge, footer, statement, kogl-link,
    kogl-image, kogl-words.
    """
    found: dict[str, list[str]] = {}
    for license, where in _marks(head, body):
        places = found.setdefault(license, [])
        if where not in places:
            places.append(where)
    whole = sorted(one for one in found if not any(_versioned(one, other) for other in found))
    return " AND ".join(whole), "+".join(dict.fromkeys(where for one in whole for where in found[one]))


def may_mark(tag: str) -> bool:
    """Whether a tag has in it what every mark of a license in a page's body has in its tags."""
    return "license" in tag or "creativecommons.org/" in tag or may_say(tag)  # asked of every link of a crawl


def may_say(words: str) -> bool:
    """Whether a page's words may be a mark of a license: only the Korean ones stand outside of tags."""
    return "kogl" in words or "opentype" in words or "누리" in words


def _versioned(bare: str, other: str) -> bool:
    """Whether the other id is the bare one with a version."""
    return other.startswith(f"{bare}-") and other[len(bare) + 1].isdigit()


def _marks(head: Head, body: str) -> Iterator[tuple[str, str]]:
    for link in head.license_links:
        if license := license_id(link):
            yield license, "rel"
    for one in head.objects:
        said = one.get("license")
        for value in said if isinstance(said, list) else [said]:
            text = str(value.get("@id") or value.get("url") or "") if isinstance(value, dict) else str(value or "")
            if license := license_id(text):
                yield license, "schema.org"
    for name in ("dcterms.license", "dc.rights", "dcterms.rights", "license", "copyright", "rights", "cc:license"):
        if license := license_id(head.meta.get(name, "")):
            yield license, "meta"
    if "license" in body or "creativecommons.org/" in body:
        yield from _linked(body)
    if may_say(body):
        yield from _kogl(body)


def _linked(body: str) -> Iterator[tuple[str, str]]:
    done = -1
    for hint in sorted(at for mark in _LINK_HINTS for at in _places(body, mark)):
        start = body.rfind("<a ", 0, hint)
        if start <= done or body.find(">", start, hint) >= 0:
            continue  # not in the tag of a link, or in one that was read
        done = start
        closed = body.find(">", hint)
        end = body.find("</a>", closed)
        said = attributes(body[start : closed + 1])
        license = license_id(said.get("href", ""))
        if not license:
            continue
        if "license" in said.get("rel", "").lower().split() or said.get("itemprop") == "license":
            yield license, "rel"
        elif "<img" in body[closed:end]:
            yield license, "badge"
        else:
            yield from ((license, where) for where in _place(body, start, end))


def _places(body: str, mark: str) -> Iterator[int]:
    at = body.find(mark)
    while at >= 0:
        yield at
        at = body.find(mark, at + 1)


def _place(body: str, start: int, end: int) -> Iterator[str]:
    """Why a plain link to a license is about the page: its sentence says so, or it stands in the page's footer."""
    before = _MARKUP.sub(" ", body[max(0, start - 2 * CONTEXT) : start])[-CONTEXT:]
    after = _MARKUP.sub(" ", body[end : end + CONTEXT])
    if _PICTURE.search(before[-60:]):
        return
    if _SELF.search(before) or _SELF.search(after[: CONTEXT // 2]):
        yield "statement"
    elif start >= (1 - FOOTER_TAIL) * len(body):
        marks = list(_FOOTER.finditer(body, max(0, start - 1500), start))
        if marks and "</footer" not in body[marks[-1].start() : start]:
            yield "footer"


def _kogl(body: str) -> Iterator[tuple[str, str]]:
    for form, where in ((_KOGL_LINK, "kogl-link"), (_KOGL_IMAGE, "kogl-image"), (_KOGL_WORDS, "kogl-words")):
        types = {next(part for part in found.groups() if part) for found in form.finditer(body)}
        if len(types) == 1:  # a page with all four signs explains them
            yield f"kogl-{types.pop()}", where


def license_id(said: str) -> str:
    """The id for a license's address or its name in a meta element (`cc-by-nc-4.0`, `kogl-1`), or ""."""
    if not said:
        return ""
    if (found := _CC.search(said)) is not None:
        if found["free"]:
            return "cc0-1.0" if found["free"].lower() == "zero" else "public-domain"
        kind = _FIRST_DEEDS.get(found["id"].lower(), found["id"])
        parts = ["cc", kind, found["version"] or "", found["port"] if found["version"] and found["port"] else ""]
        return "-".join(part.lower() for part in parts if part)
    for form, name in _OTHERS:
        if (found := form.search(said)) is not None:
            return f"{name}-{found[1]}" if found[1] else name
    if (found := _KOGL_LINK.search(said) or re.search(r"공공\s?누리[^.]{0,20}?([1-4])\s?유형", said)) is not None:
        return f"kogl-{found[1]}"
    named = re.search(r"\bcc[ -](by(?:[ -]nc)?(?:[ -](?:sa|nd))?)(?:[ -](\d\.\d))?\b", said, re.IGNORECASE)
    if named is not None:
        return "-".join(part for part in ("cc", named[1].lower().replace(" ", "-"), named[2] or "") if part)
    return "cc0-1.0" if re.search(r"\bcc0\b", said, re.IGNORECASE) is not None else ""
