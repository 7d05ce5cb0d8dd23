"""Which blocks of a page are its content: the frame around it is left, and furniture inside it cut.

Rules, in order: what the markup calls furniture (tags, roles, hidden), what names call so, sections whose heading says
so; then the innermost block that holds nearly all the prose (as in Readability's and Kohlschütter's densities, with
characters outside links in place of scores); in it, blocks that are mostly links.
"""

from __future__ import annotations

from collections import Counter

from corpus.pages.furniture import is_content, is_ending, is_furniture, opens_aside, opens_comments, points_elsewhere
from corpus.pages.outline import Block, Outline, cut

REMOVED = frozenset(["nav", "footer", "aside", "dialog", "menu", "figcaption"])
ROLES = frozenset(["navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "dialog"])
NAMED = frozenset(
    ["div", "ul", "ol", "dl", "table", "section", "p", "form", "header", "center", "span", "td", "li", "h2", "h3", "h4"]
)
LISTS = frozenset(["span", "ul", "ol", "table", "p", "div", "section", "td", "dl", "li", "tr", "tbody"])
LABELS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "dt"])
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
FRAMES = frozenset(["body", "div", "section", "main", "article", "td", "center", "form", "table", "tbody", "tr"])
MASTHEADS = frozenset(["header", "page-header", "masthead"])
ROWS = frozenset(["tr", "tbody", "thead"])
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
        self.outline = outline
        self.body = outline.blocks[0]
        self.root = self.body
        self.prose = 0  # of what was left once furniture was cut
        self.comments = 0  # prose of readers' comments that were cut

    def html(self) -> str:
        """The markup of what is content."""
        self._cut_furniture()
        self.prose = self.body.prose
        self.root = self._narrow(self._named_content())
        self._cut_links()
        parts, root = self.outline.parts, self.root
        kept: list[str] = []
        at, part = root.at, root.start
        while at <= root.last:
            block = self.outline.blocks[at]
            if block.gone:
                kept += parts[part : block.start]
                part, at = block.end, block.last
            at += 1
        kept += parts[part : root.end]
        return "".join(kept)

    def starts_at(self) -> int:
        """Where the content begins, in characters of the page's markup."""
        return sum(map(len, self.outline.parts[: self.root.start]))

    def _words(self, block: Block) -> str:
        return " ".join("".join(self.outline.parts[block.start + 1 : block.end : 2]).split())

    def _inside(self, block: Block) -> list[Block]:
        return self.outline.blocks[block.at + 1 : block.last + 1]

    def _cut_furniture(self) -> None:
        blocks, body = self.outline.blocks, self.body
        total, prose = max(1, body.text), max(1, body.prose)
        teasers: list[Block] = []
        at = 1
        while at < len(blocks):
            block = blocks[at]
            if self._is_furniture(block, total, prose):
                if is_ending(block.name):
                    self.comments += block.prose
                cut(block)
                at = block.last
            elif 0 < block.text <= HEADING and block.tag in LABELS:
                if block.tag in HEADINGS and block.linked >= TEASER_LINKED * block.text:
                    teasers.append(block)
                elif opens_aside(self._words(block)):
                    at = self._cut_aside(block, total)
            at += 1
        self._cut_teasers(teasers)

    def _cut_teasers(self, headings: list[Block]) -> None:
        """Cut rows of cards: three or more alike siblings, each with a heading that is a link to somewhere else."""
        rows: dict[tuple[int, str, str], list[Block]] = {}
        kinds: dict[int, Counter[tuple[str, str]]] = {}
        for heading in headings:
            card: Block | None = heading
            while card is not None and card.parent is not None:
                family = kinds.get(card.parent.at)
                if family is None:
                    family = kinds[card.parent.at] = Counter(
                        (one.tag, one.name) for one in self.outline.children(card.parent)
                    )
                if card is not heading and family[card.tag, card.name] >= TEASERS:
                    row = rows.setdefault((card.parent.at, card.tag, card.name), [])
                    if not row or row[-1] is not card:
                        row.append(card)
                    break
                card = card.parent
        for row in rows.values():
            inside = sum(card.prose for card in row if not card.gone)
            around = row[0].parent or self.body
            if (
                sum(card.text for card in row) < TEASERS_SHARE * around.text
                or around.text > NAMED_SHARE * self.body.text
            ):
                continue
            if len(row) >= TEASERS and self.body.prose - inside >= TEASERS_LEAVE * self.body.prose:
                for card in row:
                    if not self._within_gone(card):
                        cut(card)

    def _within_gone(self, block: Block | None) -> bool:
        while block is not None:
            if block.gone:
                return True
            block = block.parent
        return False

    def _is_furniture(self, block: Block, total: int, prose: int) -> bool:
        if block.tag in REMOVED or block.hidden or block.role in ROLES:
            return block.prose <= REMOVED_SHARE * prose or block.text <= SMALL_SHARE * total
        if (block.tag == "header" or block.name in MASTHEADS) and block.text <= FRAME_SHARE * total:
            return all(inner.tag not in ("h1", "h2") for inner in self._inside(block))
        if not block.name or block.tag not in NAMED:
            return False
        if is_ending(block.name) and self.body.prose - block.prose >= LEFT:
            return True
        if is_furniture(block.name):
            if block.text <= NAMED_SHARE * total and block.prose <= PROSE_SHARE * prose:
                return True
            return block.text <= SMALL_SHARE * total and block.tag not in HEADINGS
        return False

    def _cut_aside(self, heading: Block, total: int) -> int:
        """Cut the section that a heading of an aside opens; the number of the last block dealt with."""
        here, section = heading.at, heading.parent
        if heading.tag in HEADINGS or opens_comments(self._words(heading)):
            while section is not None and section.parent is not None and section.at + 1 == heading.at:
                if section.own or section.text > NAMED_SHARE * total:
                    break
                if section.text > heading.text:
                    cut(section)
                    return section.last
                heading, section = section, section.parent  # a box around the heading alone
        if heading.parent is None:
            return here
        run: list[Block] = []
        for block in self.outline.children(heading.parent, after=heading.last):
            if block.gone or block.tag in HEADINGS or (block.tag == "p" and block.linked < LINKED * block.text):
                break
            run.append(block)
        size = sum(block.text for block in run)
        least = ASIDE_LINKED if run and heading.tag in HEADINGS else LINKED_LABEL
        if not size or size > PROSE_SHARE * total or sum(block.linked for block in run) < least * size:
            return here
        for block in (heading, *run):
            cut(block)
        return run[-1].last

    def _named_content(self) -> Block:
        """The block that is content by its name: the smallest around all of them, where an article stands in pieces."""
        least = PIECE_SHARE * max(1, self.prose)
        found: list[Block] = []
        at, blocks = 0, self.outline.blocks
        while at < len(blocks):
            block = blocks[at]
            if block.gone:
                at = block.last
            elif (
                block.prose >= least
                and block.tag in FRAMES
                and (block.itemprop == "articleBody" or is_content(block.name))
            ):
                found.append(block)
                at = block.last
            at += 1
        if not found or sum(block.prose for block in found) < CONTENT_SHARE * self.prose:
            return self._main()
        block = found[0]
        while block.parent is not None and block.last < found[-1].last:
            block = block.parent
        return block

    def _main(self) -> Block:
        """The one main element, or the article that is far larger than any other; else the body."""
        live: list[Block] = []
        at, blocks = 0, self.outline.blocks
        while at < len(blocks):
            block = blocks[at]
            if block.gone:
                at = block.last
            elif block.tag == "main" or block.role == "main":
                live.append(block)
            elif block.tag == "article" and sum(inner.tag == "article" for inner in self._inside(block)) < TEASERS:
                live.append(block)
                at = block.last
            at += 1
        mains = [block for block in live if block.tag != "article" and block.prose >= MAIN_SHARE * self.prose]
        if len(mains) == 1:
            return mains[0]
        articles = sorted((block for block in live if block.tag == "article"), key=lambda one: -one.prose)
        enough = bool(articles) and articles[0].prose >= CONTENT_SHARE * self.prose
        if enough and (len(articles) == 1 or articles[0].prose >= FAR_LARGER * articles[1].prose):
            return articles[0]
        return self.body

    def _narrow(self, block: Block) -> Block:
        while block.last > block.at:
            child = max(self.outline.children(block), key=_live_prose)
            if child.gone or child.tag not in FRAMES or not child.prose or child.prose < NARROW_PROSE * block.prose:
                break
            if child.text - child.linked < NARROW_TEXT * (block.text - block.linked):
                break
            block = child
        while block.tag in ROWS and block.parent is not None:
            block = block.parent
        return block

    def _cut_links(self) -> None:
        root, blocks = self.root, self.outline.blocks
        unlinked = root.text - root.linked
        at = root.at + 1
        while at <= root.last:
            block = blocks[at]
            if block.gone:
                at = block.last
            elif block.links and block.tag in LISTS and self._is_links(block, unlinked):
                cut(block)
                at = block.last
            at += 1

    def _is_links(self, block: Block, unlinked: int) -> bool:
        size, bare = block.text, block.text - block.linked
        if size <= POINTER and block.linked >= size / 2 and points_elsewhere(self._words(block)):
            return True
        if block.tag == "span":
            return block.links > FEW_LINKS and size > UNLINKED and bare < LINKED_SPAN * size
        if block.links < FEW_LINKS or not size:
            return False
        limit = LINKED_LIST if block.tag in ("ul", "ol", "dl", "table") else LINKED
        most = SENTENCE if block.tag == "p" else max(UNLINKED, PROSE_SHARE * unlinked)
        return block.linked > limit * size and bare <= most


def _names_content(block: Block) -> bool:
    return block.itemprop == "articleBody" or is_content(block.name)


def _live_prose(block: Block) -> int:
    return -1 if block.gone else block.prose
