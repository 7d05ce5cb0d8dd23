from __future__ import annotations

from datatrove.data import Document

from corpus.filters.duplicate_ngrams import DuplicateNgrams


def fault(text, **options):
    found = DuplicateNgrams(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_shares():
    sentence = "the same five words again and again in a row "
    assert fault(sentence * 5)[0] == "n5"
    assert fault("every word here is another one and none of them comes a second time") is None
    assert fault("") is None


def test_the_n_that_is_broken_is_named():
    text = " ".join(f"w{n}" for n in range(40)) + " " + " ".join(f"w{n}" for n in range(10))
    assert fault(text, n5=1, n6=1, n7=1, n8=1, n9=1)[0] == "n10"


def test_code_can_be_left_out():
    text = "이 예제는 상태를 바꾸는 방법을 보여 줍니다.\n" + "const a = b + c * d ;\n" * 9
    assert fault(text) is not None
    assert fault(text, prose=True) is None
