from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from corpus.pages import tags
from corpus.pages.outline import Outline, _blocks, _blocks_by_hand

LONG = "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며 누구나 읽는다"
TAGS = ("div", "p", "ul", "li", "span", "a", "b")


def test_letters_are_counted_once_and_links_apart():
    menu = '<ul><li><a href="/y">하나</a></li></ul>'
    page = Outline(f'<body><div class="a"><p>글자 열둘 <a href="/x">링크</a></p>{menu}</div></body>')
    body, div, paragraph, item = 0, 1, 2, 4
    assert len(page) == 5 and page.parent == [0, 0, 1, 1, 3]
    assert (page.text[body], page.linked[body], page.links[body]) == (9, 4, 2)
    assert (page.text[div], page.linked[div], page.links[div]) == (9, 4, 2)
    assert (page.text[paragraph], page.linked[paragraph]) == (7, 2)
    assert (page.text[3], page.linked[item], page.last[div]) == (2, 2, 4)
    assert page.words(paragraph) == "글자 열둘 링크" and page.label(div)[1] == "a"


def test_prose_needs_length_and_most_of_it_outside_links():
    page = Outline(f'<body><p>{LONG}</p><p>짧은 말</p><p><a href="/x">{LONG}</a> 끝</p></body>')
    assert page.prose == [len(LONG), len(LONG), 0, 0]


def test_a_span_belongs_to_the_sentence_around_it():
    half = "국립도서관은 해마다 이용자를"
    page = Outline(f'<body><p>{half}<span class="x">{half}</span></p></body>')
    assert page.prose[1] == 2 * len(half) == page.prose[0]
    page.cut(2)
    assert page.text[1] == len(half) and page.prose[0] == 0


def test_what_stands_in_blocks_inside_a_span_is_not_its_own():
    page = Outline(f"<body><div>{LONG}<span>가<span><p>{LONG}</p></span></span></div></body>")
    assert page.own == [0, len(LONG) + 1, 1, 0, len(LONG)]
    assert page.prose == [2 * len(LONG) + 1, 2 * len(LONG) + 1, len(LONG), len(LONG), len(LONG)]


def test_a_cut_block_leaves_the_sums_around_it_true():
    page = Outline(f'<body><div><div class="side"><p>{LONG}</p><a href="/">홈</a></div><p>{LONG}</p></div></body>')
    page.cut(2)
    assert (page.text[0], page.prose[0], page.links[0]) == (len(LONG), len(LONG), 0)
    assert list(page.gone) == [0, 0, 1, 1, 0]


def test_markup_that_is_not_well_formed_still_ends():
    assert Outline("</div><p>가<div></p></section>나").text[0] == 2
    assert Outline("").text == [0]
    assert Outline("<div>" * 5000 + "끝").text[0] == 1


def test_comments_and_brackets_in_attributes_are_no_markup():
    assert Outline("<body><!-- <div>숨은 말</div> -->말</body>").text == [1]
    page = Outline('<body><p title="a > b">말</p><p title="<div>">글</p></body>')
    assert page.text == [2, 1, 1] and page.parts[1] == "body"


def test_what_is_laid_out_has_no_attributes_and_no_pictures():
    page = Outline('<body><div class="x">가<img src="a.png" alt="나"><!-- 다 --><a href="/">라</a></div>마</body>')
    assert "".join(page.markup(page.start[1], page.end[1])) == "<div>가<a>라</a></div>"


@given(st.lists(st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]), max_size=30))
def test_blocks_found_at_once_are_those_found_one_by_one(markup):
    codes = np.array([tags.CODES[tag[1:-1]] for tag in markup], np.int64)
    kinds = codes & tags.KIND
    for one, other in zip(_blocks(codes, kinds), _blocks_by_hand(codes, kinds), strict=True):
        assert one.tolist() == other.tolist()


@given(st.recursive(st.just("말"), lambda inner: st.lists(st.tuples(st.sampled_from(TAGS), inner), max_size=4)))
def test_the_same_for_markup_that_is_well_formed(tree):
    def written(node):
        return node if isinstance(node, str) else "".join(f"<{tag}>{written(one)}</{tag}>" for tag, one in node)

    page = Outline(f"<body>{written(tree)}</body>")
    codes = np.array([tags.CODES[tag] for tag in page.parts[1::2]], np.int64)
    first, _, stops, depths = _blocks_by_hand(codes, codes & tags.KIND)
    assert page.end == stops.tolist() and page.start[1:] == (2 * first + 1).tolist()[1:]
    for block in range(1, len(page)):
        assert page.parent[block] == max(one for one in range(block) if depths[one] == depths[block] - 1)
        inside = "".join(page.parts[page.start[block] + 1 : page.end[block] : 2])
        assert page.text[block] == len(inside)
