from __future__ import annotations

from datatrove.data import Document

from corpus.filters.bullet_lines import BulletLines


def fault(text, **options):
    found = BulletLines(**options).fault(Document(text=text, id="1"))
    return None if found is None else (found.option, found.value, found.threshold)


def test_the_share():
    assert fault("\n".join(["- a"] * 10)) == ("high", 1.0, 0.9)
    assert fault("\n".join(["- a"] * 9 + ["text"])) is None


def test_korean_bullets():
    text = "\n".join(["○ 하나", "■ 둘", "ㅇ 셋", "※ 넷"])
    assert fault(text) is None
    assert fault(text, korean=True) == ("high", 1.0, 0.9)
    assert fault("ㅇㅇ 맞아요", korean=True) is None
