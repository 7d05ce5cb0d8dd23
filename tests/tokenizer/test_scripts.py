from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenizer.scripts import Scripts

HANGUL, JAMO, HANJA = Scripts(), Scripts(("hangul", "jamo")), Scripts(("hangul", "hanja"))
ALL = Scripts(("hangul", "jamo", "hanja"))


@pytest.mark.parametrize("raw", [" 한국", "가", "힣", " 뷁"])
def test_hangul_may_stand_alone(raw: str) -> None:
    assert HANGUL.only(raw.encode())


def test_parts_of_a_syllable_only_where_no_other_script_begins_so() -> None:
    for character in ("가", "뷁", "한", "힣"):
        assert HANGUL.only(character.encode()[:2]) and HANGUL.only("한".encode() + character.encode()[:2])
    assert HANGUL.only(b"\xec") and HANGUL.only(b" \xec")
    assert not HANGUL.only(b"\xea") and not HANGUL.only(b" \xea")  # Yi, Vai, Javanese ... begin with EA
    assert not HANGUL.only("ꀀ".encode()[:2])
    for other in ("a", "", " ", "한a", "a한", "  한", "漢", "ㅋ", "é", "한\n"):
        assert not HANGUL.only(other.encode())
    assert not HANGUL.only("한".encode()[1:]) and not HANGUL.only(b"\xec\x41") and not HANGUL.only(b"\xf0\x9f")


def test_jamo_and_hanja_by_setting() -> None:
    assert JAMO.only("ㅋㅋ".encode()) and HANJA.only(" 大韓".encode()) and ALL.only("大한ㅋ".encode())
    assert not JAMO.only("大".encode()) and not HANJA.only("ㅋ".encode())
    assert JAMO.only(b"\xe3\x85")  # U+3140 to U+317F are all jamo
    assert not JAMO.only(b"\xe3\x84")  # Bopomofo begins so, too
    assert HANJA.only(b"\xe5") and not HANJA.only(b"\xe4")  # U+4DC0: hexagrams
    assert not HANJA.only(b"\xe4\xb7") and HANJA.only(b"\xe4\xb8") and not HANJA.only(b"\xef")


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(min_size=1, max_size=4),
    names=st.sets(st.sampled_from(["hangul", "jamo", "hanja"])),
    cut=st.integers(0, 2),
)
def test_a_prefix_that_is_accepted_cannot_begin_another_script(text: str, names: set[str], cut: int) -> None:
    scripts = Scripts.of(names)
    raw = text.encode("utf-8", "surrogatepass")
    raw = raw[: len(raw) - cut]
    if scripts.only(raw) and cut == 0:
        assert scripts.touched.search(text)
    elif scripts.only(raw):
        assert (
            scripts.touched.search(text[-1])
            or "\ud800" <= text[-1] <= "\udfff"
            or len(text[-1].encode("utf-8", "surrogatepass")) <= cut
        )


def test_words_of_each_choice() -> None:
    text = "API를 호출하면 ㅋㅋㅋ 大韓民國은  (가나)ㅏ다"
    assert HANGUL.word.findall(text) == ["를", " 호출하면", "은", "가나", "다"]
    assert JAMO.word.findall(text) == ["를", " 호출하면", " ㅋㅋㅋ", "은", "가나", "ㅏ다"]
    assert HANJA.word.findall(text) == ["를", " 호출하면", " 大韓民國은", "가나", "다"]


def test_the_scripts_of_pieces() -> None:
    assert Scripts.found([]) == HANGUL == Scripts.found(["가", " 나"])
    assert Scripts.found(["ㅋ"]) == JAMO and Scripts.found([" 大", "ㅋ"]) == ALL
    assert Scripts.of(["hanja", "hangul"]) == HANJA
