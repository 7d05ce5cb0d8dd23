"""Which blocks of a page are its content: the frame around it is left, and furniture inside it cut.

Rules, in order: what the markup calls furniture (tags, roles, hidden), what names call so, sections whose heading says
so; then the innermost block that holds nearly all the prose (as in Readability's and Kohlschütter's densities, with
characters outside links in place of scores); in it, blocks that are mostly links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from corpus.pages import tags
from corpus.pages.furniture import opens_aside, opens_comments, points_elsewhere
from corpus.pages.outline import Outline

REMOVED_SHARE = 0.5  # of the page's prose: what holds more is content, whatever its tag
NAMED_SHARE = 0.5  # of the page's text, for a block with a furniture name
PROSE_SHARE = 0.3  # of the page's prose, for the same
SMALL_SHARE = 0.1  # of the page's text, for either, where a page has next to no prose
FRAME_SHARE = 0.1  # a page header without a heading of its own, and with less of the page than this, is the site's
LEFT = 200  # characters of prose that must be left for comments or a foot to go that are longer than the article
CONTENT_SHARE = 0.2  # of the page's prose, for a block with a content name to be taken alone
PIECE_SHARE = 0.1  # for a further piece of it
MAIN_SHARE = 0.3  # for the page's one main element
FAR_LARGER = 3  # times the prose of the next, for one article among several
NARROW_PROSE = 0.8  # of a block's prose in one child, for its other children to be left
NARROW_TEXT = 0.7  # and of its text outside links
LINKED = 0.7  # share of a block's characters inside links from which it is navigation (Kohlschütter et al. 2010: 0.33)
LINKED_LIST = 0.85  # for lists: entries that are links with a word of comment are content
SENTENCE = 40  # characters outside links, above which a paragraph stays
UNLINKED = 200  # the same for another block, or its share of what stands outside links on the page
LINKED_SPAN = 0.1  # of a span outside links, below which it is a box of links
POINTER = 200  # characters: a line that sends the reader to another article is no longer
ASIDE_LINKED, LINKED_LABEL = 0.2, 0.5  # of what follows a heading of an aside in links, or another label of one
HEADING = 60  # characters: the longest label that is asked whether it opens an aside
TEASERS = 3  # alike siblings with a linked heading that make a row of cards
TEASER_LINKED = 0.8  # of such a heading's characters
TEASERS_SHARE = 0.8  # of the characters of the block around the cards
TEASERS_LEAVE = 0.25  # of the page's prose that must be left, else the cards are what the page is for
FEW_LINKS = 2  # a block with fewer links is a sentence that happens to be one


class Content:
    """The blocks of one page while they are being cut; the sums of the blocks around a cut are kept true."""

    def __init__(self, outline: Outline) -> None:
        self.page = outline
        self.root = 0
        self.prose = 0  # of what was left once furniture was cut
        self.comments = 0  # prose of readers' comments that were cut

    def html(self) -> str:
        """The markup of what is content, without attributes and pictures."""
        self._cut_furniture()
        page = self.page
        self.prose = page.prose[0]
        self.root = self._narrow(self._named_content())
        self._cut_links()
        kept: list[str] = []
        at, part = self.root, page.start[self.root]
        for at in self._cuts(self.root):
            kept += page.markup(part, page.start[at])
            part = page.end[at]
        kept += page.markup(part, page.end[self.root])
        return "".join(kept)

    def starts_at(self) -> int:
        """Where the content begins, in characters of the page's markup."""
        start = self.page.start[self.root]
        return sum(map(len, self.page.parts[:start])) + start // 2 * 2  # each tag has two brackets

    def _cuts(self, block: int) -> Iterator[int]:
        """The blocks that were cut inside one, none inside another."""
        gone, last = self.page.gone, self.page.last
        at = gone.find(1, block, last[block] + 1)
        while at >= 0:
            yield at
            at = gone.find(1, last[at] + 1, last[block] + 1)

    def _live(self, block: int, mark: int) -> Iterator[int]:
        """Blocks in one (itself included) whose tag bears a mark, and that are not gone when their turn comes."""
        gone = self.page.gone
        return (at for at in self.page.bearing(mark, block, self.page.last[block] + 1) if not gone[at])

    def _cut_furniture(self) -> None:
        page = self.page
        total, prose = max(1, page.text[0]), max(1, page.prose[0])
        teasers: list[int] = []
        behind = 1  # blocks before this one are dealt with
        for block in page.suspects(HEADING):
            if block < behind:
                continue
            marks, text = page.marks[block], page.text[block]
            if marks & tags.SUSPECT and self._is_furniture(block, marks, total, prose):
                if marks & tags.ENDING:
                    self.comments += page.prose[block]
                page.cut(block)
                behind = page.last[block] + 1
            elif marks & tags.LABEL and 0 < text <= HEADING:
                if marks & tags.HEADING and page.linked[block] >= TEASER_LINKED * text:
                    teasers.append(block)
                elif opens_aside(page.words(block)):
                    behind = self._cut_aside(block, total) + 1
        if len(teasers) >= TEASERS:
            self._cut_teasers(teasers)

    def _cut_teasers(self, headings: list[int]) -> None:
        """Cut rows of cards: three or more alike siblings, each with a heading that is a link to somewhere else."""
        page = self.page
        rows: dict[tuple[int, int, str], list[int]] = {}
        kinds: dict[int, Counter[tuple[int, str]]] = {}
        for heading in headings:
            card = heading
            while card:
                around = page.parent[card]
                family = kinds.get(around)
                if family is None:
                    family = kinds[around] = Counter(map(page.label, page.children(around)))
                if card != heading and family[page.label(card)] >= TEASERS:
                    row = rows.setdefault((around, *page.label(card)), [])
                    if not row or row[-1] != card:
                        row.append(card)
                    break
                card = around
        for (around, *_), row in rows.items():
            inside = sum(page.prose[card] for card in row if not page.gone[card])
            text = page.text[around]
            if sum(page.text[card] for card in row) < TEASERS_SHARE * text or text > NAMED_SHARE * page.text[0]:
                continue
            if len(row) >= TEASERS and page.prose[0] - inside >= TEASERS_LEAVE * page.prose[0]:
                for card in row:
                    if not page.gone[card]:
                        page.cut(card)

    def _is_furniture(self, block: int, marks: int, total: int, all_prose: int) -> bool:
        page = self.page
        text, prose = page.text[block], page.prose[block]
        if marks & tags.LEFT_OUT:
            return prose <= REMOVED_SHARE * all_prose or text <= SMALL_SHARE * total
        if marks & tags.MASTHEAD and text <= FRAME_SHARE * total:
            return not page.bearing(tags.TITLE, block + 1, page.last[block] + 1)
        if not marks & tags.NAMED:
            return False
        if marks & tags.ENDING and page.prose[0] - prose >= LEFT:
            return True
        if marks & tags.FURNITURE:
            if text <= NAMED_SHARE * total and prose <= PROSE_SHARE * all_prose:
                return True
            small = text <= SMALL_SHARE * total and (prose < LEFT or prose <= PROSE_SHARE * all_prose)
            return small and not marks & tags.HEADING
        return False

    def _cut_aside(self, heading: int, total: int) -> int:
        """Cut the section that a heading of an aside opens; the number of the last block dealt with."""
        page = self.page
        here, section = heading, page.parent[heading]
        is_heading = page.marks[heading] & tags.HEADING
        if is_heading or opens_comments(page.words(heading)):
            while section and section + 1 == heading:
                if page.own[section] or page.text[section] > NAMED_SHARE * total:
                    break
                if page.text[section] > page.text[heading]:
                    page.cut(section)
                    return page.last[section]
                heading, section = section, page.parent[section]  # a box around the heading alone
        is_heading = page.marks[heading] & tags.HEADING
        run: list[int] = []
        for block in page.children(page.parent[heading], after=heading):
            marks = page.marks[block]
            if page.gone[block] or marks & tags.HEADING:
                break
            if marks & tags.PARAGRAPH and page.linked[block] < LINKED * page.text[block]:
                break
            run.append(block)
        size = sum(page.text[block] for block in run)
        least = ASIDE_LINKED if run and is_heading else LINKED_LABEL
        if not size or size > PROSE_SHARE * total or sum(page.linked[block] for block in run) < least * size:
            return here
        for block in (heading, *run):
            page.cut(block)
        return page.last[run[-1]]

    def _named_content(self) -> int:
        """The block that is content by its name: the smallest around all of them, where an article stands in pieces."""
        page = self.page
        least = PIECE_SHARE * max(1, self.prose)
        found: list[int] = []
        for block in self._live(0, tags.CONTENT):
            if page.prose[block] >= least and not (found and block <= page.last[found[-1]]):
                found.append(block)
        if not found or sum(page.prose[block] for block in found) < CONTENT_SHARE * self.prose:
            return self._main()
        block = found[0]
        while page.last[block] < found[-1]:
            block = page.parent[block]
        return block

    def _main(self) -> int:
        """The one main element, or the article that is far larger than any other; else the body."""
        page = self.page
        live: list[int] = []
        behind = 0
        for block in self._live(0, tags.MAIN | tags.ARTICLE):
            if block < behind:
                continue
            if page.marks[block] & tags.MAIN:
                live.append(block)
            elif len(page.bearing(tags.ARTICLE, block + 1, page.last[block] + 1)) < TEASERS:
                live.append(block)
                behind = page.last[block] + 1
        articles = sorted((one for one in live if page.marks[one] & tags.ARTICLE), key=lambda one: -page.prose[one])
        least = MAIN_SHARE * self.prose
        mains = [one for one in live if not page.marks[one] & tags.ARTICLE and page.prose[one] >= least]
        if len(mains) == 1:
            return mains[0]
        enough = bool(articles) and page.prose[articles[0]] >= CONTENT_SHARE * self.prose
        if enough and (len(articles) == 1 or page.prose[articles[0]] >= FAR_LARGER * page.prose[articles[1]]):
            return articles[0]
        return 0

    def _narrow(self, block: int) -> int:
        page = self.page

        def live_prose(child: int) -> int:
            return -1 if page.gone[child] else page.prose[child]

        while page.last[block] > block:
            child = max(page.children(block), key=live_prose)
            prose = page.prose[child]
            if page.gone[child] or not page.marks[child] & tags.FRAME:
                break
            if not prose or prose < NARROW_PROSE * page.prose[block]:
                break
            if page.text[child] - page.linked[child] < NARROW_TEXT * (page.text[block] - page.linked[block]):
                break
            block = child
        while page.marks[block] & tags.ROW:
            block = page.parent[block]
        return block

    def _cut_links(self) -> None:
        page, root = self.page, self.root
        text, linked = page.text, page.linked
        unlinked = text[root] - linked[root]
        for block in self._live(root, tags.LIST):
            if (
                2 * linked[block] >= text[block]
                and page.links[block]
                and block > root
                and self._is_links(block, unlinked)
            ):
                page.cut(block)

    def _is_links(self, block: int, unlinked: int) -> bool:
        page, marks = self.page, self.page.marks[block]
        size, links = page.text[block], page.links[block]
        bare = size - page.linked[block]
        if size <= POINTER and size - bare >= size / 2 and points_elsewhere(page.words(block)):
            return True
        if marks & tags.SPAN:
            return links > FEW_LINKS and size > UNLINKED and bare < LINKED_SPAN * size
        if links < FEW_LINKS or not size:
            return False
        limit = LINKED_LIST if marks & tags.LONG_LIST else LINKED
        most = SENTENCE if marks & tags.PARAGRAPH else max(UNLINKED, PROSE_SHARE * unlinked)
        return size - bare > limit * size and bare <= most
