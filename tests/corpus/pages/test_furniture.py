from __future__ import annotations

import pytest

from corpus.pages.furniture import (
    is_boilerplate,
    is_content,
    is_ending,
    is_furniture,
    opens_aside,
    opens_comments,
    points_elsewhere,
    tidy,
    tidy_head,
)


@pytest.mark.parametrize(
    "line",
    ["로그인", "로그인 | 회원가입 | 사이트맵", "[이전글]", "다음 글 >", "댓글 12", "댓글쓰기", "목록", "본문 바로가기",
     "맨 위로", "조회 1,234", "Copyright © 2020 아무개",
     "저작권자 ⓒ 신문, 무단 전재 및 재배포 금지", "개인정보처리방침", "▶ 한들일보 네이버에서 구독하기",
     "김아무 기자 amu@handeul.example", "Follow us on Twitter", "Advertisement"],
)  # fmt: skip
def test_lines_of_furniture(line):
    assert is_boilerplate(line)


@pytest.mark.parametrize(
    "line",
    ["", "로그인하려면 비밀번호를 입력하십시오.", "다음 명령을 실행합니다.", "이전글을 읽은 사람은 안다.", "저작권법",
     "홈디렉토리", "검색 결과를 저장합니다", "copyrighted works are protected", "목록을 선택한다",
     "더 보기 쉽게 고쳤다.",
     "Follow the steps below.", "문의는 amu@handeul.example 로 보내 주시면 답하겠습니다.", "get_value()",
     "제보자는 웃었다."],
)  # fmt: skip
def test_lines_of_content(line):
    assert not is_boilerplate(line)


def test_names():
    assert is_furniture("sidebar") and is_furniture("box left-menu-x sns_share") and is_furniture("site-footer")
    assert not is_furniture("content-with-sidebar") and not is_furniture("navy") and not is_furniture("up-A")
    assert is_ending("commentsContainer") and is_ending("all-screen-footer-wrap") and is_ending("comment_list")
    assert not is_ending("has-comments") and not is_ending("no-comments") and not is_ending("commentary")
    assert is_content("ArticlePage-articleBody") and is_content("entry-content") and is_content("bo_v_con")
    assert not is_content("preview_content") and not is_content("content")


def test_headings_of_asides():
    for heading in (
        "관련 기사",
        "많이 본 뉴스",
        "Related Articles:",
        "댓글 3개",
        "댓글목록",
        "카테고리의 다른 글 ¶",
        "상품 후기 (3)",
    ):
        assert opens_aside(heading), heading
    for heading in ("관련 법령", "요약", "기사 작성법", "댓글을 다는 법", "More than a feeling and a song"):
        assert not opens_aside(heading), heading
    assert opens_comments("12 comments") and not opens_comments("관련 기사")


def test_pointers():
    assert points_elsewhere("▶ 관련기사: 도서관이 문을 열다") and points_elsewhere("READ MORE: all of it")
    assert not points_elsewhere("이 글은 관련기사를 다룬다")


def test_tidy_keeps_one_blank_line():
    assert tidy("a ¶\n\n\n\nb\n  • \n  • c") == ("a\n\nb\n  • c", 1)


def test_datelines_go_above_the_first_paragraph_only():
    long = "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며, 누구나 읽을 수 있다. " * 2
    text = f"제목\n\n입력 2020.01.02 10:20\n작성자 김아무\n\n{long}\n\n2020년 1월 2일에 열렸다."
    assert tidy_head(text) == (f"제목\n\n{long}\n\n2020년 1월 2일에 열렸다.", 2)
    assert tidy_head("말\n말") == ("말\n말", 0)


def test_a_first_sentence_with_a_date_stays():
    for line in (
        "2020년 1월 2일 도서관이 문을 열었다.",
        "2020년 1월 2일에 열렸다",
        "조회 수를 늘리는 방법",
        "글쓴이의 말",
    ):
        assert tidy_head(f"{line}\n말") == (f"{line}\n말", 0), line
