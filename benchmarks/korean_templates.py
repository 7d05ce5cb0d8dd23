# ruff: noqa: E501  (pages are markup, one element a line)
"""Korean pages MADE by pouring real Korean documents into page templates, with the poured text as gold.

Four kinds of site are modelled on what Korean sites are built with: a blog (category column, other posts of the
category, comments), a board in tables (log-in box, file list, list of posts, comments), a news portal (ranking, related
articles, reporter, company data) and a shop (options, specification, shipping terms, reviews, questions). Each kind has
skins: names of classes and the markup of paragraphs. The skins in TUNING were looked at while rules were written, those
in HELD_OUT only when figures were taken.
"""

from __future__ import annotations

import gzip
import html
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

TEXTS = ("corpus_ko/ko_boddari", "corpus_ko/ko_petitions")
COMMENTS = "corpus_ko/ko_nsmc_reviews"
SHORTEST, LONGEST = 400, 6000  # characters of a poured document
TUNING, HELD_OUT = (0, 1), (2, 3)


@dataclass(frozen=True)
class Poured:
    """What one page holds. `paragraphs` is its gold."""

    title: str
    paragraphs: list[str]
    titles: list[str]
    leads: list[str]
    comments: list[str]
    choose: random.Random

    def date(self) -> str:
        month, day = self.choose.randint(1, 12), self.choose.randint(1, 28)
        form = self.choose.choice(["{}.{:02}.{:02}", "{}-{:02}-{:02}", "{}년 {}월 {}일", "{}/{:02}/{:02}"])
        return (
            form.format(self.choose.randint(2008, 2023), month, day) + f" {self.choose.randint(0, 23):02}:3{month % 10}"
        )

    def name(self) -> str:
        return self.choose.choice("김이박최정강조윤장임") + self.choose.choice(
            ["서연", "민준", "지우", "하윤", "도윤", "예은", "현우", "수아"]
        )

    def links(self, count: int, tag: str = "li", around: str = "{}") -> str:
        made = (
            f'<{tag}><a href="/{self.choose.randint(1, 9999)}">{around.format(_e(self._title()))}</a></{tag}>'
            for _ in range(count)
        )
        return "".join(made)

    def _title(self) -> str:
        return self.choose.choice(self.titles)


def _e(text: str) -> str:
    return html.escape(text, quote=False)


def paragraphs(page: Poured, how: str) -> str:
    """The text as markup: p, div with spans (an editor's), lines with br, or bare lines in one block."""
    lines = [_e(line) for line in page.paragraphs]
    if how == "p":
        return "".join(f"<p>{line}</p>\n" for line in lines)
    if how == "span":
        return "".join(
            f'<div class="se-text"><p style="line-height:1.8"><span style="font-size:15px">{line}</span></p><p>&nbsp;</p></div>'
            for line in lines
        )
    if how == "div":
        return "".join(f"<div>{line}</div><div><br></div>" for line in lines)
    return "<br><br>\n".join(lines)


HOW = ("p", "br", "span", "div")
ANALYTICS = "<script>var _q=_q||[];_q.push(['account','UA-1']);(function(){var s=document.createElement('script');})();</script>"


