from __future__ import annotations

from corpus.pages import tags


def marks(tag: str) -> int:
    return tags.CODES[tag]


def test_a_tag_opens_a_block_or_a_link_or_neither():
    said = {"div": tags.OPEN, "/div": tags.CLOSE, 'a href="/"': tags.LINK, "a": tags.OTHER, "/a": tags.UNLINK}
    assert {tag: marks(tag) & tags.KIND for tag in said} == said
    assert marks("br") & tags.KIND == marks("/strong") & tags.KIND == marks("!-- x --") & tags.KIND == tags.OTHER
    assert marks("div") >> tags.TAG == marks("/div") >> tags.TAG != marks("p") >> tags.TAG


def test_hidden_roles_and_names_are_read():
    for tag in (
        'div style="color:red; DISPLAY : none"',
        'p aria-hidden="true"',
        'li hidden=""',
        'div role="banner"',
        "nav",
    ):
        assert marks(tag) & tags.LEFT_OUT and marks(tag) & tags.SUSPECT
    assert not marks('div role="note" data-class="comments" title="hidden"') & (tags.SUSPECT | tags.NAMED)
    assert marks('ul class="gnb"') & tags.FURNITURE and marks('div class="comments"') & tags.ENDING
    assert marks('div id="article-body"') & tags.CONTENT and marks('p itemprop="articleBody"') & tags.CONTENT == 0
    assert marks('div role="main"') & tags.MAIN and tags.named('p class="a b" id="c"') == "a b c"


def test_what_is_no_tag_is_told():
    for tag in ("", " b", '1"', 'a title="x', "!--", "!-- <b", "?xml"):
        assert marks(tag) & tags.BROKEN
    assert not marks('a title="x > y"') & tags.BROKEN


def test_in_layout_a_picture_is_nothing():
    assert (tags.LAYOUT['img alt="가"'], tags.LAYOUT['a href="/"'], tags.LAYOUT["/p"]) == ("", "<a>", "</p>")


def test_what_is_remembered_is_bounded_from_page_to_page(monkeypatch):
    monkeypatch.setattr(tags, "MANY", 20)
    before = tags.CODES["div"]
    for number in range(100):
        tags.CODES[f"x{number}"]
    assert tags.CODES["div"] == before  # within a page nothing is forgotten
    tags.forget()
    assert len(tags.CODES) == 0 and tags.CODES["body"] == tags.OTHER
    assert tags.BODY >> tags.TAG == 0 and tags.CODES["div"] >> tags.TAG == 1
