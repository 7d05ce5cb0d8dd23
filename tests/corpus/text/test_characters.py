import sys

from corpus.text import characters


def test_every_code_point_is_what_python_says():
    table = characters._table()
    for bit, said in (
        (characters.SPACE, str.isspace), (characters.ALNUM, str.isalnum), (characters.ALPHA, str.isalpha),
    ):  # fmt: skip
        wrong = [code for code in range(characters.TOP) if bool(table[code] & bit) != said(chr(code))]
        assert not wrong


def test_the_table_ends_above_every_letter_digit_and_space():
    above = map(chr, range(characters.TOP, sys.maxunicode + 1))
    assert not any(one.isalnum() or one.isspace() for one in above)


def test_scripts_are_of_letters_alone():
    table = characters._table()
    said = {one: int(table[ord(one)]) >> characters.SCRIPT for one in "가ㅋあ漢aé1 .Ж"}
    assert said["가"] == said["ㅋ"] == characters.HANGUL and said["あ"] == characters.KANA
    assert said["漢"] == characters.HAN and said["a"] == said["é"] == characters.LATIN
    assert said["Ж"] == characters.LETTER and said["1"] == said[" "] == said["."] == characters.OTHER
