"""From HTML to text: resiliparse parses and lays out, rules of our own say what is not content.

resiliparse's own main-content mode is not used: it drops short runs of text between links, and so eats the particles
of Korean ("mod_dir은 http://..." loses its 은). Whole blocks are removed instead, never a part of a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

REMOVED = (
    "nav, footer, aside, dialog, menu, template, noscript, button, select, textarea, iframe, object, svg, "
    "[role=navigation], [role=banner], [role=contentinfo], [role=search], [role=complementary], [role=menu], "
    "[role=menubar], [role=dialog], [aria-hidden=true], [hidden]"
)
MAIN = "main, [role=main], article"
MAIN_SHARE = 0.5  # of the body's text, for one main element to be taken alone
LISTS = "ul, ol, dl, table, p, div, section, td"
LINKED = 0.7  # share of a block's characters inside links from which it is navigation (Kohlschütter et al. 2010: 0.33)
LINKED_LIST = 0.85  # for lists: entries that are links with a word of comment are content
BLOCKS = ("div", "ul", "ol", "dl", "table", "section", "p", "form", "header", "center")  # that a name may remove
UNLINKED = 200  # letters outside links, above which a block with its share of the page's is the frame around content
FEW_LINKS = 2  # a block with fewer links is a sentence that happens to be one
FRAME_SHARE = 0.1  # a page header without a heading of its own, and with less of the page than this, is the site's
MANY_BLOCKS = 5000  # blocks measured at most: nested ones cost their depth each
PROSE_SHARE = 0.3  # nor has it more of the page's paragraphs than this
NAMED_SHARE = 0.5  # a block so named that holds more of the page than this is the page's own content

_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navi|navbar|navigation|navheader|navfooter|gnb|lnb|snb|fnb|tnb|menu|toplang|bottomlang|langs?|"
    r"breadcrumbs?|crumbs?|pagination|paging|paginate|pager|side-?bar|foot|footer|sns|share|sharing|social|"
    r"cookies?|consent|popup|modal|login|signin|advert\w*|ads?|banner|sponsor\w*|related|recommend\w*|reply|replies|"
    r"comments?|comment[_-]?(?:list|area|box|section)|copyright|skip|skipnav|toolbar|tag-?list|search\w*|"
    r"print[_-]?only|up|quickview)(?=$|[\s_-])",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"(?:^|[_-])(?:with|has|no|and|content|contents|main|body|article|page|wrap\w*|wrp|container|enabled?|layout|post|theme|"
    r"first|primary|left|right)(?=$|[_-])|_sidebar$",
    re.IGNORECASE,
)
_FRAME = "header, #header, .header, #page-header, .page-header, #masthead, .masthead"
_EDGE = r"[\s\-|·•>»«<\[\]()▲▼:/]*"
_ITEMS = (
    r"로그인|로그아웃|회원\s?가입|마이\s?페이지|장바구니|고객\s?센터|사이트\s?맵|즐겨찾기(?: 추가)?",
    r"본문\s?(?:바로\s?가기|으로 (?:바로가기|건너뛰기))|(?:주\s?)?메뉴\s?(?:바로\s?가기|열기|닫기)?|전체\s?메뉴",
    r"검색(?:하기|어 입력)?|홈|처음으로|맨\s?위로|위로|목록(?:으로|보기)?|글쓰기|더\s?보기|닫기|펼치기|접기",
    r"이전\s?(?:글|기사|페이지|다음)?|다음\s?(?:글|기사|페이지)?|인쇄(?:하기)?|프린트|스크랩|공유(?:하기)?|URL\s?복사",
    r"글자\s?크기(?: (?:크게|작게))?|추천(?:\s?:?\s?[\d,]+)?|신고|답글(?:쓰기)?|조회수?(?:\s?:?\s?[\d,]+)?",
    r"댓글(?:쓰기| 쓰기|보기| 달기)?(?:\s?\(?\d+\)?개?)?|좋아요(?:\s?[\d,]+)?|구독(?:하기)?",
    r"이메일\s?무단\s?수집\s?거부|개인\s?정보\s?(?:처리|취급)\s?방침|이용\s?약관|청소년\s?보호\s?정책",
    r"Facebook|Twitter|페이스북|트위터|카카오(?:톡|스토리)|밴드",
    r"log ?in|sign ?(?:in|up)|home|top|search|menu|share|print|prev(?:ious)?|next|skip to (?:main )?content",
)
_BOILERPLATE = re.compile(rf"{_EDGE}(?:(?:{'|'.join(_ITEMS)}){_EDGE})+", re.IGNORECASE)
_RIGHTS = re.compile(
    r"무단\s?(?:전재|복제|배포|도용)|저작권자\s?(?:\(c\)|©|ⓒ|:)|all rights? reserved|"
    r"^\s*(?:copyright|\(c\)|©|ⓒ)[\s\d(©]|"
    r"^\s*이 (?:웹)?사이트는 쿠키|쿠키\s?(?:사용|정책)에 동의|we use cookies",
    re.IGNORECASE,
)
_SHORT = 80  # characters: a boilerplate line is short; a paragraph that mentions a right is not
_PARAGRAPHS = re.compile(r"\n{3,}")
_COMMENTS = re.compile(
    r"(?:user |leave a )?comments?|discussion|related (?:articles|posts|links)|"
    r"댓글(?:쓰기| \d+)?|관련\s?(?:글|기사|뉴스|문서)|의견|방명록",
    re.IGNORECASE,
)
_ANCHOR = re.compile(r"\s*[¶§]$")
_EMPTY_BULLET = re.compile(r"^\s*(?:[•·*-]|\d+\.)\s*$")
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class Extracted:
    title: str
    text: str
    lines_removed: int


def is_boilerplate(line: str) -> bool:
    """A line that is only site furniture: log in, print, previous article, all rights reserved."""
    line = line.strip()
    if not line or len(line) > 2 * _SHORT:
        return False
    return bool(_RIGHTS.search(line)) or (len(line) <= _SHORT and _BOILERPLATE.fullmatch(line) is not None)


def extract(html: str) -> Extracted:
    """Title and text of a page: paragraphs by blank lines, table rows as lines with tabs, code as it stands."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(html)
    title = " ".join((tree.title or "").split())
    if tree.body is None:
        return Extracted(title, "", 0)
    for element in tree.body.query_selector_all("script, style").values():
        element.remove()  # first, as their source would count as text in every share below
    _choose_main(tree.body)
    _prune(tree.body)
    text = extract_plain_text(tree, main_content=False, links=False, alt_texts=False, form_fields=False)
    return Extracted(title, *tidy(text))


