from __future__ import annotations

from corpus.pages.outline import Outline, cut


def test_letters_are_counted_once_and_links_apart():
    menu = '<ul><li><a href="/y">하나</a></li></ul>'
    page = Outline(f'<body><div class="a"><p>글자 열둘 <a href="/x">링크</a></p>{menu}</div></body>')
    body, div, paragraph, menu, item = page.blocks
    assert [block.tag for block in page.blocks] == ["body", "div", "p", "ul", "li"]
    assert (body.text, body.linked, body.links) == (div.text, div.linked, div.links) == (9, 4, 2)
    assert (paragraph.text, paragraph.linked) == (7, 2) and (menu.text, item.linked) == (2, 2)
    assert div.name == "a" and (div.at, div.last) == (1, 4)


def test_prose_needs_length_and_most_of_it_outside_links():
    long = "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며 누구나 읽는다"
    page = Outline(f'<body><p>{long}</p><p>짧은 말</p><p><a href="/x">{long}</a> 끝</p></body>')
    assert [block.prose for block in page.blocks[1:]] == [len(long), 0, 0]
    assert page.blocks[0].prose == len(long)


def test_a_span_with_a_name_belongs_to_the_sentence_around_it():
    half = "국립도서관은 해마다 이용자를"
    page = Outline(f'<body><p>{half}<span class="x">{half}</span></p></body>')
    assert page.blocks[1].prose == 2 * len(half) == page.blocks[0].prose
    cut(page.blocks[2])
    assert page.blocks[1].text == len(half) and page.blocks[0].prose == 0


def test_a_cut_block_leaves_the_sums_around_it_true():
    long = "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며 누구나 읽는다"
    page = Outline(f'<body><div><div class="side"><p>{long}</p><a href="/">홈</a></div><p>{long}</p></div></body>')
    side = next(block for block in page.blocks if block.name == "side")
    cut(side)
    assert (page.blocks[0].text, page.blocks[0].prose, page.blocks[0].links) == (len(long), len(long), 0)


def test_hidden_roles_and_attributes_are_read():
    page = Outline(
        '<body><div style="color:red; DISPLAY : none">가</div><div aria-hidden="true">나</div><div hidden="">다</div>'
        '<div role="navigation" data-class="x" title="a > b">라</div></body>'
    )
    assert [block.hidden for block in page.blocks[1:]] == [True, True, True, False]
    assert page.blocks[4].role == "navigation" and page.blocks[4].name == "" and page.blocks[4].text == 1


def test_markup_that_is_not_well_formed_still_ends():
    assert Outline("</div><p>가<div></p></section>나").blocks[0].text == 2
    assert Outline("").blocks[0].text == 0
    assert Outline("<div>" * 5000 + "끝").blocks[0].text == 1


def test_comments_are_no_text():
    assert Outline("<body><!-- <div>숨은 말</div> -->말</body>").blocks[0].text == 1
