"""A page as a tree of blocks, each with the letters, linked letters and prose in it, measured all at once.

What is measured is the parser's own serialisation, where every tag is closed and every attribute quoted. Blocks are
numbers in document order, the body 0, and what is known of them stands in columns: asking the parser's objects costs
about 3 microseconds an element, and objects of our own one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from corpus.pages import tags

PROSE = 30  # characters outside links that stand in one block, from which they are prose and not a label

# Elements that are gone before anything is measured: they hold no text that a reader sees.
UNSEEN = (
    "script, style, noscript, template, svg, iframe, object, math > annotation, button, select, textarea, video, audio"
)
_TOKENS = re.compile(r'<([^>"]*(?:"[^"]*"[^>"]*)*)>')
_COMMENT = re.compile("<!--.*?-->", re.DOTALL)


class Outline:
    """The parts of a page (text and tags in turn, text first, tags without brackets) and its blocks, as columns.

    `html` is what the parts are of: the page's markup, of some without comments; `marked` says that a tag may be the
    mark of a license. `start`, `end`: a block's range in the parts. `last`: the number of the last block in it.
    `marks`: what its tag says (see `tags`).
    Lengths are characters, without outer space: `text`, `linked`, `prose` of all that is in a block, as is the number
    of `links`; `own`, `own_linked` of what stands in no block inside it; `inner` is prose of the blocks inside.
    """

    start: list[int]
    end: list[int]
    last: list[int]
    parent: list[int]
    marks: list[int]
    text: list[int]
    linked: list[int]
    links: list[int]
    own: list[int]
    own_linked: list[int]
    inner: list[int]
    prose: list[int]

    def __init__(self, html: str) -> None:
        tags.forget()
        self.html, self.parts, codes = _apart(html)
        self.marked = bool((codes & tags.MARKED).any())
        self._measure(codes)
        self.gone = bytearray(len(self.text))

    def __len__(self) -> int:
        return len(self.text)

    def _measure(self, codes: Any) -> None:
        """Sums of a block are those of the page where it ends less those where it begins: texts are not looked at."""
        import numpy as np

        count = len(codes)
        kinds = codes & tags.KIND
        link = kinds == tags.LINK
        edge = np.maximum.accumulate(np.where(kinds >= tags.LINK, np.arange(count), 0))  # a link's last tag up to here
        sums = np.zeros((3, count + 1), np.int64)  # before each tag and in all: characters, those in links, links
        sums[0, 1:] = np.fromiter(map(len, map(str.strip, self.parts[2::2])), np.int64, count)
        sums[1, 1:] = sums[0, 1:] * link[edge]
        sums[2, 1:] = link
        np.cumsum(sums, axis=1, out=sums)

        first, ends, stops, depths = _blocks(codes, kinds)
        numbers = np.arange(len(first))
        last = first.searchsorted(ends) - 1
        parent = _parents(depths, numbers)
        marks = np.concatenate(([tags.BODY], codes[first[1:]]))
        span = (marks & tags.SPAN) != 0
        start = 2 * first + 1
        start[0] = first[0] = 0
        text, linked, links = sums[:, ends] - sums[:, first]
        own, own_linked = (column - _taken(column, parent, last, span) for column in (text, linked))
        bare = own - own_linked
        proses = own * ((bare >= PROSE) & (bare >= own_linked))
        inside = np.zeros(len(own) + 1, np.int64)
        np.cumsum(proses * ~span, out=inside[1:])  # the words of a span belong to the sentence around it
        inner = inside[last + 1] - inside[numbers + 1]
        self._marks, self._text = marks, text
        columns = {
            "start": start, "end": stops, "last": last, "parent": parent, "marks": marks, "text": text,
            "linked": linked, "links": links, "own": own, "own_linked": own_linked, "inner": inner,
            "prose": inner + proses,
        }  # fmt: skip
        for name, column in columns.items():
            setattr(self, name, column.tolist())

    def suspects(self, longest: int) -> list[int]:
        """Blocks that may be furniture by their tags, and labels of so many characters at most; the body is none."""
        label = ((self._marks & tags.LABEL) != 0) & (self._text > 0) & (self._text <= longest)
        found: list[int] = (label | ((self._marks & tags.SUSPECT) != 0)).nonzero()[0].tolist()
        return found[1:] if found and not found[0] else found

    def bearing(self, marks: int, first: int = 0, end: int | None = None) -> list[int]:
        """Blocks of a range whose tags bear any of some marks."""
        found: list[int] = (self._marks[first:end] & marks).nonzero()[0].tolist()
        return [block + first for block in found] if first else found

    def markup(self, part: int, end: int) -> Iterator[str]:
        """Parts of the page as they are laid out: tags without attributes, no pictures."""
        if part < end and not part % 2:
            yield self.parts[part]
            part += 1
        laid = map(tags.LAYOUT.__getitem__, self.parts[part:end:2])
        for pair in zip_longest(laid, self.parts[part + 1 : end : 2], fillvalue=""):
            yield from pair

    def words(self, block: int) -> str:
        """A block's text, with the spaces that stand in it."""
        return "".join(self.parts[self.start[block] + 1 : self.end[block] : 2])

    def label(self, block: int) -> tuple[int, str]:
        """The number of a block's tag, and its class and id."""
        return self.marks[block] >> tags.TAG, tags.named(self.parts[self.start[block]])

    def children(self, block: int, after: int | None = None) -> Iterator[int]:
        """The blocks that stand in a block directly, in order: all, or those after one of them."""
        at = block + 1 if after is None else self.last[after] + 1
        while at <= self.last[block]:
            yield at
            at = self.last[at] + 1

    def cut(self, block: int) -> None:
        """Mark a block and what is in it as gone, and take it from the sums of the blocks around it."""
        self.gone[block : self.last[block] + 1] = b"\1" * (self.last[block] + 1 - block)
        all_text, all_linked, all_links, all_prose = self.text, self.linked, self.links, self.prose
        all_own, all_own_linked, all_inner, marks = self.own, self.own_linked, self.inner, self.marks
        text, linked, links = all_text[block], all_linked[block], all_links[block]
        own, own_linked, less = 0, 0, all_prose[block]
        if marks[block] & tags.SPAN:
            own, own_linked, less = all_own[block], all_own_linked[block], all_inner[block]
        up = block
        while up:
            up = self.parent[up]
            all_text[up] -= text
            all_linked[up] -= linked
            all_links[up] -= links
            if less or own:
                all_own[up] -= own
                all_own_linked[up] -= own_linked
                all_inner[up] -= less
                was = all_prose[up]
                all_prose[up] = all_inner[up] + own_prose(all_own[up], all_own_linked[up])
                if not marks[up] & tags.SPAN:
                    less, own, own_linked = was - all_prose[up], 0, 0