def tidy(text: str) -> tuple[str, int]:
    """Drop boilerplate lines and empty bullets, keep one blank line between paragraphs; (text, lines dropped)."""
    lines, dropped = [], 0
    for line in text.split("\n"):
        line = _ANCHOR.sub("", line.rstrip())
        if is_boilerplate(line) or _EMPTY_BULLET.match(line):
            dropped += 1
        else:
            lines.append(line)
    return _PARAGRAPHS.sub("\n\n", "\n".join(lines)).strip("\n"), dropped


def _length(element: Any) -> int:
    return len(_LETTER.findall(element.text or ""))


def _prose(element: Any) -> int:
    """Letters in paragraphs, which furniture has few of."""
    return sum(map(_length, element.query_selector_all("p").values()))


def is_furniture(name: str) -> bool:
    """Whether a class or id names furniture itself, not a place that has some beside it (`content-with-sidebar`)."""
    return any(_NAMES.search(part) and not _AROUND.search(part) for part in name.split())


def _choose_main(body: Any) -> None:
    """Keep the one main element alone where the page says which it is and it holds the greater part."""
    found = body.query_selector_all(MAIN).values()  # indexing or iterating the live list itself is cubic
    outer = [
        element for element in found if not any(other is not element and other.contains(element) for other in found)
    ]
    if len(outer) == 1 and _length(outer[0]) >= MAIN_SHARE * _length(body):
        body.replace_children(outer[0])


def _heading(element: Any) -> str:
    return _ANCHOR.sub("", " ".join((element.text or "").split()))


def _prune(body: Any) -> None:
    total = max(1, _length(body))
    prose = max(1, _prose(body))
    for element in body.query_selector_all(REMOVED).values():
        if element.parent is not None and _prose(element) <= NAMED_SHARE * prose:
            element.remove()
    for element in body.query_selector_all(_FRAME).values():
        headed = element.query_selector("h1, h2") is not None
        if element.parent is not None and not headed and _length(element) <= FRAME_SHARE * total:
            element.remove()
    for heading in body.query_selector_all("h2, h3, h4").values():
        section = heading.parent
        if section is None or section.tag == "body" or not _COMMENTS.fullmatch(_heading(heading)):
            continue
        opens = section.first_element_child == heading  # else the section is more than what the heading names
        if opens and section.parent is not None and _length(section) <= NAMED_SHARE * total:
            section.remove()
    for element in body.query_selector_all("[class], [id]").values():
        name = f"{element.class_name or ''} {element.id or ''}"
        if element.tag not in BLOCKS or element.parent is None or not is_furniture(name):
            continue
        if _length(element) <= NAMED_SHARE * total and _prose(element) <= PROSE_SHARE * prose:
            element.remove()
    unlinked = _length(body) - sum(map(_length, body.query_selector_all("a[href]").values()))
    for element in body.query_selector_all(LISTS).values()[:MANY_BLOCKS]:
        if element.parent is None or not body.contains(element):
            continue
        links = element.query_selector_all("a[href]").values()
        if len(links) < FEW_LINKS:
            continue
        size = _length(element)
        linked = sum(map(_length, links))
        limit = LINKED_LIST if element.tag in ("ul", "ol", "dl", "table") else LINKED
        if size and linked > limit * size and size - linked <= max(UNLINKED, PROSE_SHARE * unlinked):
            element.remove()
