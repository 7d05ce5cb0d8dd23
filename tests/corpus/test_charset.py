from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.charset import canonical, decode

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


def test_real_latin1_stays_latin1():
    found = decode("<p>Straße café</p>".encode("latin-1"), "text/html; charset=ISO-8859-1")
    assert (found.charset, found.lying) == ("cp1252", False)
    assert "Straße café" in found.text


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


@given(
    st.binary(max_size=300), st.sampled_from(["", "text/html; charset=utf-8", "x; charset=euc-kr", "x; charset=zlib"])
)
def test_no_bytes_raise(body, header):
    found = decode(body, header)
    assert found.how in {"bom", "header", "meta", "body", "repaired", "detected"}


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=4, max_size=80))
def test_any_hangul_survives_cp949(text):
    assert text in decode(page("euc-kr", text), "").text
