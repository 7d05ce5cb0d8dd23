"""What is site furniture, by its name in the markup and by its words: menus, log-ins, shares, comments, rights."""

from __future__ import annotations

import re
from functools import lru_cache

_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navi|navbar|navigation|navheader|navfooter|gnb|lnb|snb|fnb|tnb|menu|toplang|bottomlang|langs?|"
    r"breadcrumbs?|crumbs?|pagination|paging|paginate|pager|side-?bar|foot|footer|sns|share\w*|sharing|social\w*|"
    r"cookies?|consent|popup|modal|login|signin|signup|advert\w*|ads?|banner\w*|sponsor\w*|promo\w*|related\w*|recommend\w*|"
    r"replys?|replies|comments?|comment[_-]?(?:list|area|box|section|form|write)|disqus\w*|copyright\w*|skip|skipnav|"
    r"toolbar|tag-?list|tags|search\w*|print[_-]?only|up$|quickview|newsletter\w*|subscri\w*|rank(?:ing|list)?|"
    r"trackback\w*|prevnext|prev[_-]?next|outbrain\w*|taboola\w*|widget\w*|masthead|byline|author[_-]?(?:bio|box|info)|"
    r"caption\w*|byline\w*|most[_-]?(?:read|popular|viewed)|trending|popular\w*|more[_-]?(?:news|stories|from|on))"
    r"(?=$|[\s_-])",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"(?:^|[_-])(?:with|has|no|and|content|contents|main|body|article|page|wrap\w*|wrp|container|enabled?|layout|post|theme|"
    r"first|primary|left|right)(?=$|[_-])|_sidebar$",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"(?!(?:\w+[_-])*(?:with|has|no|hide|show)[_-])(?:\w+[_-]+)*(?:footer|comments?|commentlist|replies|reply|disqus|cmt|respond)"
    r"(?:[_-]?(?:list|area|box|section|wrap\w*|container|thread|form|write|view|block|inner|bottom|top|text))*",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"(?:^|\s)(?:[\w-]*(?:article|entry|post|story|news|blog|(?<!re)view|board|read|bbs)[_-]*"
    r"(?:body|content|contents|text|txt|con|cont|main)|"
    r"newsct_article|se-main-container|tt_article_useless_p_margin|bo_v_con|rd_body|(?:xe_content)|articleBodyContents|"
    r"newsEndContents|dic_area|articeBody|wiki-?content|mw-parser-output)(?=$|\s)",
    re.IGNORECASE,
)
_EDGE = r"[\s\-|·•>»«<\[\]()▲▼:/]*"
_REPORTER = re.compile(r"\s*.{0,20}(?:기자|특파원|인턴)?\s?[(\[]?[\w.+-]+@[\w-]+(?:\.[\w-]+)+[)\]]?\s*")
_ITEMS = (
    r"로그인|로그아웃|회원\s?가입|마이\s?페이지|장바구니|고객\s?센터|사이트\s?맵|즐겨찾기(?: 추가)?",
    r"본문\s?(?:바로\s?가기|으로 (?:바로가기|건너뛰기))|(?:주\s?)?메뉴\s?(?:바로\s?가기|열기|닫기)?|전체\s?메뉴",
    r"검색(?:하기|어 입력)?|홈|처음으로|맨\s?위로|위로|목록(?:으로|보기)?|글쓰기|더\s?보기|닫기|펼치기|접기",
    r"이전\s?(?:글|기사|페이지|다음)?|다음\s?(?:글|기사|페이지)?|인쇄(?:하기)?|프린트|스크랩|공유(?:하기)?|URL\s?복사",
    r"글자\s?크기(?: (?:크게|작게))?|추천(?:\s?:?\s?[\d,]+)?|신고|답글(?:쓰기)?|조회수?(?:\s?:?\s?[\d,]+)?",
    r"댓글(?:쓰기| 쓰기|보기| 달기)?(?:\s?\(?\d+\)?개?)?|좋아요(?:\s?[\d,]+)?|구독(?:하기)?",
    r"이메일\s?무단\s?수집\s?거부|개인\s?정보\s?(?:처리|취급)\s?방침|이용\s?약관|청소년\s?보호\s?정책",
    r"Facebook|Twitter|페이스북|트위터|카카오(?:톡|스토리)|밴드",
    r"advert(?:isement)?s?|광고|story continues below|share (?:this|on)(?: \w+){0,3}|"
    r"comments?|tags|태그|read more|back to (?:top|gallery)",
    r"log ?in|sign ?(?:in|up)|home|top|search|menu|share|print|prev(?:ious)?|next|skip to (?:main )?content",
)
_BOILERPLATE = re.compile(rf"{_EDGE}(?:(?:{'|'.join(_ITEMS)}){_EDGE})+", re.IGNORECASE)
_RIGHTS = re.compile(
    r"무단\s?(?:전재|복제|배포|도용)|저작권자\s?(?:\(c\)|©|ⓒ|:)|all rights? reserved|"
    r"^\s*(?:copyright|\(c\)|©|ⓒ)[\s\d(©]|"
    r"^\s*이 (?:웹)?사이트는 쿠키|쿠키\s?(?:사용|정책)에 동의|we use cookies",
    re.IGNORECASE,
)
HEAD_LINES, HEAD_LINE = 12, 80  # lines looked at above the first that is longer than so many characters
_SIGNS = ("무단", "저작권", "rights", "copyright", "(c)", "©", "ⓒ", "쿠키", "cookies")  # one is in each of these
_SHORT = 80  # characters: a boilerplate line is short; a paragraph that mentions a right is not
LONGEST = 2 * _SHORT  # of any boilerplate line
_CALL = 130  # the same for a call to subscribe
_PARAGRAPHS = re.compile(r"\n{3,}")
_ASIDES = re.compile(
    r"(?:related|recommended|popular|latest|recent|most (?:read|popular|viewed)|more|trending|top)"
    r" (?:articles?|posts?|links?|stories|news|topics?|reading|content|coverage|from .*|in .*|on .*)|"
    r"more|more (?:great )?\S+ stories|more \S+(?: \S+)?|also read|"
    r"you (?:may|might) also (?:like|be interested in).*|read (?:more|next)|share this.*|"
    r"about the author|leave a reply|"
    r"(?:상품|구매|이용|포토)\s?(?:후기|평|리뷰|문의)(?:\s?\(?\d+\)?)?|배송\s?(?:안내|정보)|교환\s?(?:및|/|·)?\s?(?:반품|환불).{0,8}|"
    r"(?:관련|추천|인기|최신|많이 본|주요)\s?(?:글|기사|뉴스|문서|상품|게시물)|"
    r"이 기사와 관련.*|이 (?:글|상품)(?:을|과).* (?:함께|본).*|카테고리의? 다른 글|.{0,20}의 다른 (?:글|기사)"
)
_POINTER = re.compile(
    r"[\s▶☞→※*•>\[(]*(?:read (?:more|also)|see (?:also|more)|also on|related|more:|watch:|don.t miss|leggi anche|"
    r"lire aussi|"
    r"관련\s?(?:기사|글|뉴스)|함께\s?(?:보기|보면)|바로\s?가기|더\s?보기|▶|☞)",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    r"(?:19|20)\d\d\s?[.\-/년]\s?\d{1,2}\s?[.\-/월]\s?\d{1,2}\s?[.일]?|\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|"
    rf"{_MONTH} \d{{1,2}},? (?:19|20)\d\d|\d{{1,2}} {_MONTH} (?:19|20)\d\d",
    re.IGNORECASE,
)
_BESIDE_DATE = 30  # characters beside a date, at most, in a line that is only a dateline
_BYLINE = re.compile(
    r"(?:By [A-Z][\w.-]+(?: [A-Z][\w.-]+){0,3}|(?:작성자|글쓴이)\s*[:：]?\s*\S{2,10}|"
    r"(?:조회수?|추천|댓글)\s*[:：]?\s*[\d,]+회?\s?)+"
)
_CALLS = re.compile(
    r"(?:please )?(?:sign up|subscribe|follow (?:us|@|\S+ on|.{1,40} on (?:twitter|facebook|instagram))|"
    r"like (?:this|us)|get (?:breaking|the latest|our|more)|click here|download our|let our news|chat with us|"
    r"listen to .{1,40} live|want more|tell us what|join (?:us|the conversation)|reach the reporters?|read the full|"
    r"support (?:us|our))\b|"
    r"[▶■※▷☞#*\[\s]*(?:기사\s?제보|제보\s?(?:는|하기|를)|네이버(?:에서)? .{1,30}(?:구독|채널|바로\s?가기)|"
    r"카카오(?:톡|채널).{1,30}(?:추가|친구|제보)|.{1,30}(?:구독하기|채널 추가|바로가기|클릭)\s*[▶☞>\]]*$)|"
    r"공감(?:과|은|을)? .{0,20}(?:댓글|힘|부탁)",
    re.IGNORECASE,
)
_COMMENTS = re.compile(
    r"(?:user |leave a |post a )?comments?(?: \(?\d+\)?)?|\d+ comments?|discussion|leave a reply|"
    r"(?:전체\s?)?(?:댓글|덧글|답글|한\s?줄\s?의견|의견)(?:\s?(?:쓰기|목록|보기))?(?:\s?[\[(]?\d+[\])]?\s?(?:개|건)?)?|방명록"
)
_ANCHORS = ("¶", "§")  # signs that link a heading to itself
_EMPTY_BULLET = re.compile(r"^\s*(?:[•·*-]|\d+\.)\s*$")


