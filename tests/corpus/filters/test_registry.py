from __future__ import annotations

import subprocess
import sys

import pytest
from datatrove.data import Document

from corpus.filters import build, check, table
from pipeline.errors import ConfigError, InputError
from tests.toys import paragraphs


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"word_cont": {"low": 1}}, "no rule 'word_cont'; did you mean 'word_count'"),
        ({"word_count@kor": {"low": 1}}, "language ID knows no 'kor'; did you mean 'ko'"),
        ({"word_count@": {"low": 1}}, "a language stands after @"),
        (
            {"word_count@ko": {"lowest": 1}},
            "refine.thresholds.word_count@ko: the rule has no option 'lowest'; did you mean 'low'",
        ),
        ({"word_count": {"low": "many"}}, "refine.thresholds.word_count.low must be a number, not 'many'"),
        ({"word_count": {"korean": 1}}, "must be true or false"),
        ({"terminal_lines": {"endings": "english"}}, "must be stock or korean"),
        ({"url_lists": {"block": "example.com"}}, "refine.thresholds.url_lists.block must be a list of texts"),
        ({"datatrove:GopherFilter": {}}, "datatrove has no filter 'GopherFilter'"),
        ({"datatrove:RegexFilter": {"regex": "x"}}, "no argument 'regex'; did you mean 'regex_exp'"),
        ({"datatrove:os": {}}, "datatrove has no filter 'os'"),
    ],
)
def test_what_no_rule_has_is_refused(thresholds, message):
    with pytest.raises(ConfigError) as caught:
        check(thresholds)
    assert message in str(caught.value) and caught.value.code == 2


def test_options_are_set_for_all_languages_or_for_one():
    thresholds = {"word_count@ko": {"low": 3}, "word_count": {"low": 7}, "word_count@other": {"high": 9}}
    assert table("korean", thresholds, "ko")["word_count"]["low"] == 3
    assert table("korean", thresholds, "en")["word_count"] == {"low": 7, "high": 9, "korean": False}
    assert table("korean", thresholds, "ko")["word_count"]["high"] == 100_000


def test_a_rule_can_be_left_out_or_taken_in():
    assert "curly_bracket" not in table("korean", {}, "ko") and "curly_bracket" in table("stock", {}, "ko")
    assert "curly_bracket" in table("korean", {"curly_bracket": {"enabled": True}}, "ko")
    assert "word_count" not in table("stock", {"word_count": {"enabled": False}}, "ko")


def test_cheap_rules_are_asked_first():
    rules = list(build("korean", {}, "ko"))
    assert rules[:3] == ["url_lists", "url_words", "word_count"] and rules.index("hangul_share") < rules.index(
        "duplicate_ngrams"
    )


def test_the_stock_preset_drops_korean_and_the_korean_one_does_not():
    text = "\n\n".join(paragraphs("ko", 4))
    assert not _stays("stock", text, "ko") and _stays("korean", text, "ko")


def _stays(preset, text, lang):
    return all(rule.fault(Document(text=text, id="1")) is None for rule in build(preset, {}, lang).values())


def test_checking_names_imports_no_rule():
    code = (
        "import sys; from corpus.filters import check, table; check({'word_count': {'low': 3}});"
        "table('korean', {}, 'ko');"
        "print([name for name in sys.modules if name.startswith(('datatrove', 'resiliparse', 'torch', 'pyarrow'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_filter_of_datatrove_can_be_a_rule(monkeypatch):
    """Its word splitter wants spaCy; eojeol serve it as well."""
    import datatrove.pipeline.filters.gopher_repetition_filter as gopher

    monkeypatch.setattr(gopher, "split_into_words", lambda text, language: text.split())
    rules = build("korean", {"datatrove:GopherRepetitionFilter": {"dup_line_frac": 0.2}}, "ko")
    assert list(rules)[-1] == "datatrove:GopherRepetitionFilter"
    answer = rules["datatrove:GopherRepetitionFilter"].filter(Document(text="같은 줄\n같은 줄\n다른 줄이다", id="1"))
    assert answer == (False, "dup_line_frac")


def test_lists_come_from_files_and_options_together(tmp_path):
    (tmp_path / "block.txt").write_text("# casinos\nbad.example\n\nshop.example/spam # below it\n", encoding="utf-8")
    (tmp_path / "words.txt").write_text("욕설\n", encoding="utf-8")
    lists = {"block": str(tmp_path / "block.txt"), "allow": None, "bad_words": str(tmp_path / "words.txt")}
    rules = build("korean", {"url_lists": {"block": ["worse.example"]}}, "ko", lists)
    block = rules["url_lists"]
    for url, stays in (
        ("https://www.bad.example/a", False),
        ("http://sub.bad.example/", False),
        ("http://notbad.example/", True),
        ("http://shop.example/", True),
        ("http://shop.example/spam/1", False),
        ("http://worse.example/", False),
    ):
        found = block.fault(Document(text="", id="1", metadata={"url": url}))
        assert (found is None) == stays, url
    doc = Document(text="욕설을 쓰지 맙시다.", id="1", metadata={"url": ""})
    assert rules["bad_words"].fault(doc) is None
    assert doc.metadata["notes"] == {"bad_words": {"count": 1, "share": round(1 / 3, 6)}}
    again = build("korean", {"url_lists": {"block": ["worse.example"]}}, "ko", lists)
    assert len(again["url_lists"].block) == 3


def test_a_list_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "block.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="block.txt is not a list of one entry a line"):
        build("korean", {}, "ko", {"block": str(tmp_path / "block.txt")})
