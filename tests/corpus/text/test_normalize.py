from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.text.normalize import normalize

INVISIBLE = "\u200b\u200d\ufeff\xad\u2060"
ALPHABET = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from(f"ㅋㅎㅠㅜ가각힣ᄒ\u1161\u11ab0９１\n\r\t \u3000\x85\u2028😀‍❤️ｇ！{INVISIBLE}"),
)
TEXT = st.text(ALPHABET, max_size=120)
LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")


def digits(text: str) -> str:
    return "".join(str(unicodedata.digit(one)) for one in text if unicodedata.category(one) == "Nd")


def visible(text: str) -> str:
    kept = (one for one in text if unicodedata.category(one) not in ("Cf", "Cc") or one in "\n\t")
    return unicodedata.normalize("NFC", "".join(kept))


@settings(deadline=None)
@given(TEXT)
@example("ㅋㅎㅋㅎㅋㅎㅋㅎㅎㅎㅎㅎㅋㅎ")
@example("ㅋㅋ\u200bㅋㅋ")
@example("❤\u200d\u200d❤")
def test_idempotent(text):
    once = normalize(text)
    assert normalize(once) == once


@settings(deadline=None)
@given(TEXT)
def test_no_digit_is_lost(text):
    assert digits(normalize(text)) == digits(text)


@settings(deadline=None)
@given(TEXT)
def test_no_newline_is_lost(text):
    assert normalize(text).count("\n") == len(LINE_ENDS.findall(text))


def syllables(text: str) -> str:
    return "".join(one for one in text if "가" <= one <= "힣")


@settings(deadline=None)
@given(TEXT)
@example("ᄒ\u200b\u1161\u11ab ㅋㅋㅋㅋㅋ가")
@example("가\u200d나\u3164다\uffa0라")
def test_no_syllable_is_lost_among_anything(text):
    """Every syllable of the text stands in its normal form, in order; jamo that compose may add some."""
    # with what hides taken out, a final consonant may join the syllable before it: leads and vowels stay what they are
    composed = syllables(unicodedata.normalize("NFC", visible(text)))
    assert len(syllables(normalize(text))) >= len(syllables(unicodedata.normalize("NFC", text)))
    assert syllables(normalize(text)) == composed


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=50), st.data())
def test_syllables_stay_in_order_whatever_stands_between(text, data):
    mixed = "".join(
        one + data.draw(st.text(st.sampled_from("\u200b\ufeff\xad ㅋㅠ１a,\n\t\u3000"), max_size=3)) for one in text
    )
    assert syllables(normalize(mixed)) == text


@settings(deadline=None)
@given(TEXT)
def test_nothing_is_made_up(text):
    """No digit, newline or letter appears that was not there, and nothing grows."""
    found = normalize(text)
    assert len(found) <= len(unicodedata.normalize("NFC", text))
    assert not re.search("[\u200b\ufeff\xad\x00\r]", found)


@pytest.mark.data
def test_real_text_loses_nothing(data):
    """30 MB and more of Korean of every kind: the same digits, syllables and line ends, and a second time no change."""
    import gzip
    import json

    size = 0
    for path in sorted((data / "corpus_ko").rglob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file):
                if number % 10:
                    continue
                text = json.loads(line)["text"]
                found = normalize(text)
                size += len(text.encode())
                composed = unicodedata.normalize("NFC", text)
                assert digits(found) == digits(text) and syllables(found) == syllables(composed), path
                assert found.count("\n") == len(LINE_ENDS.findall(text)) and normalize(found) == found
    assert size > 10 << 20


@settings(deadline=None)
@given(st.text(st.sampled_from("가각힣뷁똠ㅋㅎㅠ \n1a.\u200b\u3000"), max_size=80))
def test_no_syllable_is_lost(text):
    syllables = [one for one in visible(text) if "가" <= one <= "힣"]
    assert [one for one in normalize(text) if "가" <= one <= "힣"] == syllables


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("한국어", "한국어"),
        (unicodedata.normalize("NFD", "한국어 각"), "한국어 각"),
        ("ᄒ\u200b\u1161\u11ab", "한"),
        ("크ㅋㅋㅋㅋㅋㅋㅋ큭", "크ㅋㅋㅋ큭"),
        ("ㅋㅋㅋ", "ㅋㅋㅋ"),
        ("ㅜㅠㅜㅠㅜㅠㅜㅠㅜㅠ", "ㅜㅠㅜㅠㅜㅠ"),
        ("하하하하하하", "하하하하하하"),
        ("Ｐｙｔｈｏｎ　３．１２！", "Python 3.12!"),
        ("값\xa01,000원", "값 1,000원"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("보\u00ad이\ufeff지\u200b않는\x00", "보이지않는"),
        ("줄 끝  \t\n다음", "줄 끝\n다음"),
        ("    code\n\tcode", "    code\n\tcode"),
        ("👨\u200d👩\u200d👧 가\u200d나", "👨\u200d👩\u200d👧 가나"),
        ("00000 11111", "00000 11111"),
    ],
)
def test_examples(text, wanted):
    assert normalize(text) == wanted