@lru_cache(maxsize=1 << 12)  # a site's lines come again, and a rule asks once more
def is_boilerplate(line: str) -> bool:
    """A line that is only site furniture: log in, print, previous article, all rights reserved."""
    line = line.strip()
    if not line or len(line) > LONGEST:
        return False
    low = line.lower()
    if any(map(low.__contains__, _SIGNS)) and _RIGHTS.search(line):
        return True
    if (len(line) <= _CALL and _CALLS.match(line)) or ("@" in line and _REPORTER.fullmatch(line)):
        return True
    return len(line) <= _SHORT and _BOILERPLATE.fullmatch(line) is not None


def tidy(text: str) -> tuple[str, int]:
    """Drop boilerplate lines and empty bullets, keep one blank line between paragraphs; (text, lines dropped)."""
    lines, dropped = [], 0
    for line in text.split("\n"):
        line = line.rstrip()
        if line.endswith(_ANCHORS):
            line = line[:-1].rstrip()
        if len(line) <= LONGEST and (is_boilerplate(line) or (len(line) < 16 and _EMPTY_BULLET.match(line))):
            dropped += 1
        else:
            lines.append(line)
    return _PARAGRAPHS.sub("\n\n", "\n".join(lines)).strip("\n"), dropped


def is_furniture(name: str) -> bool:
    """Whether a class or id names furniture itself, not a place that has some beside it (`content-with-sidebar`)."""
    return any(_NAMES.search(part) and not _AROUND.search(part) for part in name.split())