def blog(page: Poured, skin: int) -> str:
    names = [
        {"all": "wrap", "gnb": "gnb", "side": "sidebar", "post": "entry-content", "meta": "post-meta", "tags": "tags",
         "other": "another_category", "comment": "comment-list", "foot": "footer", "pn": "area_paging"},
        {"all": "se_doc", "gnb": "blog-menu", "side": "area_aside", "post": "tt_article_useless_p_margin", "meta": "tit_box",
         "tags": "area_tag", "other": "cate_more", "comment": "rp_list", "foot": "ft", "pn": "pn"},
        {"all": "css-1a2b", "gnb": "css-9f0c", "side": "css-77ad", "post": "css-b0dy", "meta": "css-mt12", "tags": "css-tg09",
         "other": "css-0th3", "comment": "css-c0m1", "foot": "css-ff01", "pn": "css-pn00"},
        {"all": "container", "gnb": "header_nav", "side": "col_right", "post": "post_ct", "meta": "blog2_post_function",
         "tags": "wrap_tag", "other": "blog2_categorylist", "comment": "area_comment", "foot": "blog_footer", "pn": "post_btn"},
    ][skin]  # fmt: skip
    c = page.choose
    comments = "".join(
        f'<li><div class="nm"><b>{page.name()}</b> <span>{page.date()}</span></div><p>{_e(one)}</p><a href="#">답글</a> <a href="#">신고</a></li>'
        for one in page.comments
    )
    side = (
        f'<div class="{names["side"]}"><div><h3>카테고리</h3><ul>{page.links(8)}</ul></div><div><h3>최근 글</h3><ul>{page.links(5)}</ul></div>'
        f"<div><h3>최근 댓글</h3><ul>{page.links(4)}</ul></div><p>Today {c.randint(1, 900)} Total {c.randint(999, 99999)}</p></div>"
    )
    rows = "".join(
        f'<tr><th><a href="/{n}">{_e(c.choice(page.titles))}</a>&nbsp;<span>({n})</span></th><td>{page.date()}</td></tr>'
        for n in range(5)
    )
    return (
        f'<div id="{names["all"]}"><div class="{names["gnb"]}"><a href="/">{page.name()}의 이야기</a><ul><li><a href="/">홈</a></li>'
        f'<li><a href="/tag">태그</a></li><li><a href="/guestbook">방명록</a></li></ul><form><input name="q"><button>검색</button></form></div>'
        f"{side if c.random() < 0.5 else ''}"
        f'<div class="content_area"><div class="{names["meta"]}"><h2>{_e(page.title)}</h2><span><a href="/c">일상</a></span> <span>{page.name()}</span>'
        f' <span>{page.date()}</span> <a href="#">URL 복사</a> <a href="#">이웃추가</a></div><div class="{names["post"]}">{paragraphs(page, HOW[(skin + 2) % 4])}</div>'
        f'<div class="ccl"><a rel="license" href="https://creativecommons.org/licenses/by-nc-nd/4.0/deed.ko"><img src="ccl.png" alt="CC"></a></div>'
        f'<div class="btns"><a href="#">공감 {c.randint(0, 90)}</a> <a href="#">공유하기</a> <a href="#">게시글 관리</a> <a href="#">구독하기</a></div>'
        f'<div class="{names["tags"]}"><strong>태그</strong> {page.links(6, "span", "#{}")}</div>'
        f'<div class="{names["other"]}"><h4>\'<a href="/c">일상</a>\' 카테고리의 다른 글</h4><table>{rows}</table></div>'
        f'<div class="{names["pn"]}"><a href="/1">이전글 {_e(c.choice(page.titles))}</a> <a href="/2">다음글 {_e(c.choice(page.titles))}</a></div>'
        f'<div class="{names["comment"]}"><h3>댓글 {len(page.comments)}</h3><ul>{comments}</ul>'
        f'<form><textarea>내용을 입력하세요.</textarea><label><input type="checkbox">비밀글</label><button>등록</button></form></div></div>'
        f'<div class="{names["foot"]}"><p>Blog is powered by Daum / Designed by {page.name()}</p><p>© 2019 {page.name()}. All rights reserved.</p></div></div>'
    )


