"""A page as a tree of blocks, each with the letters, linked letters and prose in it, from one walk over its markup.

The walk goes over the parser's own serialisation, where every tag is closed and every attribute quoted. Asking the
parser's objects instead costs about 3 microseconds an element and, for the text of nested blocks, their depth each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

PROSE = 30  # characters outside links that stand in one block, from which they are prose and not a label

# Elements that are gone before anything is measured: they hold no text that a reader sees.
UNSEEN = "script, style, noscript, template, svg, iframe, object, math > annotation, button, select, textarea"
_TOKENS = re.compile(r'(<!--.*?-->|<[^>"]*(?:"[^"]*"[^>"]*)*>)', re.DOTALL)
CLASS, ID = ' class="', ' id="'
_LINES = (  # elements that are no blocks: those without content, and those inside a line
    "body br img input hr meta link source wbr area base col embed param track b i em strong font code small sub sup u "
    "s abbr cite q kbd samp var mark time label bdi bdo ins del big tt ruby rt rp dfn strike acronym nobr picture"
)
_PASSED = frozenset(_LINES.split())
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


Said = tuple[str, str, str, bool]  # class and id, role, itemprop, hidden
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

    def __init__(self, tag: str, start: int, at: int, parent: Block | None, said: Said) -> None:
        self.tag = tag
        self.start = self.end = start
        self.at = self.last = at
        self.parent = parent
        self.name, self.role, self.itemprop, self.hidden = said
        self.gone = False
        self.text = self.linked = self.links = self.prose = self.inner = self.own = self.own_linked = 0

    def __repr__(self) -> str:
        return f"<{self.tag} {self.name!r} text={self.text} linked={self.linked} prose={self.prose}>"


class Outline:
    """The parts of a page (text and tags in turn, text first) and its blocks in document order, the body first."""

    def __init__(self, html: str) -> None:
        self.parts: list[str] = _TOKENS.split(html)
        self.blocks: list[Block] = []
        self._walk()

    def _walk(self) -> None:
        blocks, parts = self.blocks, self.parts
        block = Block("body", 0, 0, None, NOTHING)
        blocks.append(block)
        read = _READ
        if len(read) > MANY_TAGS:
            read.clear()
        linked = False
        index = -1
        for token, text in zip(parts[1::2], parts[2::2], strict=True):
            index += 2
            known = read.get(token)
            if known is None:
                known = read[token] = _read(token)
            kind, tag, said = known
            if kind == OTHER:
                pass
            elif kind == OPEN:
                block = Block(tag, index, len(blocks), block, said)
                blocks.append(block)
            elif kind == CLOSE:
                if tag == block.tag and block.parent is not None:
                    block = _close(block, index + 1, len(blocks))
                else:
                    block = self._close_to(tag, block, index)
            elif kind == LINK:
                linked = True
                block.links += 1
            else:
                linked = False
            if text and (size := len(text.strip())):
                block.own += size
                if linked:
                    block.own_linked += size
        while block.parent is not None:
            block = _close(block, len(parts), len(blocks))
        _close(block, len(parts), len(blocks))

    def _close_to(self, tag: str, block: Block, index: int) -> Block:
        """The serialisation leaves nothing open; markup inside raw text might, or might close what was not open."""
        up: Block | None = block
        while up is not None and up.tag != tag:
            up = up.parent
        if up is None or up.parent is None:
            return block
        while block is not up:
            block = _close(block, index, len(self.blocks))
        closed: Block = _close(block, index + 1, len(self.blocks))
        return closed

    def children(self, block: Block, after: int | None = None) -> Iterator[Block]:
        """The blocks that stand in a block directly, in order: all, or those after the number of a block in it."""
        at = (block.at if after is None else after) + 1
        while at <= block.last:
            child = self.blocks[at]
            yield child
            at = child.last + 1


OPEN, CLOSE, LINK, UNLINK, OTHER = range(5)
MANY_TAGS = 50_000  # tags remembered: a site writes the same ones on every page
_READ: dict[str, tuple[int, str, Said]] = {}


def _read(token: str) -> tuple[int, str, Said]:
    """What a tag does and its name; for one that opens a block, the attributes that say what it is."""
    space = token.find(" ")
    tag = token[1:space] if space > 0 else token[1:-1]
    if tag.startswith("/"):
        tag = tag[1:]
        if tag in _PASSED:
            return OTHER, tag, NOTHING
        return (UNLINK if tag == "a" else CLOSE), tag, NOTHING
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


def _close(block: Block, end: int, count: int) -> Any:
    block.end = end
    block.last = count - 1
    block.text += block.own
    block.linked += block.own_linked
    block.prose = block.inner + own_prose(block)
    if (parent := block.parent) is not None:
        parent.links += block.links
        if block.tag == "span":  # its words belong to the sentence around it
            parent.own += block.own
            parent.own_linked += block.own_linked
            parent.text += block.text - block.own
            parent.linked += block.linked - block.own_linked
            parent.inner += block.inner
        else:
            parent.text += block.text
            parent.linked += block.linked
            parent.inner += block.prose
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
