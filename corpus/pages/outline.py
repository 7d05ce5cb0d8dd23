"""A page as a tree of blocks, each with the letters, linked letters and prose in it, from one walk over its markup.

The walk goes over the parser's own serialisation, where every tag is closed and every attribute quoted. Asking the
parser's objects instead costs about 3 microseconds an element and, for the text of nested blocks, their depth each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

PROSE = 30  # characters outside links that stand in one block, from which they are prose and not a label

# Elements that are gone before anything is measured: they hold no text that a reader sees.
UNSEEN = (
    "script, style, noscript, template, svg, iframe, object, math > annotation, button, select, textarea, video, audio"
)
_TOKENS = re.compile(r'(<!--.*?-->|<[^>"]*(?:"[^"]*"[^>"]*)*>)', re.DOTALL)
CLASS, ID = ' class="', ' id="'
_LINES = (  # elements that are no blocks: those without content, and those inside a line
    "body br img input hr meta link source wbr area base col embed param track b i em strong font code small sub sup u "
    "s abbr cite q kbd samp var mark time label bdi bdo ins del big tt ruby rt rp dfn strike acronym nobr picture"
)
_PASSED = frozenset(_LINES.split())
_PICTURES = frozenset(["img", "area", "input"])  # laid out, they would leave the words that stand for them
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


Said = tuple[str, str, str, bool]  # class and id, role, itemprop, hidden
Sums = tuple[int, int, int]  # characters, linked characters and links of a page up to some place
NOTHING: Said = ("", "", "", False)


class Block:
    """One element that is a block, or an inline one that has a name. Lengths are characters, without outer space.

    `start`, `end`: its range in the page's parts. `at`, `last`: its range in the page's list of blocks.
    `text`, `linked`, `links`, `prose`: of all that is in it. `own`, `own_linked`: of what stands in no block inside it.
    """

    __slots__ = (
        "at", "end", "gone", "hidden", "inner", "itemprop", "last", "linked", "links", "name", "own", "own_linked",
        "parent", "prose", "role", "start", "tag", "text",
    )  # fmt: skip

    def __init__(self, tag: str, start: int, at: int, parent: Block | None, said: Said, sums: Sums) -> None:
        self.tag = tag
        self.start = self.end = start
        self.at = self.last = at
        self.parent = parent
        self.name, self.role, self.itemprop, self.hidden = said
        self.gone = False
        self.text, self.linked, self.links = sums
        self.prose = self.inner = self.own = self.own_linked = 0

    def __repr__(self) -> str:
        return f"<{self.tag} {self.name!r} text={self.text} linked={self.linked} prose={self.prose}>"


class Outline:
    """The parts of a page (text and tags in turn, text first) and its blocks in document order, the body first."""

    def __init__(self, html: str) -> None:
        self.parts: list[str] = _TOKENS.split(html)
        self.blocks: list[Block] = []
        self._walk()

    def _walk(self) -> None:
        """Sums of a block are those of the page where it ends less those where it begins: texts are not looked at."""
        blocks, parts = self.blocks, self.parts
        read = _READ
        if len(read) > MANY_TAGS:
            read.clear()
        tags = [read.get(token) or _remember(token) for token in parts[1::2]]
        before = [0, *accumulate(map(len, map(str.strip, parts[2::2])))]  # characters before each tag, and in all
        block = Block("body", 0, 0, None, NOTHING, (0, 0, 0))
        blocks.append(block)
        links = linked = 0  # so far
        since = -1  # where the open link began, in characters
        for at, (kind, tag, said) in enumerate(tags):
            if kind == OPEN:
                size = before[at]
                sums = (-size, -(linked + size - since if since >= 0 else linked), -links)
                block = Block(tag, 2 * at + 1, len(blocks), block, said, sums)
                blocks.append(block)
            elif kind == CLOSE:
                size = before[at]
                sums = (size, linked + size - since if since >= 0 else linked, links)
                if tag == block.tag and block.parent is not None:
                    block = _close(block, block.parent, 2 * at + 2, len(blocks), sums)
                else:
                    block = self._close_to(tag, block, 2 * at + 1, sums)
            elif kind == LINK:
                if since < 0:
                    since = before[at]
                links += 1
            elif kind == UNLINK:
                if since >= 0:
                    linked += before[at] - since
                    since = -1
            elif kind == PICTURE:
                parts[2 * at + 1] = ""
        sums = (before[-1], linked + before[-1] - since if since >= 0 else linked, links)
        while block.parent is not None:
            block = _close(block, block.parent, len(parts), len(blocks), sums)
        _close(block, None, len(parts), len(blocks), sums)

    def _close_to(self, tag: str, block: Block, index: int, sums: Sums) -> Block:
        """The serialisation leaves nothing open; markup inside raw text might, or might close what was not open."""
        up: Block | None = block
        while up is not None and up.tag != tag:
            up = up.parent
        if up is None or up.parent is None:
            return block
        while block is not up and block.parent is not None:
            block = _close(block, block.parent, index, len(self.blocks), sums)
        return _close(up, up.parent, index + 1, len(self.blocks), sums)

    def children(self, block: Block, after: int | None = None) -> Iterator[Block]:
        """The blocks that stand in a block directly, in order: all, or those after the number of a block in it."""
        at = (block.at if after is None else after) + 1
        while at <= block.last:
            child = self.blocks[at]
            yield child
            at = child.last + 1


OPEN, CLOSE, LINK, UNLINK, PICTURE, OTHER = range(6)
MANY_TAGS = 50_000  # tags remembered: a site writes the same ones on every page
_READ: dict[str, tuple[int, str, Said]] = {}


def _remember(token: str) -> tuple[int, str, Said]:
    found = _READ[token] = _read(token)
    return found


def _read(token: str) -> tuple[int, str, Said]:
    """What a tag does and its name; for one that opens a block, the attributes that say what it is."""
    space = token.find(" ")
    tag = token[1:space] if space > 0 else token[1:-1]
    if tag.startswith("/"):
        tag = tag[1:]
        if tag in _PASSED:
            return OTHER, tag, NOTHING
        return (UNLINK if tag == "a" else CLOSE), tag, NOTHING
    if tag in _PICTURES:
        return PICTURE, tag, NOTHING
    if tag in _PASSED or tag.startswith("!"):
        return OTHER, tag, NOTHING
    if tag == "a":
        return (LINK if ' href="' in token else OTHER), tag, NOTHING
    if space < 0:
        return OPEN, tag, NOTHING
    # a quote inside a value is escaped, so that ` name="` is found only where the attribute is
    name = f"{_value(token, CLASS)} {_value(token, ID)}".strip()
    role = _value(token, ' role="') if ' role="' in token else ""
    itemprop = _value(token, ' itemprop="') if ' itemprop="' in token else ""
    hidden = ' hidden="' in token or ' aria-hidden="true"' in token
    if not hidden and ' style="' in token:
        hidden = _HIDDEN.search(_value(token, ' style="')) is not None
    return OPEN, tag, (name, role, itemprop, hidden)


def _value(token: str, mark: str) -> str:
    at = token.find(mark)
    if at < 0:
        return ""
    at += len(mark)
    return token[at : token.find('"', at)]


def _close(block: Block, parent: Block | None, end: int, count: int, sums: Sums) -> Block:
    """Give a block its sums, and the one around it its share of them, which comes back."""
    text, linked, links = sums
    block.end = end
    block.last = count - 1
    block.text = text = block.text + text
    block.linked = linked = block.linked + linked
    block.links += links
    block.own = own = block.own + text  # so far it held, below zero, what stands in blocks inside
    block.own_linked = own_linked = block.own_linked + linked
    prose = block.inner
    if own >= PROSE:
        prose += own_prose(block)
    block.prose = prose
    if parent is None:
        return block
    if block.tag == "span":  # its words belong to the sentence around it
        parent.own -= text - own
        parent.own_linked -= linked - own_linked
        parent.inner += block.inner
    else:
        parent.own -= text
        parent.own_linked -= linked
        parent.inner += prose
    return parent


def own_prose(block: Block) -> int:
    """Characters of prose that stand in the block itself: all of them, where most and enough are outside links."""
    own = block.own
    if own < PROSE:
        return 0
    bare = own - block.own_linked
    return own if bare >= PROSE and bare >= block.own_linked else 0


def cut(block: Block) -> None:
    """Mark a block as gone and take what is in it from the sums of the blocks around it."""
    block.gone = True
    up = block.parent
    own, own_linked = (block.own, block.own_linked) if block.tag == "span" else (0, 0)
    less = block.inner if block.tag == "span" else block.prose
    while up is not None:
        up.text -= block.text
        up.linked -= block.linked
        up.links -= block.links
        up.own -= own
        up.own_linked -= own_linked
        up.inner -= less
        was, up.prose = up.prose, up.inner + own_prose(up)
        if up.tag != "span":
            less, own, own_linked = was - up.prose, 0, 0
        up = up.parent
