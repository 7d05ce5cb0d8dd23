"""The presets are paths that the reader of nested JSON takes, and that find what they name."""

from __future__ import annotations

import jmespath
import pytest

from corpus.sources.layouts import PRESETS

FIELDS = {"documents", "text", "id", "title", "url", "date"}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_says_where_documents_and_text_lie(name: str):
    preset = PRESETS[name]
    assert {"documents", "text"} <= set(preset) <= FIELDS
    assert preset["documents"] == "" or "[]" in preset["documents"]
    for field in set(preset) - {"documents"}:
        jmespath.compile(preset[field])


def test_the_text_of_two_layouts():
    newspaper = {"id": "N", "metadata": {"title": "제목"}, "paragraph": [{"form": "가."}, {"form": "나."}]}
    assert jmespath.search(PRESETS["modu-newspaper"]["text"], newspaper) == ["가.", "나."]
    assert jmespath.search(PRESETS["modu-newspaper"]["title"], newspaper) == "제목"
    paper = {"summary_entire": [{"orginal_text": "가"}], "summary_section": [{"orginal_text": "나"}]}
    assert jmespath.search(PRESETS["aihub-papers"]["text"], paper) == ["가", "나"]