def board(page: Poured, skin: int) -> str:
    names = [
        {"view": "bo_v", "con": "bo_v_con", "reply": "bo_vc", "list": "bo_list", "login": "ol_before", "ft": "ft"},
        {"view": "xe_view", "con": "xe_content", "reply": "fdb_lst", "list": "bd_lst", "login": "login_widget", "ft": "ft_wrap"},
        {"view": "v_1", "con": "vb2", "reply": "vb3", "list": "vb4", "login": "vb5", "ft": "vb6"},
        {"view": "board_view", "con": "memo_txt", "reply": "memo_list", "list": "list_tbl", "login": "outlogin", "ft": "copy_area"},
    ][skin]  # fmt: skip
    c = page.choose
    table = skin in (1, 2)
    rows = "".join(
        f'<tr><td>{9000 - n}</td><td class="s"><a href="/b/{n}">{_e(c.choice(page.titles))}</a> <span>[{c.randint(0, 9)}]</span></td><td>{page.name()}</td>'
        f"<td>{page.date()}</td><td>{c.randint(3, 4000)}</td></tr>"
        for n in range(15)
    )
    replies = "".join(
        f'<div class="re"><strong>{page.name()}</strong> <em>{c.randint(1, 255)}.{c.randint(1, 255)}.*.*</em> <span>{page.date()}</span><div class="t">{_e(one)}</div>'
        f'<a href="#">답변</a> <a href="#">추천 {c.randint(0, 20)}</a></div>'
        for one in page.comments
    )
    login = (
        f'<div class="{names["login"]}"><h2>회원로그인</h2><form><label>아이디</label><input><label>비밀번호</label><input><button>로그인</button></form>'
        '<a href="/r">회원가입</a> <a href="/p">정보찾기</a></div>'
    )
    poll = "<div class='poll'><strong>설문조사</strong><p>우리 사이트의 새 모습을 어떻게 생각하십니까? 의견을 들려주십시오.</p><ul><li>좋다</li><li>보통이다</li></ul></div>"
    body = paragraphs(page, HOW[(skin + 1) % 4])
    head = f"작성자 {page.name()} &nbsp; 작성일 {page.date()} &nbsp; 조회 {c.randint(10, 9999)}회 &nbsp; 댓글 {len(page.comments)}건"
    files = '<section><h2>첨부파일</h2><ul><li><a href="/d">문서_최종.hwp</a> (24.5K) <span>12회 다운로드</span> <span>DATE : 2015-03-02</span></li></ul></section>'
    if table:
        view = (
            f'<table class="{names["view"]}" width="100%"><tr><td><b>{_e(page.title)}</b></td></tr><tr><td>{head}</td></tr><tr><td>첨부 : <a href="/d">문서.hwp</a></td></tr>'
            f'<tr><td class="{names["con"]}" style="padding:10px">{body}</td></tr><tr><td align="center"><a href="#">추천</a> <a href="#">신고</a> <a href="#">인쇄</a></td></tr></table>'
        )
    else:
        view = (
            f'<article id="{names["view"]}"><header><h2>{_e(page.title)}</h2></header><section class="info">{head}</section>{files}<section><h2>본문</h2>'
            f'<div id="{names["con"]}">{body}</div></section><div><button>추천 0</button> <a href="#">스크랩</a></div></article>'
        )
    listing = f'<table class="{names["list"]}"><thead><tr><th>번호</th><th>제목</th><th>글쓴이</th><th>날짜</th><th>조회</th></tr></thead><tbody>{rows}</tbody></table>'
    middle = f'{view}<div class="{names["reply"]}"><h2>댓글목록</h2>{replies}</div><p><a href="#">목록</a> <a href="#">글쓰기</a> <a href="#">이전글</a> <a href="#">다음글</a></p>{listing}'
    foot = (
        f'<div class="{names["ft"]}"><a href="/1">회사소개</a> <a href="/2">개인정보처리방침</a> <a href="/3">서비스이용약관</a><p>서울특별시 강남구 테헤란로 {c.randint(1, 500)} '
        f"대표: {page.name()} 사업자등록번호 123-45-{c.randint(10000, 99999)} 전화 02-123-4567</p><p>Copyright © 소유하신 도메인. All rights reserved.</p></div>"
    )
    menu = f'<div class="mn"><ul>{page.links(9)}</ul></div>'
    if table:
        return f'<table width="900"><tr><td colspan="2">{menu}</td></tr><tr><td width="180" valign="top">{login}{poll}<ul>{page.links(6)}</ul></td><td>{middle}</td></tr><tr><td colspan="2">{foot}</td></tr></table>'
    return f'<div id="hd">{menu}</div><div id="wrapper"><div id="container">{middle}</div><div id="aside">{login}{poll}</div></div>{foot}'


