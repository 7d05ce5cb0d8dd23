from __future__ import annotations

from datatrove.data import Document

from corpus.filters.mojibake import Mojibake


def fault(text, **options):
    found = Mojibake(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


TEXT = "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며, 누구나 읽을 수 있다. "


def test_ordinary_text_in_three_scripts():
    for text in (TEXT, TEXT + "뷁", "Ein Straßencafé in Łódź, naïve übung", "國立圖書館", "“인용” – 그리고 ‘말’…"):
        assert fault(text) is None


def test_utf8_read_as_latin1():
    assert fault("안녕하세요 반갑습니다".encode().decode("cp1252", "ignore"))[0] == "latin"
    assert fault("café déjà vu".encode().decode("latin-1"))[0] == "latin"


def test_utf8_read_as_cp949():
    broken = (TEXT * 3).encode().decode("cp949", "replace")
    assert fault(broken)[0] == "replacements"
    assert fault(broken.replace("\ufffd", "?"))[0] == "syllables"


def test_the_well_known_signature():
    assert fault("안녕 占쏙옙占쏙옙")[0] == "replacements"


def test_a_rare_name_in_a_short_text_is_no_sign():
    assert fault("똠방각하 펲시") is None
