from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.pages.charset import canonical, decode

KOREAN = "국립도서관은 해마다 보고서를 펴낸다. 똠방각하와 펲시콜라도 왔다."  # two syllables that EUC-KR lacks
META = '<html><head><meta charset="{}"></head><body>{}</body></html>'


def page(label: str, text: str = KOREAN, codec: str = "cp949") -> bytes:
    return META.format(label, text).encode(codec)


@pytest.mark.parametrize("label", ["euc-kr", "EUC-KR", "ks_c_5601-1987", "korean", "x-windows-949", "cp949"])
def test_every_name_of_euc_kr_is_read_as_cp949(label):
    found = decode(page(label))
    assert (found.charset, found.how, found.lying) == ("cp949", "meta", False)
    assert KOREAN in found.text
    with pytest.raises(UnicodeDecodeError):
        page(label).decode("euc_kr")


def test_the_header_is_asked_before_the_markup():
    found = decode(page("euc-kr"), "text/html; charset=EUC-KR")
    assert (found.charset, found.how, found.declared) == ("cp949", "header", "euc-kr")


def test_an_xml_declaration_counts_as_markup():
    body = f'<?xml version="1.0" encoding="EUC-KR"?><html><body>{KOREAN}</body></html>'.encode("cp949")
    assert decode(body, "text/html").how == "meta"


def test_a_header_that_says_utf8_over_a_cp949_body_is_noticed():
    found = decode(f"<p>{KOREAN}</p>".encode("cp949"), "text/html; charset=utf-8")
    assert (found.charset, found.how, found.declared, found.lying) == ("cp949", "body", "utf-8", True)
    assert KOREAN in found.text


def test_a_header_that_says_euc_kr_over_a_utf8_body_is_noticed():
    found = decode(f"<p>{KOREAN}</p>".encode(), "text/html; charset=euc-kr")
    assert (found.charset, found.lying) == ("utf-8", True)
    latin = decode("<p>café, naïve, déjà vu, Zoë</p>".encode(), "text/html; charset=euc-kr")  # valid in both
    assert "café" in latin.text and latin.lying


def test_a_true_meta_beats_a_lying_header():
    found = decode(page("euc-kr"), "text/html; charset=utf-8")
    assert (found.charset, found.how, found.lying) == ("cp949", "meta", True)


@pytest.mark.parametrize("codec", ["utf-8", "cp949"])
def test_the_servers_default_latin1_is_not_believed(codec):
    found = decode(f"<p>{KOREAN}</p>".encode(codec), "text/html; charset=ISO-8859-1")
    assert (found.charset, found.lying) == (codec, True)
    assert KOREAN in found.text


MIXED = "<p>國民의 權利와 義務는 大韓民國憲法 第一條에 있다</p>"


@pytest.mark.parametrize("header", ["ISO-8859-1", "windows-1252", "us-ascii"])
@pytest.mark.parametrize(("text", "damage"), [(KOREAN, b"\xff"), (MIXED, b""), (MIXED, b"\xff")])
def test_damage_or_hanja_does_not_make_the_servers_default_true(header, text, damage):
    found = decode(page("euc-kr", text).replace(b"</body>", damage + b"</body>"), f"text/html; charset={header}")
    assert (found.charset, found.lying, found.repaired) == ("cp949", True, len(damage))
    assert text in found.text


def test_a_page_cut_inside_its_last_syllable_is_not_latin():
    found = decode(f"<p>{KOREAN}".encode("cp949")[:-1] + b"\xb4", "text/html; charset=ISO-8859-1")
    assert (found.charset, found.how, found.lying) == ("cp949", "repaired", True)


def test_real_latin1_stays_latin1():
    found = decode("<p>Straße café</p>".encode("latin-1"), "text/html; charset=ISO-8859-1")
    assert (found.charset, found.lying) == ("cp1252", False)
    assert "Straße café" in found.text
    for text in (
        "<p>Le café du déjà vu à la française, où l'été fût naïf.</p>",
        "<p>Ärger über größere Öfen fällt auf.</p>",
    ):
        for meta in ("utf-8", "iso-8859-1"):
            found = decode(page(meta, text * 5, "latin-1"), "text/html; charset=ISO-8859-1")
            assert (found.charset, found.lying, found.repaired) == ("cp1252", False, 0), (meta, text)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("<p>It\u2019s what we don\u2019t know, and that\u2019s it.</p>", "cp1252"),
        ("<p>It\u2019s what we don\u2019t know, and that\u2019s it.</p>" * 9 + "Copyright \u00a9 2009 ", "cp1252"),
        ("<p>Ärzte und Äpfel, Ägypten</p>" * 10 + "straße ", "cp1252"),
        ("<p>Åker Åsa Ånge</p>" * 10 + "för ", "cp1252"),
        ("<p>これは日本語のページです。東京に行きました。</p>" * 10, "euc_jp"),
    ],
)
@pytest.mark.parametrize("header", ["text/html; charset=ISO-8859-1", "text/html"])
def test_what_only_looks_like_cp949_is_not_read_as_it(text, codec, header):
    assert decode(text.encode(codec), header).charset != "cp949"


