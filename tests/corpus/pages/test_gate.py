"""The gate may count too much, never too little: a page that the whole pass would keep is never stopped by it."""

from __future__ import annotations

import html
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.config import Refine
from corpus.pages.clean import Cleaner, Raw
from corpus.pages.gate import hangul, hangul_of
from tests.toys import paragraphs

TEXT = "국립도서관은 해마다 이용자를 위한 보고서를 펴낸다."
SYLLABLES = 22


@pytest.mark.parametrize("codec", ["utf-8", "cp949", "johab", "utf-8-sig"])
def test_every_spelling_is_counted(codec):
    assert hangul(f"<p>{TEXT}</p>".encode(codec), 1000) >= SYLLABLES


@pytest.mark.parametrize("spell", ["&#{};", "&#0{};", "&#x{:x};", "&#X{:X};"])
def test_entities_are_counted(spell):
    body = "".join(spell.format(ord(one)) if "가" <= one <= "힣" else one for one in TEXT)
    assert html.unescape(body) == TEXT
    assert hangul(body.encode(), 1000) == SYLLABLES == hangul_of(body, 1000)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "iso2022_kr"])
def test_what_bytes_cannot_say_is_not_judged(codec):
    assert hangul(f"<p>{TEXT}</p>".encode(codec), 20) is None


def test_exact_in_utf8_and_blind_to_other_scripts():
    assert hangul("café 日本語 かな Ελληνικά Русский ไทย 😀 – ’ ꀀ \ue000".encode(), 20) == 0
    assert hangul(b"<p>plain &#8217; &#45; &#160; &#x2019;</p>", 20) == 0
    assert hangul("한국어".encode(), 20) == 3


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.binary(max_size=4))
def test_never_too_few_whatever_stands_around(text, noise):
    wanted = sum("가" <= one <= "힣" or "\u3131" <= one <= "\u318e" or "\u1100" <= one <= "\u11ff" for one in text)
    found = hangul(text.encode() + noise, 1000)
    assert found is None or found >= wanted


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=60), st.binary(max_size=4))
def test_never_too_few_in_cp949(text, noise):
    body = b"<p>" + text.encode("cp949") + noise
    found = hangul(body, 1000)
    # bytes that happen to be UTF-8 are read as that by the whole pass too
    assert found is None or found >= len(text) or body.decode("utf-8")


def test_the_shortest_text_the_rules_keep_is_far_above_the_gate():
    """Few, short eojeol that still pass: the preset's least word count, each of two syllables."""
    clean, gate = Cleaner(Refine()), Refine().gate
    words = " ".join(paragraphs("ko", 3)).split()
    for count in range(1, len(words)):
        text = " ".join(words[:count])
        if not clean(Raw("1", "s", "http://a/", "ko", "x", text=text)).rule:
            assert hangul(text.encode(), 1000) > 2 * gate
            return
    raise AssertionError("nothing was kept")


@pytest.mark.data
@pytest.mark.slow
def test_no_real_page_is_lost(data):
    """Every real Korean page at hand, and 181 news pages in many languages: the gate stops none that the pass keeps."""
    import gzip

    gated, whole = Cleaner(Refine()), Cleaner(Refine(gate=0))
    stopped = kept = 0
    for name in ("apache_manual_euckr", "libreoffice_help_ko_sample", "article_extraction_benchmark"):
        with tarfile.open(data / f"html/{name}/{name}.tar.gz") as archive:
            for member in archive.getmembers():
                if not member.isfile() or ".html" not in member.name:
                    continue
                body = archive.extractfile(member).read()
                body = gzip.decompress(body) if member.name.endswith(".gz") else body
                raw = Raw(member.name, "s", "http://a/", "ko", "x", body=body, content_type="text/html")
                if (early := gated.early(raw)) is None:
                    kept += not gated.clean(raw).rule
                    continue
                stopped += 1
                assert early.rule in ("gate", "page_bytes") and whole(raw).rule, member.name
    assert stopped > 250 and kept > 400


def test_a_korean_page_is_told_by_what_stands_near_its_first_usual_syllable():
    page = ("<p>" + " " * 9_000 + "이것은 한국어로 쓴 글이며 모두가 읽을 수 있다. " * 3 + "&#44032;" * 5).encode()
    assert 20 <= hangul(page, 20) < hangul(page, 1000)
