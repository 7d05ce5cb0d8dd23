from __future__ import annotations

from datatrove.data import Document

from corpus.filters.duplicate_lines import DuplicateLines


def fault(text, **options):
    found = DuplicateLines(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_two_shares():
    assert fault("a\na\na\nbbb") == ("share", 0.5, 0.3)
    long = "a line that is much longer than the others"
    assert fault("\n".join([long, long, "a", "b", "c", "d"]))[0] == "characters"
    assert fault("a\nb\nc\nd") is None


def test_short_lines_and_code_can_be_left_out():
    text = "\n".join(
        [
            "구문",
            "첫 함수의 값을 돌려주는 방법을 설명합니다.",
            "구문",
            "예제",
            "구문",
            "예제",
            "return value_of_it(argument);",
        ]
    )
    assert fault(text)[0] == "share"
    assert fault(text, shortest=20) is None
    code = "\n".join(["import { useState } from 'react';"] * 5 + ["이 예제는 상태를 바꾸는 방법을 보여 줍니다."])
    assert fault(code, shortest=20)[0] == "share"
    assert fault(code, shortest=20, prose=True) is None


def test_markup_does_not_make_a_heading_long():
    heading = '### <a name="return-value-of-this-method"></a>반환 값'
    text = "\n".join(
        f"{heading}\n이 메서드는 {number}번째 값을 돌려주며 실패하면 예외를 던집니다." for number in range(4)
    )
    assert fault(text, shortest=20) is not None
    assert fault(text, shortest=20, prose=True) is None


def test_few_repeats_are_none():
    title = "한글 입력기를 설치하고 설정하는 방법 안내"
    assert fault(f"{title}\n{title}\n본문입니다.", few=1)[0] == "share"
    assert fault(f"{title}\n{title}\n본문입니다.", few=3) is None