def is_ending(name: str) -> bool:
    """Whether a class or id names what comes after an article, however long: comments, the page's foot."""
    return any(_ENDING.fullmatch(part) for part in name.split())


def is_content(name: str) -> bool:
    """Whether a class or id is one that templates give to the article's own text."""
    return _CONTENT.search(name) is not None


@lru_cache(maxsize=1 << 12)
def opens_aside(heading: str) -> bool:
    """Whether a heading names what follows an article and is not of it: comments, related articles."""
    label = _label(heading)
    return _COMMENTS.fullmatch(label) is not None or _ASIDES.fullmatch(label) is not None


def opens_comments(heading: str) -> bool:
    """Whether a heading names readers' comments."""
    return _COMMENTS.fullmatch(_label(heading)) is not None


def _label(heading: str) -> str:
    """In lower case, which is cheaper than patterns that ignore it."""
    return " ".join(heading.lower().split()).rstrip("¶§ :")


def points_elsewhere(line: str) -> bool:
    """Whether a line of little but links sends the reader to another article."""
    return _POINTER.match(" ".join(line.split())) is not None


def tidy_head(text: str) -> tuple[str, int]:
    """Drop lines of date, author and views between the heading and the first paragraph; (text, lines dropped)."""
    lines = text.split("\n")
    dropped = 0
    for number, line in enumerate(lines[:HEAD_LINES]):
        if len(line) > HEAD_LINE:
            break
        if _is_dateline(line.strip()):
            lines[number] = ""
            dropped += 1
    return (_PARAGRAPHS.sub("\n\n", "\n".join(lines)).strip("\n"), dropped) if dropped else (text, 0)


def _is_dateline(line: str) -> bool:
    if _BYLINE.fullmatch(line):
        return True
    rest, dates = _DATE.subn("", line)
    return dates > 0 and len(rest.strip()) <= _BESIDE_DATE and not line.endswith(("다", "다.", "요.", "."))
