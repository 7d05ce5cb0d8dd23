from __future__ import annotations

from datatrove.data import Document

from corpus.filters.boilerplate_lines import BoilerplateLines


def fault(text, **options):
    found = BoilerplateLines(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_share():
    assert fault("로그인\n회원가입\n국립도서관은 해마다 보고서를 펴낸다.") == ("high", 2 / 3, 0.3)
    assert fault("국립도서관은 해마다 보고서를 펴낸다.\n누구나 읽는다.\n값은 없다.\n이전글") is None
