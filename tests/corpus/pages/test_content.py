from __future__ import annotations

from corpus.pages.content import Content
from corpus.pages.outline import Outline

SENTENCE = "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며, 누구나 읽을 수 있다. "
LONG = f"<p>{SENTENCE * 5}</p>"


def left(body: str) -> str:
    return Content(Outline(f"<body>{body}</body>")).html()


def links(count: int, tag: str = "li") -> str:
    return "".join(f'<{tag}><a href="/{n}">다른 소식의 제목 {n}</a></{tag}>' for n in range(count))


def test_what_the_markup_calls_furniture_goes():
    kept = left(
        f"<nav>길잡이</nav><aside>곁말</aside><div hidden=''>숨은 말</div><div>{LONG}</div><footer>주소</footer>"
    )
    assert "국립" in kept
    for gone in ("길잡이", "곁말", "숨은", "주소"):
        assert gone not in kept


def test_comments_go_even_where_they_are_longer_than_the_article():
    comment = f"<li><p>{SENTENCE * 3}댓글이다.</p></li>"
    for around in ('<div class="commentsContainer">{}</div>', "<div><h3>댓글 9개</h3><ul>{}</ul></div>"):
        kept = left(f'<div class="w"><div class="v">{LONG * 3}</div>{around.format(comment * 4)}</div>')
        assert kept.count("누구나") == 15 and "댓글이다" not in kept
    only = left(f'<div class="comments">{comment * 20}</div>')
    assert only.count("댓글이다") == 20  # the page has nothing else


def test_a_small_block_with_a_furniture_name_stays_where_it_has_the_pages_prose():
    """A short statute in a theme's box, on a page whose menus are ten times as long."""
    menus = "".join(f"<div><b>차림표의 항목 {n}번</b></div>" for n in range(300))
    box = '<div class="post tag-law category-comments">{}</div>'
    assert "누구나" in left(menus + box.format(LONG))
    aside = box.format(f"<p>{SENTENCE}곁이다.</p>")
    assert "곁이다" not in left(f"{menus}{aside}<div>{LONG * 2}</div>")


def test_the_innermost_block_with_nearly_all_prose_is_taken():
    kept = left(f'<div class="x1"><div class="x2"><p>{SENTENCE}곁이다.</p></div><div class="x3">{LONG * 3}</div></div>')
    assert "곁이다" not in kept and kept.count("누구나") == 15


def test_prose_spread_over_sections_is_kept_whole():
    kept = left("".join(f'<div class="s{n}"><h2>절 {n}</h2>{LONG}</div>' for n in range(6)))
    assert kept.count("누구나") == 30 and "절 5" in kept


def test_an_article_in_two_pieces_is_taken_with_both():
    kept = left(
        f'<p>{SENTENCE}앞말.</p><div><div class="article-body">{LONG * 2}</div><div class="z">{links(3)}</div>'
        f'<div class="article-body">{LONG}</div></div><p>{SENTENCE}뒷말.</p>'
    )
    assert kept.count("누구나") == 15 and "앞말" not in kept and "뒷말" not in kept and "다른 소식" not in kept


def test_a_row_of_cards_goes_and_an_index_of_them_stays():
    card = '<div class="c"><h4><a href="/{0}">소식 {0}</a></h4><p>' + SENTENCE + "카드.</p></div>"
    cards = "".join(card.format(n) for n in range(5))
    assert "카드" not in left(f'<div class="m">{LONG * 4}</div><div class="r">{cards}</div>')
    assert left(f'<div class="r">{cards}</div>').count("카드") == 5


def test_entries_with_linked_headings_inside_an_article_stay():
    entry = '<div class="embedded"><h3><a href="/{0}">명령 {0}</a></h3><p>' + SENTENCE + "</p></div>"
    kept = left(f'<div id="d"><h1>도구 모음</h1>{LONG}{"".join(entry.format(n) for n in range(3))}</div>')
    assert kept.count("누구나") == 8 and "명령 2" in kept


def test_a_list_after_a_heading_of_related_articles_goes_and_what_follows_stays():
    kept = left(f"<div>{LONG}<h3>관련 기사</h3><ul>{links(3)}</ul><p>{SENTENCE}끝말.</p></div>")
    assert "관련 기사" not in kept and "다른 소식" not in kept and "끝말" in kept


def test_a_sentence_ending_in_long_links_stays_and_a_pointer_goes():
    kept = left(
        f'<div>{LONG}<p>{SENTENCE}<a href="/1">{SENTENCE}</a> <a href="/2">{SENTENCE * 2}</a></p>'
        f'<p>▶ 관련기사: <a href="/3">도서관의 다른 소식 하나</a></p></div>'
    )
    assert kept.count("누구나") == 9 and "하나" not in kept


def test_where_content_starts_is_a_place_in_the_markup():
    html = f'<body><nav>길</nav><div class="x"><p>짧다</p></div><div class="entry-content">{LONG}</div></body>'
    content = Content(Outline(html))
    content.html()
    assert html[content.starts_at() :].startswith('<div class="entry-content">')


def test_a_page_of_sixty_thousand_asides_takes_no_quadratic_time():
    assert left("<div>" + "<h3>관련 기사</h3><p>말</p>" * 60_000 + "</div>").count("말") == 60_000