@pytest.mark.parametrize(
    "text", ["<title>공지사항</title>", "<p>동대문구청 민원실</p>", "<p>김 씨와 이 씨가 왔다.</p>"]
)
def test_a_short_korean_page_without_a_word_on_its_charset(text):
    for header in ("", "text/html; charset=ISO-8859-1"):
        assert decode(text.encode("cp949"), header).text == text


@pytest.mark.parametrize(("mark", "codec"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le")])
def test_a_byte_order_mark_decides(mark, codec):
    found = decode(KOREAN.encode(mark), "text/html; charset=euc-kr")
    assert (found.text, found.charset, found.how) == (KOREAN, codec, "bom")


@pytest.mark.parametrize("codec", ["utf-8", "cp949"])
def test_an_undeclared_page_is_recognised_by_its_bytes(codec):
    found = decode(f"<p>{KOREAN}</p>".encode(codec))
    assert (found.charset, found.how, found.lying) == (codec, "body", False)


@pytest.mark.parametrize("codec", ["utf-8", "cp949"])
def test_one_bad_byte_costs_one_character(codec):
    body = (KOREAN * 20).encode(codec)
    cut = body.index(b" ")
    found = decode(body[:cut] + b"\xff" + body[cut:], f"text/html; charset={codec}")
    assert (found.charset, found.how, found.repaired) == (codec, "repaired", 1)
    assert found.text.count("\ufffd") == 1
    assert found.text.replace("\ufffd", "") == KOREAN * 20


def test_a_cp949_include_inside_a_utf8_page_is_read():
    body = (KOREAN * 20).encode() + b"\n" + "아래글".encode("cp949") + b"\n"
    found = decode(body, "text/html; charset=utf-8")
    assert found.text.endswith("아래글\n") and found.how == "repaired"


def test_damaged_chinese_does_not_become_korean():
    body = ("本公司专业生产各种产品,欢迎新老客户来电咨询。" * 20).encode("gb18030")
    body = body[:41] + b"\xff" + body[41:]
    found = decode(body, "text/html; charset=gb2312")
    assert found.charset == "gb18030"
    assert decode(body).charset != "cp949"


def test_unknown_labels_are_passed_over():
    assert canonical("utf-eight") is None
    assert canonical("rot13") is None
    assert decode(page("utf-eight")).charset == "cp949"


COMMON = "국립도서관은 해마다 보고서를 펴낸다. 대한민국의 역사와 문화를 소개하는 글이다."  # within KS X 1001


@pytest.mark.parametrize("label", ["johab", "x-johab", "ks_c_5601-1992"])
def test_johab_is_read_where_it_is_declared(label):
    found = decode(page(label, COMMON, "johab"))
    assert (found.charset, found.how, found.lying) == ("johab", "meta", False) and COMMON in found.text
    every = "".join(map(chr, range(0xAC00, 0xD7A4)))  # Johab has all syllables
    assert every in decode(page(label, COMMON * 9 + every, "johab")).text


def test_a_false_johab_is_noticed():
    found = decode(page("johab", COMMON))
    assert (found.charset, found.how, found.lying) == ("cp949", "body", True) and COMMON in found.text


@pytest.mark.parametrize(("header", "how"), [("text/html; charset=ISO-2022-KR", "header"), ("", "body")])
def test_iso_2022_kr_is_read_where_it_is_declared_or_opens_with_its_escape(header, how):
    found = decode(f"<p>{COMMON}</p>".encode("iso2022_kr"), header)
    assert (found.charset, found.how, found.lying) == ("iso2022_kr", how, False) and COMMON in found.text


@pytest.mark.parametrize("header", ["utf-8", "iso-8859-1", "euc-kr"])
def test_iso_2022_kr_in_the_markup_under_another_header(header):
    found = decode(page("iso-2022-kr", "국립도서관은 보고서를 펴낸다.", "iso2022_kr"), f"text/html; charset={header}")
    assert (found.charset, found.lying) == ("iso2022_kr", True)
    assert "국립도서관은 보고서를 펴낸다." in found.text


def test_iso_2022_kr_over_plain_ascii_or_damage():
    assert decode(b"<p>abc</p>", "text/html; charset=iso-2022-kr").charset == "utf-8"
    body = f"<p>{COMMON}</p>".encode("iso2022_kr")
    found = decode(body + b"\xff", "text/html; charset=iso-2022-kr")
    assert (found.charset, found.how, found.repaired) == ("iso2022_kr", "repaired", 1) and COMMON in found.text


def test_utf16_is_believed_only_where_it_can_be():
    assert decode(page("utf-16", codec="utf-8")).charset == "utf-8"  # markup that can be read is not in UTF-16
    header = "text/html; charset=utf-16le"
    assert decode(f"<p>{KOREAN}</p>".encode("utf-16-le"), header).text == f"<p>{KOREAN}</p>"
    found = decode(f"<p>{KOREAN}</p>".encode(), header)
    assert (found.charset, found.how, found.lying) == ("utf-8", "body", True)


@pytest.mark.parametrize("header", ["", "text/html; charset=utf-8"])
def test_a_byte_order_mark_before_cp949_is_not_believed(header):
    found = decode(b"\xef\xbb\xbf" + KOREAN.encode("cp949"), header)
    assert (found.text, found.charset, found.lying) == (KOREAN, "cp949", bool(header))


@pytest.mark.parametrize(
    "label", ["unicode_escape", "raw_unicode_escape", "punycode", "idna", "utf-7", "rot13", "mbcs"]
)
def test_codecs_that_no_page_of_the_web_has_are_not_used(label):
    assert canonical(label) is None
    text = "<p>\\uac00 +AGE- xn--zb \\x41</p>"
    assert decode(text.encode(), f"text/html; charset={label}").text == text


def test_damage_all_over_a_large_page_takes_no_time():
    import time

    body = (KOREAN.encode() + b"\xff") * 900 + b"x" * (3 << 20)
    began = time.process_time()
    found = decode(body, "text/html; charset=utf-8")
    assert (found.charset, found.repaired) == ("utf-8", 900) and time.process_time() - began < 5


@pytest.mark.data
def test_real_pages_have_the_charset_they_are_kept_in(data):
    """109 pages in EUC-KR and 400 in UTF-8: with the header, the markup alone, neither, and with a false header."""
    import tarfile

    pages = []
    for name, codec in (("apache_manual_euckr", "cp949"), ("libreoffice_help_ko_sample", "utf-8")):
        with tarfile.open(data / f"html/{name}/{name}.tar.gz") as archive:
            for member in archive.getmembers():
                if member.isfile() and (codec == "utf-8" or member.name.endswith("euc-kr")):
                    pages.append((archive.extractfile(member).read(), codec))
    assert len(pages) == 509
    for header in ("", "text/html; charset=ISO-8859-1", "text/html; charset={}"):
        wrong = [codec for body, codec in pages if decode(body, header.format(codec)).charset != codec]
        assert not wrong, (header, len(wrong))
    other = {"cp949": "utf-8", "utf-8": "euc-kr"}
    for body, codec in pages:
        found = decode(body, f"text/html; charset={other[codec]}")
        assert found.charset == codec and found.lying
    import re

    for body, codec in pages:  # no declaration at all
        bare = re.sub(rb"(?i)charset\s*=\s*[\"']?[\w-]+|encoding=\"[\w-]+\"", b"", body)
        assert decode(bare).text == bare.decode(codec)


@settings(deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            "",
            "text/html; charset=utf-8",
            "x; charset=euc-kr",
            "x; charset=zlib",
            "x; charset=johab",
            "x; charset=utf-16",
            "x; charset=iso-2022-kr",
        ]
    ),
)
def test_no_bytes_raise(body, header):
    found = decode(body, header)
    assert found.how in {"bom", "header", "meta", "body", "repaired", "detected"}


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=4, max_size=80))
def test_any_hangul_survives_cp949(text):
    assert text in decode(page("euc-kr", text), "").text
