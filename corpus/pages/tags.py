"""What a tag of a page does, told from its words alone: it opens a block, a link, is a picture, bears a furniture name.

A tag is read once and remembered as a number whose bits say all that is asked of it: a site writes the same tags on
every page, and a page's tags are then looked at together, as an array.
"""

from __future__ import annotations

import re

from corpus.pages.furniture import is_content, is_ending, is_furniture
from corpus.pages.license_marks import may_mark

OTHER, OPEN, CLOSE, LINK, UNLINK = range(5)
STEPS = (0, 1, -1, 0, 0)  # how much deeper each leads
KIND = 0b111  # the bits of these
(
    LEFT_OUT,  # furniture by its tag, its role, or hidden
    MASTHEAD,  # the site's own header, perhaps
    NAMED,  # a name and a tag of which furniture is made
    ENDING,  # named as what follows an article
    FURNITURE,  # named as furniture
    SUSPECT,  # any of the above but a bare name
    CONTENT,  # named as content
    MAIN, ARTICLE, SPAN, PARAGRAPH, HEADING, TITLE, LABEL, FRAME, ROW, LIST, LONG_LIST,
    BROKEN,  # no tag at all: the page was not taken apart where its tags begin and end
    MARKED,  # may be a mark of a license
) = (1 << bit for bit in range(3, 23))  # fmt: skip
TAG = 24  # the bits from here on number the tag's name

_LINES = (  # elements that are no blocks: those without content, and those inside a line
    "body br img input hr meta link source wbr area base col embed param track basefont bgsound frame keygen b i em "
    "strong font code small sub sup u s abbr cite q kbd samp var mark time label bdi bdo ins del big tt ruby rt rp dfn "
    "strike acronym nobr picture"
)
_PASSED = frozenset(_LINES.split())
_ADDRESSED = ("a ", "img ")  # hardly one comes twice: these are not remembered
_PICTURES = frozenset(["img", "area", "input"])  # laid out, they would leave the words that stand for them
_REMOVED = frozenset(["nav", "footer", "aside", "dialog", "menu", "figcaption"])
_ROLES = frozenset(["navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "dialog"])
_MASTHEADS = frozenset(["header", "page-header", "masthead"])
_NAMED = frozenset(
    ["div", "ul", "ol", "dl", "table", "section", "p", "form", "header", "center", "span", "td", "li", "h2", "h3", "h4"]
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_FRAMES = ("body", "div", "section", "main", "article", "td", "center", "form", "table", "tbody", "tr")
_BY_TAG = {
    MAIN: ("main",), ARTICLE: ("article",), SPAN: ("span",), PARAGRAPH: ("p",), HEADING: _HEADINGS,
    TITLE: ("h1", "h2"), LABEL: (*_HEADINGS, "p", "div", "span", "dt"), FRAME: _FRAMES, ROW: ("tr", "tbody", "thead"),
    LIST: ("span", "ul", "ol", "table", "p", "div", "section", "td", "dl", "li", "tr", "tbody"),
    LONG_LIST: ("ul", "ol", "dl", "table"),
}  # fmt: skip
_CLASS, _ID = ' class="', ' id="'
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
MANY = 50_000  # tags remembered from page to page


class _Codes(dict[str, int]):
    """The number of each tag, without its brackets."""

    def __missing__(self, tag: str) -> int:
        if tag.startswith(_ADDRESSED):
            code = BROKEN if tag.count('"') % 2 else LINK if tag[1] == " " and ' href="' in tag else OTHER
            return code | MARKED if may_mark(tag) else code
        code = self[tag] = _read(tag) | (MARKED if may_mark(tag) else 0)
        return code


class _Layout(dict[str, str]):
    """How each tag stands in what is laid out: without attributes, and no picture."""

    def __missing__(self, tag: str) -> str:
        if tag.startswith("a "):
            return "<a>"
        name = tag.partition(" ")[0]
        laid = self[tag] = "" if name in _PICTURES or name.startswith("!") else f"<{name}>"
        return laid


class _Names(dict[str, int]):
    def __missing__(self, name: str) -> int:
        number = self[name] = len(self)
        return number


CODES = _Codes()
LAYOUT = _Layout()
_NUMBERS = _Names()
BODY = OPEN | FRAME | _NUMBERS["body"] << TAG


def forget() -> None:
    """Between two pages: begin anew where very many tags are remembered. Within one, numbers must stay."""
    if max(len(CODES), len(LAYOUT), len(_NUMBERS)) > MANY:
        for remembered in (CODES, LAYOUT, _NUMBERS):
            remembered.clear()
        assert _NUMBERS["body"] == BODY >> TAG


def _read(tag: str) -> int:
    space = tag.find(" ")
    name = tag[:space] if space > 0 else tag
    if name.startswith("/"):
        name = name[1:]
        if name in _PASSED:
            return OTHER
        return UNLINK if name == "a" else CLOSE | _NUMBERS[name] << TAG
    if name.startswith("!"):
        return OTHER if tag.startswith("!--") and tag.endswith("--") and len(tag) > 4 else BROKEN
    if not name[:1].isalpha() or (space > 0 and tag.count('"') % 2):
        return BROKEN
    if name in _PASSED or name == "a":
        return OTHER
    return OPEN | _NUMBERS[name] << TAG | _marks(name, tag if space > 0 else "")


def _marks(name: str, tag: str) -> int:
    """What the tag that opens a block says about it, by its name and its attributes."""
    found = sum(mark for mark, names in _BY_TAG.items() if name in names)
    label = named(tag)
    role, prop = _value(tag, ' role="'), _value(tag, ' itemprop="')
    if name in _REMOVED or role in _ROLES or _is_hidden(tag):
        found |= LEFT_OUT | SUSPECT
    if name == "header" or label in _MASTHEADS:
        found |= MASTHEAD | SUSPECT
    if label and name in _NAMED:
        found |= NAMED | (FURNITURE if is_furniture(label) else 0)
    if label and is_ending(label):
        found |= ENDING
    if found & NAMED and found & (ENDING | FURNITURE):
        found |= SUSPECT
    if found & FRAME and (prop == "articleBody" or is_content(label)):
        found |= CONTENT
    return found | (MAIN if role == "main" else 0)


def named(tag: str) -> str:
    """The class and the id that a tag bears."""
    return f"{_value(tag, _CLASS)} {_value(tag, _ID)}".strip()


def _is_hidden(tag: str) -> bool:
    if ' hidden="' in tag or ' aria-hidden="true"' in tag:
        return True
    return _HIDDEN.search(_value(tag, ' style="')) is not None


def _value(tag: str, mark: str) -> str:
    """An attribute's value; a quote inside one is escaped, so that ` name="` is found only where the attribute is."""
    at = tag.find(mark)
    if at < 0:
        return ""
    at += len(mark)
    return tag[at : tag.find('"', at)]