def own_prose(own: int, linked: int) -> int:
    """Characters of prose that stand in a block itself: all of them, where most and enough are outside links."""
    bare = own - linked
    return own if bare >= PROSE and bare >= linked else 0


def _apart(html: str) -> tuple[str, list[str], Any]:
    """The markup, perhaps without comments; its texts and tags in turn; the tags' codes."""
    for forget in (False, True):
        if forget:
            html = _COMMENT.sub("", html)
        # where no attribute and no comment holds one, the brackets alone part texts from tags
        parts = html.replace("<", ">").split(">")
        codes = _codes(parts)
        if len(parts) % 2 and not (codes & tags.BROKEN).any():
            return html, parts, codes
    parts = _TOKENS.split(html)
    return html, parts, _codes(parts)


def _codes(parts: list[str]) -> Any:
    import numpy as np

    return np.fromiter(map(tags.CODES.__getitem__, parts[1::2]), np.int64, len(parts) // 2)


def _blocks(codes: Any, kinds: Any) -> tuple[Any, Any, Any, Any]:
    """Of each block, the body first: the tags that open and close it, the part behind it, and how deep it stands."""
    import numpy as np

    count = len(codes)
    step = np.array(tags.STEPS)[kinds]
    places = step.nonzero()[0]
    step = step[places]
    level = step.cumsum()
    depth = level + (step < 0)
    if count < 1 << 15:
        depth = depth.astype(np.int16)  # numbers so small are sorted in a third of the time
    order = depth.argsort(kind="stable")  # at one depth, each tag that opens a block stands before its end
    names = codes[places[order]] >> tags.TAG
    if len(places) and (level[-1] or level.min() < 0 or (names[::2] != names[1::2]).any()):
        return _blocks_by_hand(codes, kinds)
    opens = places[step > 0]
    first, ends, depths = (np.empty(len(opens) + 1, np.int64) for _ in range(3))
    first[0], ends[0], depths[0] = -1, count, 0
    first[1:] = opens
    depths[1:] = depth[step > 0]
    ends[opens.searchsorted(places[order[::2]]) + 1] = places[order[1::2]]
    stops = 2 * ends + 2
    stops[0] = 2 * count + 1
    return first, ends, stops, depths


def _blocks_by_hand(codes: Any, kinds: Any) -> tuple[Any, Any, Any, Any]:
    """The same for a page that leaves blocks open, or closes what was not: markup inside raw text might."""
    import numpy as np

    count = len(codes)
    blocks = [[-1, count, 2 * count + 1, 0]]
    opened: list[tuple[int, list[int]]] = []
    for at, (code, kind) in enumerate(zip(codes.tolist(), kinds.tolist(), strict=True)):
        name = code >> tags.TAG
        if kind == tags.OPEN:
            block = [at, count, 2 * count + 1, len(opened) + 1]
            blocks.append(block)
            opened.append((name, block))
        elif kind == tags.CLOSE and any(name == one for one, _ in opened):
            while opened:
                one, block = opened.pop()
                block[1] = at
                block[2] = 2 * at + 1 + (one == name)
                if one == name:
                    break
    starts, ends, stops, depths = np.array(blocks, np.int64).T
    return starts.copy(), ends, stops, depths


def _parents(depths: Any, numbers: Any) -> Any:
    """Of each block the last before it that stands one less deep; the body is its own."""
    import numpy as np

    width = len(numbers)
    keys = np.sort(depths * width + numbers)
    above = (depths - 1) * width
    found = keys[keys.searchsorted(above + numbers) - 1] - above
    found[0] = 0
    return found


def _taken(column: Any, parent: Any, last: Any, span: Any) -> Any:
    """What of a column stands in blocks inside each block; a span's own belongs to what is around it."""
    import numpy as np

    whole = ~span
    whole[0] = False
    taken = np.bincount(parent[whole], column[whole], len(column)).astype(np.int64)
    for block in (span & (last > np.arange(len(last)))).nonzero()[0][::-1].tolist():
        taken[parent[block]] += taken[block]
    return taken
