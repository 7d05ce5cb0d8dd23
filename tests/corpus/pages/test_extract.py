from __future__ import annotations

import pytest

from corpus.pages.extract import Extracted, extract

SENTENCE = "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며, 누구나 읽을 수 있다. "


def page(body: str, head: str = "<title> 도서관\n 소식 </title>") -> str:
    return f"<html><head>{head}</head><body>{body}</body></html>"


def test_particles_between_links_stay():
    found = extract(
        page(f'<p>{SENTENCE * 3}그래서 <code><a href="d">mod_dir</a></code>은\n<code>http://a/b/</code>로 보낸다.</p>')
    )
    assert "mod_dir은 http://a/b/로 보낸다." in found.text
    assert found.title == "도서관 소식"


def test_navigation_goes_and_content_stays():
    menu = "".join(f'<li><a href="{n}">차례 {n}</a></li>' for n in range(9))
    found = extract(
        page(
            f'<nav>길잡이</nav><div id="gnb"><ul>{menu}</ul></div><ul>{menu}</ul>'
            f'<div class="content"><h1>제목</h1><p>{SENTENCE * 5}</p></div>'
            '<div class="footer">주소와 전화번호</div><div class="sns-share">널리 알리기</div>'
        )
    )
    assert found.text.startswith("제목") and found.text.rstrip().endswith("있다.")
    for gone in ("길잡이", "차례", "전화번호", "널리"):
        assert gone not in found.text


def test_a_list_whose_links_stand_in_sentences_stays():
    items = "".join(
        f'<li><a href="{n}">파일 {n}</a>이라는 이름의 파일은 설정에 따라 그대로 둔다.</li>' for n in range(4)
    )
    assert extract(page(f"<p>{SENTENCE * 3}</p><ul>{items}</ul>")).text.count("그대로 둔다.") == 4


def test_a_content_block_with_a_furniture_name_stays():
    assert SENTENCE.strip() in extract(page(f'<div class="menu">{SENTENCE * 20}</div>')).text


def test_one_main_element_is_taken_alone():
    found = extract(page(f"<div>곁다리 글</div><main><p>{SENTENCE * 9}</p></main><div>아랫글</div>"))
    assert "곁다리" not in found.text and "아랫글" not in found.text
    assert found.text.count("누구나") == 9


def test_a_section_of_comments_goes():
    found = extract(
        page(f'<p>{SENTENCE * 9}</p><div><h2><a id="comments">Comments</a></h2><p>This is no forum.</p></div>')
    )
    assert "forum" not in found.text and "누구나" in found.text


def test_code_and_tables_keep_their_lines():
    found = extract(
        page(
            f"<p>{SENTENCE * 3}</p><pre>if (a) {{\n    b();\n}}</pre>"
            "<table><tr><th>이름</th><td>값</td></tr><tr><th>나이</th><td>3</td></tr></table>"
        )
    )
    assert "if (a) {\n    b();\n}" in found.text
    rows = [line.split() for line in found.text.split("\n")[-2:]]
    assert rows == [["이름", "값"], ["나이", "3"]]


def test_boilerplate_lines_are_counted():
    found = extract(
        page(f"<p>로그인 | 회원가입</p><p>{SENTENCE * 3}</p><p>이전글</p><p>댓글 3</p><p>무단 전재 및 재배포 금지</p>")
    )
    assert found.text == (SENTENCE * 3).strip() and found.lines_removed == 4


@pytest.mark.parametrize("html", ["", "<html></html>", "<p", "텍스트만", "<html><body></body>", "\x00<frameset>"])
def test_odd_pages_do_not_raise(html):
    assert isinstance(extract(html).text, str)


def test_deep_nesting_is_survived():
    assert "끝" in extract(page("<div>" * 400 + SENTENCE + "끝" + "</div>" * 400)).text


@pytest.mark.parametrize(
    "name", ["content-with-sidebar-wrp", "article modal-enabled", "has-section-nav", "penci_sidebar"]
)
def test_a_frame_that_has_furniture_beside_it_keeps_its_article(name):
    """Each name is that of a real news page's frame, with scripts that outweigh the article."""
    script = "<script>" + "var filler = 1;" * 900 + "</script>"
    found = extract(
        page(f'{script}<div class="{name}">' + f"<p>{SENTENCE}</p>" * 9 + "</div><div>" + SENTENCE * 3 + "</div>")
    )
    assert found.text.count("누구나") == 12


