from __future__ import annotations

import pytest

from corpus.pages import extract as room
from corpus.pages.extract import extract
from corpus.pages.fallback import by_trafilatura, is_doubtful

SENTENCE = "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며, 누구나 읽을 수 있다. "


def test_what_is_doubtful():
    assert is_doubtful(1000, "짧다") and not is_doubtful(1000, "가" * 150)
    assert not is_doubtful(300, "")  # a page with little prose has little text


def test_trafilatura_answers_and_odd_input_does_not_raise():
    page = f"<html><body><article><h1>제목</h1><p>{SENTENCE * 4}</p></article></body></html>"
    assert by_trafilatura(page).count("누구나") == 4
    for odd in ("", "<", "\x00", "<html></html>"):
        assert by_trafilatura(odd) == ""


@pytest.mark.parametrize(("other", "how"), [(SENTENCE * 9, "trafilatura"), ("", "rules"), ("짧다", "rules")])
def test_the_longer_answer_counts(monkeypatch, other, how):
    hidden = f'<div style="display:none"><p>{SENTENCE * 10}</p></div>' * 2
    monkeypatch.setattr(room, "by_trafilatura", lambda html: other)
    page = f"<html><body>{hidden}<div hidden><p>{SENTENCE * 10}</p></div><p>문을 열지 않은 쪽이다.</p></body></html>"
    assert extract(page).how == how
