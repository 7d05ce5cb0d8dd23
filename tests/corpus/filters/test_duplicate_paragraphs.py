from __future__ import annotations

from datatrove.data import Document

from corpus.filters.duplicate_paragraphs import DuplicateParagraphs


def fault(text, **options):
    found = DuplicateParagraphs(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_two_shares():
    assert fault("a\n\na\n\nb") == ("share", 1 / 3, 0.3)
    long = "a paragraph that is much longer than the others"
    assert fault("\n\n".join([long, long, "a", "b", "c", "d"]))[0] == "characters"
    assert fault("a\nb\n\nc") is None


def test_headings_can_be_left_out():
    text = "구문\n\n첫 함수의 값을 돌려주는 방법을 설명합니다.\n\n구문\n\n예제\n\n예제"
    assert fault(text)[0] == "share"
    assert fault(text, shortest=20, prose=True) is None


def test_markup_does_not_make_a_heading_long():
    heading = '### <a name="return-value-of-this-method"></a>반환 값'
    text = "\n\n".join(f"{heading}\n\n이 메서드는 {number}번째 값을 돌려줍니다." for number in range(4))
    assert fault(text, shortest=20) is not None
    assert fault(text, shortest=20, prose=True) is None
