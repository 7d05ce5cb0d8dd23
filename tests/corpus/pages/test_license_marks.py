from __future__ import annotations

import pytest

from corpus.licenses import UNKNOWN, terms
from corpus.pages.license_marks import license_id, license_of
from corpus.pages.marks import read_head

CC = "https://creativecommons.org/licenses"
ZERO = "https://creativecommons.org/publicdomain/zero/1.0/"
FILLER = "<p>국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있다.</p>" * 40


def found(body: str, head: str = "") -> tuple[str, str]:
    return license_of(read_head(f"<html><head>{head}</head><body></body></html>"), f"<body>{FILLER}{body}</body>")


@pytest.mark.parametrize(
    ("said", "license"),
    [(f"{CC}/by/4.0/", "cc-by-4.0"), (f"{CC}/by-nc-nd/2.0/kr/", "cc-by-nc-nd-2.0-kr"),
     (f"{CC}/by-sa/4.0/deed.ko", "cc-by-sa-4.0"), ("http://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
     ("https://creativecommons.org/publicdomain/mark/1.0/", "public-domain"),
     ("https://www.gnu.org/licenses/fdl-1.3.html", "gfdl-1.3"), ("http://www.gnu.org/copyleft/fdl.html", "gfdl"),
     ("http://www.apache.org/licenses/LICENSE-2.0", "apache-2.0"), ("https://opensource.org/licenses/MIT", "mit"),
     (f"{CC}/by-nd-nc/1.0/", "cc-by-nc-nd-1.0"), (f"{CC}/nc-sa/1.0/", "cc-nc-sa-1.0"),
     (f"{CC}/nd-nc/1.0/", "cc-nc-nd-1.0"), ("CC0-1.0", "cc0-1.0"), ("cc0", "cc0-1.0"),
     ("CC BY-SA 4.0; metadata CC0 1.0", "cc-by-sa-4.0"),
     ("CC BY-NC 4.0", "cc-by-nc-4.0"), ("공공누리 제2유형", "kogl-2"),
     ("http://www.kogl.or.kr/info/licenseType3.do", "kogl-3"), (f"{CC}/", ""), ("All rights reserved", ""), ("", "")],
)  # fmt: skip
def test_ids_are_those_of_the_table(said, license):
    assert license_id(said) == license
    assert not license or terms(license) != UNKNOWN


@pytest.mark.parametrize(
    ("body", "license", "by"),
    [
        (f'<a rel="license" href="{CC}/by/4.0/">CC BY</a>', "cc-by-4.0", "rel"),
        (f'<a href="{CC}/by-nc/4.0/"><img src="88x31.png"></a>', "cc-by-nc-4.0", "badge"),
        (
            f'<p>이 저작물은 <a href="{CC}/by-sa/4.0/">크리에이티브 커먼즈</a>에 따라 이용할 수 있습니다.</p>',
            "cc-by-sa-4.0",
            "statement",
        ),
        (f'<footer>내용은 <a href="{CC}/by/2.0/kr/">CC BY</a>입니다.</footer>', "cc-by-2.0-kr", "footer"),
        (f'<footer><a href="{ZERO}"><img src="88x31.png"></a></footer>', "cc0-1.0", "badge"),
        (f'<p>이 저작물은 <a href="{ZERO}deed.ko">CC0</a>으로 공개합니다.</p>', "cc0-1.0", "statement"),
        ('<img src="/images/img_opentype01.png" alt="">', "kogl-1", "kogl-image"),
        ('<img src="x.png" alt="공공누리 공공저작물 자유이용허락 제4유형">', "kogl-4", "kogl-image"),
        ('<a href="https://www.kogl.or.kr/info/licenseType2.do">보기</a>', "kogl-2", "kogl-link"),
        ("<p>본 저작물은 공공누리 제3유형 조건에 따라 이용할 수 있습니다.</p>", "kogl-3", "kogl-words"),
    ],
)
def test_marks_about_the_page(body, license, by):
    assert found(body) == (license, by)


@pytest.mark.parametrize(
    "body",
    [
        f'<p>저작자표시 <a href="{CC}/by/4.0/">CC BY</a>는 여섯 가지 가운데 하나다.</p>{FILLER}',
        f'<p>이 글의 사진: <a href="{CC}/by/4.0/">CC BY</a></p>{FILLER}',
        f'<p>라이선스를 말로만 적는다: {CC}/by/4.0/</p>',
        '<p>공공누리 제1유형과 제2유형은 무엇이 다른가.</p>',
        "".join(f'<img src="/img_opentype0{n}.png">' for n in (1, 2, 3, 4)),
        '<p>driver license</p><a href="/license" rel="license">면허</a>',
    ],
)  # fmt: skip
def test_what_is_no_mark_of_the_page(body):
    assert found(body) == ("", "")


def test_the_head_speaks_for_the_page():
    ld = f'<script type="application/ld+json">{{"@type": "Article", "license": {{"@id": "{CC}/by/4.0/"}}}}</script>'
    assert found("", ld) == ("cc-by-4.0", "schema.org")
    picture = f'<script type="application/ld+json">{{"@type": "ImageObject", "license": "{CC}/by/4.0/"}}</script>'
    assert found("", picture) == ("", "")
    assert found("", f'<link rel="license" href="{CC}/by/4.0/">') == ("cc-by-4.0", "rel")
    assert found("", '<meta name="DC.rights" content="CC BY-SA 3.0">') == ("cc-by-sa-3.0", "meta")


def test_several_marks_are_all_of_them_and_one_of_a_family_is_the_fuller():
    both = f'<a rel="license" href="{CC}/by/4.0/">a</a><img src="opentype04.png" alt="">'
    assert found(both) == ("cc-by-4.0 AND kogl-4", "rel+kogl-image")
    twice = f'<a rel="license" href="{CC}/by/">a</a><a rel="license" href="{CC}/by/4.0/"><img src="b.png"></a>'
    assert found(twice)[0] == "cc-by-4.0"