def test_a_frame_full_of_links_keeps_the_article_in_it():
    links = "".join(f'<span><a href="{n}">다른 소식의 긴 제목이 여기에 놓여 있다 {n}</a></span>' for n in range(90))
    found = extract(page(f'<div id="mainContainer"><div class="text">{SENTENCE * 12}</div><div>{links}</div></div>'))
    assert found.text.count("누구나") == 12 and "다른 소식" not in found.text


def test_a_board_page_gives_its_post_and_its_marks():
    """A page as gnuboard lays it out."""
    rows = "".join(
        f'<tr><td>{n}</td><td><a href="/b/{n}">다른 글의 제목 {n}</a></td><td>2015-01-02</td></tr>' for n in range(9)
    )
    found = extract(
        page(
            f"<div id='hd'><ul><li><a href='/'>홈</a></li><li><a href='/b'>게시판</a></li></ul></div>"
            f"<article id='bo_v'><h2>공지</h2>"
            f"<section>작성자 김아무 &nbsp; 작성일 2015-03-02 12:30 &nbsp; 조회 12회</section>"
            f"<div id='bo_v_con'>{SENTENCE * 3}<br><br>{SENTENCE * 3}</div></article>"
            f"<img src='/img/opentype02.gif' alt=''><div id='bo_vc'><h2>댓글목록</h2><p>{SENTENCE}</p></div>"
            f"<table>{rows}</table>"
            f"<div id='ft'>사업자등록번호 123-45-67890</div>",
            '<title>공지 : 게시판</title><link rel="canonical" href="/b/10">',
        ),
        "http://a.example/b/10?page=2",
    )
    assert found == Extracted(
        title="공지 : 게시판",
        text=f"{(SENTENCE * 3).strip()}\n\n{(SENTENCE * 3).strip()}",
        lines_removed=0,
        date="2015-03-02",
        canonical="http://a.example/b/10",
        license="kogl-2",
        license_by="kogl-image",
        how="rules",
    )


def test_a_page_without_a_body_still_has_its_marks():
    found = extract('<title>틀</title><meta name="date" content="2011-01-02"><frameset><frame src="a"></frameset>')
    assert (found.title, found.text, found.date) == ("틀", "", "2011-01-02")


def test_what_stands_in_a_figure_is_content_and_the_words_of_a_picture_are_not():
    table = "<table><tr><td>서울</td><td>9,411,000</td></tr></table>"
    found = extract(f'<body><p>{SENTENCE * 3}</p><figure><img alt="지도 그림" src="a.png">{table}</figure></body>')
    assert "9,411,000" in found.text and "지도" not in found.text


def test_trafilatura_is_not_asked_for_the_sake_of_comments(monkeypatch):
    def never(html):
        raise AssertionError

    monkeypatch.setattr("corpus.pages.extract.by_trafilatura", never)
    comments = "".join(f"<p>{SENTENCE * 4}</p>" for _ in range(20))
    article = f"<div class='entry-content'><p>{SENTENCE * 6}</p></div>"
    found = extract(f"<body>{article}<div class='comment-list'>{comments}</div></body>")
    assert found.how == "rules" and found.text == (SENTENCE * 6).strip()


@pytest.mark.data
def test_news_articles_are_found_whole(data):
    """181 real news pages with their articles' text: no article is lost, and next to no furniture is left."""
    import gzip
    import json
    import re
    import tarfile
    from collections import Counter

    from corpus.pages.charset import decode

    def tokens(text):
        return Counter(re.findall(r"\w+", text))

    shares = []
    with tarfile.open(data / "html/article_extraction_benchmark/article_extraction_benchmark.tar.gz") as archive:
        files = {member.name.rpartition("/")[2]: archive.extractfile(member) for member in archive if member.isfile()}
        for key, truth in json.load(files["ground-truth.json"]).items():
            wanted = tokens(truth["articleBody"])
            found = tokens(extract(decode(gzip.decompress(files[f"{key}.html.gz"].read())).text).text)
            both = (wanted & found).total()
            shares.append((both / max(1, found.total()), both / max(1, wanted.total())))
    assert len(shares) == 181
    assert min(recall for _, recall in shares) > 0.5
    assert sum(recall for _, recall in shares) / 181 > 0.98 and sum(precision for precision, _ in shares) / 181 > 0.96