def news(page: Poured, skin: int) -> str:
    names = [
        {"body": "article_view", "by": "info_view", "rank": "rank_news", "rel": "relation_lst", "reply": "cmt", "foot": "footer"},
        {"body": "articleBody", "by": "byline", "rank": "most_view", "rel": "related_news", "reply": "reply_area", "foot": "foot"},
        {"body": "a1", "by": "a2", "rank": "a3", "rel": "a4", "reply": "a5", "foot": "a6"},
        {"body": "news_cnt_detail_wrap", "by": "info_box", "rank": "aside_best", "rel": "box_link", "reply": "live_re", "foot": "bottom_wrap"},
    ][skin]  # fmt: skip
    c = page.choose
    reporter = page.name()
    box = f'<div class="in"><strong>관련기사</strong><ul>{page.links(3)}</ul></div>'
    lines = paragraphs(page, HOW[skin % 4])
    cut = lines.find("\n", len(lines) // 2) + 1
    figure = f"<figure><img src='p.jpg'><figcaption>{_e(c.choice(page.titles))} ⓒ{reporter} 기자 (사진=자료)</figcaption></figure>"
    lines = figure + (lines[:cut] + box + lines[cut:] if cut and skin != 1 else lines)
    rank = "".join(f'<li><em>{n}</em><a href="/r/{n}">{_e(c.choice(page.titles))}</a></li>' for n in range(1, 11))
    rel = "".join(
        f'<div class="card"><a href="/n/{n}"><img src="t.jpg"></a><h4><a href="/n/{n}">{_e(c.choice(page.titles))}</a></h4><p>{_e(c.choice(page.leads))}</p></div>'
        for n in range(4)
    )
    replies = "".join(
        f'<li><span>{page.name()[0]}**</span> <p>{_e(one)}</p> <span>{page.date()}</span> <a href="#">좋아요 {c.randint(0, 50)}</a></li>'
        for one in page.comments
    )
    return (
        f'<div id="skip"><a href="#b">본문 바로가기</a></div><header><h1><a href="/">한들일보</a></h1><ul>{page.links(10)}</ul><p>{page.date()}</p></header>'
        f'<div class="path"><a href="/">홈</a> &gt; <a href="/s">사회</a> &gt; <a href="/g">일반</a></div><div id="cont"><div class="left"><h3 class="hd">{_e(page.title)}</h3>'
        f'<div class="{names["by"]}"><span>{reporter} 기자</span> <span>입력 {page.date()}</span> <span>수정 {page.date()}</span> <a href="#">글자크기</a> <a href="#">인쇄</a></div>'
        f'<div id="{names["body"]}" {"itemprop=articleBody" if skin == 1 else ""}>{lines}<p>{reporter} 기자 news{c.randint(1, 99)}@handeul.example</p>'
        f"<p>▶ 한들일보 네이버에서 구독하기</p><p>[ⓒ 한들일보, 무단 전재 및 재배포 금지]</p></div>"
        f'<div class="{names["rel"]}"><h4>이 기사와 관련된 기사</h4>{rel}</div><div class="{names["reply"]}"><h4>댓글 {len(page.comments)}개</h4><ul>{replies}</ul></div></div>'
        f'<div class="right"><div class="{names["rank"]}"><h4>많이 본 뉴스</h4><ol>{rank}</ol></div><div><h4>포토</h4><ul>{page.links(4)}</ul></div></div></div>'
        f'<div class="{names["foot"]}"><ul><li><a href="/1">회사소개</a></li><li><a href="/2">광고문의</a></li><li><a href="/3">이용약관</a></li><li><a href="/4">개인정보처리방침</a></li></ul>'
        f"<address>한들일보 | 등록번호: 서울 아0{c.randint(1000, 9999)} | 등록일: 2009년 3월 2일 | 발행인·편집인: {page.name()} | 청소년보호책임자: {page.name()} | "
        f"주소: 서울시 중구 세종대로 {c.randint(1, 200)} | 대표전화: 02-700-{c.randint(1000, 9999)} | 사업자등록번호: 201-81-{c.randint(10000, 99999)}</address>"
        "<p>한들일보의 모든 콘텐츠(기사)는 저작권법의 보호를 받은바, 무단 전재와 복사, 배포 등을 금합니다.</p><p>Copyright ⓒ 한들일보 All rights reserved.</p></div>"
    )


TERMS = (
    "배송 방법 : 택배. 배송 지역 : 전국지역. 배송 비용 : 3,000원, 50,000원 이상 구매하시면 무료입니다.",
    "고객님께서 주문하신 상품은 입금 확인후 배송해 드립니다. 다만, 상품종류에 따라서 상품의 배송이 다소 지연될 수 있습니다.",
    "상품을 공급 받으신 날로부터 7일이내 교환 및 반품이 가능합니다. 포장을 개봉하였거나 포장이 훼손되어 상품가치가 상실된 경우에는 교환/반품이 불가능합니다.",
    "고객님의 마음이 바뀌어 교환, 반품을 하실 경우 상품반송 비용은 고객님께서 부담하셔야 합니다. (색상 교환, 사이즈 교환 등 포함)",
)  # fmt: skip


def shop(page: Poured, skin: int) -> str:
    names = [
        {"detail": "prdDetail", "terms": "prdInfo", "review": "prdReview", "qna": "prdQnA", "rel": "prdRelated", "foot": "footer"},
        {"detail": "goods_description", "terms": "delivery_info", "review": "review_list", "qna": "qna_list", "rel": "recommend_goods", "foot": "foot"},
        {"detail": "t1", "terms": "t2", "review": "t3", "qna": "t4", "rel": "t5", "foot": "t6"},
        {"detail": "detail_cont", "terms": "detail_explain_box", "review": "photoreview_box", "qna": "qna_box", "rel": "with_goods", "foot": "bt_area"},
    ][skin]  # fmt: skip
    c = page.choose
    reviews = "".join(
        f"<li><span>★★★★{c.choice('★☆')}</span> <b>{page.name()[0]}**</b> <span>{page.date()}</span><p>{_e(one)}</p></li>"
        for one in page.comments
    )
    goods = "".join(
        f'<li><a href="/p/{n}"><img src="{n}.jpg"></a><p class="n"><a href="/p/{n}">{_e(c.choice(page.titles))}</a></p><p>{c.randint(3, 90)},000원</p></li>'
        for n in range(6)
    )
    terms = "".join(
        f"<h3>{title}</h3><p>{text}</p>"
        for title, text in zip(("배송안내", "배송기간", "교환 및 반품정보", "유의사항"), TERMS, strict=True)
    )
    tabs = '<ul class="tab"><li><a href="#1">상품상세정보</a></li><li><a href="#2">배송안내</a></li><li><a href="#3">상품후기</a></li><li><a href="#4">상품문의</a></li></ul>'
    return (
        f'<div id="top"><a href="/login">로그인</a> <a href="/join">회원가입</a> <a href="/cart">장바구니</a> <a href="/my">마이페이지</a> <a href="/o">주문조회</a><ul>{page.links(8)}</ul></div>'
        f'<div class="loc"><a href="/">홈</a> &gt; <a href="/b">도서</a></div><div id="contents"><div class="info"><h2>{_e(page.title)}</h2><table><tr><th>판매가</th><td>{c.randint(5, 60)},000원</td></tr>'
        '<tr><th>적립금</th><td>300원 (1%)</td></tr><tr><th>배송비</th><td>3,000원</td></tr><tr><th>수량</th><td><input value="1"></td></tr></table><p><a href="#">구매하기</a> <a href="#">장바구니</a> '
        f'<a href="#">관심상품</a></p></div>{tabs}<div id="{names["detail"]}">{paragraphs(page, HOW[(skin + 3) % 4])}</div>{tabs}<div id="{names["terms"]}">{terms}</div>'
        f'<div id="{names["review"]}"><h3>상품후기</h3><ul>{reviews}</ul><a href="#">후기쓰기</a></div><div id="{names["qna"]}"><h3>상품문의</h3><table>'
        f'<tr><td>1</td><td><a href="/q/1">배송 문의드립니다</a></td><td>{page.name()}</td><td>{page.date()}</td></tr></table></div><div class="{names["rel"]}"><h3>관련 상품</h3><ul>{goods}</ul></div></div>'
        f'<div id="{names["foot"]}"><p>고객센터 1588-{c.randint(1000, 9999)} 평일 09:00 ~ 18:00 점심 12:00 ~ 13:00 (토/일/공휴일 휴무)</p><p>무통장 입금 계좌 국민은행 예금주 (주)한들</p>'
        f"<p>상호 : (주)한들 대표 : {page.name()} 사업자등록번호 : 123-86-{c.randint(10000, 99999)} 통신판매업신고 : 제2015-서울마포-0{c.randint(100, 999)}호 개인정보관리책임자 : {page.name()}</p>"
        "<p>COPYRIGHT (C) 한들. ALL RIGHTS RESERVED.</p></div>"
    )


KINDS: dict[str, Callable[[Poured, int], str]] = {"blog": blog, "board": board, "news": news, "shop": shop}


def pages(data: Path, kind: str, count: int, skins: tuple[int, ...], seed: int) -> Iterator[tuple[str, str]]:
    """(page, gold text) of one kind of site, the same for the same seed."""
    choose = random.Random(f"{kind}-{seed}")
    texts = [text for folder in TEXTS for text in _texts(data / folder) if SHORTEST <= len(text) <= LONGEST]
    said = [line for text in _texts(data / COMMENTS, 300) for line in text.split("\n") if 10 <= len(line) <= 200]
    titles = [text.split("\n")[0][:60] for text in texts]
    leads = [" ".join(text.split())[60:160] for text in texts]
    for number, text in enumerate(choose.sample(texts, count)):
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        title = lines[0][:60] if len(lines) > 1 else choose.choice(titles)
        gold = lines[1:] if len(lines) > 1 and len(lines[0]) <= 60 else lines
        poured = Poured(title, gold, titles, leads, choose.sample(said, choose.randint(0, 14)), choose)
        body = KINDS[kind](poured, skins[number % len(skins)])
        head = f'<meta charset="utf-8"><title>{_e(title)} : 한들</title>{ANALYTICS}'
        yield (
            f'<!DOCTYPE html><html lang="ko"><head>{head}</head><body>{body}{ANALYTICS}</body></html>',
            "\n".join(gold),
        )


def _texts(folder: Path, most: int | None = None) -> list[str]:
    found: list[str] = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                found.append(json.loads(line)["text"])
                if most is not None and len(found) >= most:
                    return found
    return found
