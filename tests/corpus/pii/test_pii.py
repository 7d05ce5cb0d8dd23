"""Personal data found and masked: precision and recall on made text, and what masking never does."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.pii import ORDER, PLACEHOLDERS, Span, find, mask
from corpus.text.normalize import normalize
from tests.corpus.pii.labelled import ODD, PARTICLES, cases, negatives

PRECISION, RECALL, FALSE = 0.995, 0.98, 0.001  # floors, and the ceiling for texts without personal data
ODD_RECALL = 0.75


def held(text: str) -> Counter[tuple[str, str]]:
    return Counter((span.kind, text[span.start : span.end]) for span in find(text))


def test_precision_and_recall_on_made_cases_of_every_kind():
    right, wanted, got = Counter(), Counter(), Counter()
    for case in cases(seed=11, count=1500):
        true, found = Counter(case.held), held(case.text)
        for side, counted in ((right, true & found), (wanted, true), (got, found)):
            for (kind, _), count in counted.items():
                side[kind] += count
    assert sum(wanted.values()) > 2000
    assert set(wanted) == set(PLACEHOLDERS)
    for kind in wanted:
        assert right[kind] / wanted[kind] >= RECALL, kind
        assert right[kind] / got[kind] >= PRECISION, kind


def test_what_only_looks_like_personal_data_stays():
    texts = negatives(seed=11, count=3000)
    wrong = [(text, find(text)) for text in texts if find(text)]
    assert len(wrong) <= FALSE * len(texts), wrong[:10]


def test_forms_that_no_rule_was_written_for():
    found = sum(held(text) == Counter([(kind, value)]) for kind, value, text in ODD)
    assert found / len(ODD) >= ODD_RECALL


def test_the_masked_text_is_the_text_with_placeholders_and_agreeing_particles():
    particles = 0
    for case in cases(seed=12, count=600):
        masked = mask(case.text)
        assert masked.counts == dict(sorted(Counter(kind for kind, _ in case.held).items()))
        first = PLACEHOLDERS[case.held[0][0]][0]
        if case.particle:
            closed, opened = next(pair for pair in PARTICLES if case.particle in pair)
            form = closed if first == "<이메일>" and closed != "으로" else opened
            assert f"{first}{form} " in masked.text, masked.text
            particles += 1
        assert masked.text.count("\n") == case.text.count("\n")
    assert particles > 100


def test_masking_twice_changes_nothing():
    for text in [case.text for case in cases(seed=13, count=600)] + [text for _, _, text in ODD]:
        once = mask(text)
        assert mask(once.text) == (once.text, {})


PIECES = st.sampled_from(
    [
        "010",
        "1588",
        "02",
        "1234",
        "5678",
        "123",
        "45",
        "67890",
        "800101",
        "1234567",
        "6",
        "-",
        "-",
        ".",
        " ",
        ")",
        "(",
        "@",
        "naver.com",
        "kim",
        "계좌",
        "국민",
        "전화",
        "주민",
        "은",
        "이",
        "으로",
        "로",
        "을",
        "\n",
        "<전화번호>",
        "IP ",
        "211",
        "+82",
        "(at)",
        "호",
        "제",
        "년",
        ":",
        "가나다",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60))
def test_spans_are_in_order_and_whole_and_nothing_else_is_touched(text: str):
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) and span.kind in ORDER for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all("\n" not in text[span.start : span.end] for span in spans)
    masked = mask(text)
    assert masked.text.count("\n") == text.count("\n")
    assert mask(masked.text) == (masked.text, {})
    if not spans:
        assert masked == (text, {})
    elif spans[0].start:
        assert masked.text.startswith(text[: spans[0].start])


def test_a_text_without_hangul_gets_english_names():
    assert mask("Mail kim@naver.com or +82 10-2345-6789.").text == "Mail <email address> or <phone number>."
    assert mask("메일 kim@naver.com").text == "메일 <이메일>"


def test_of_two_claims_the_better_rank_has_the_characters():
    assert find("계좌 124-81-00998") == [Span("business", 3, 15)]  # by its check digit; the bank's word is near
    assert find("법인등록번호 130111-0006246 주민번호 800101-1234560") == [
        Span("corporate", 7, 21),
        Span("resident", 27, 41),
    ]


def test_a_placeholder_is_no_context():
    assert (
        mask("전화 02-345-6789, 1577-1650년의 일").text == "전화 <전화번호>, <전화번호>년의 일"
    )  # the word itself is near
    assert mask("010-2345-6789 그리고 1577-1650년의 일").text == "<전화번호> 그리고 1577-1650년의 일"


def test_made_input_costs_no_more_than_its_length():
    texts = (
        "0-" * 50_000,
        "1 " * 50_000,
        "a@a." * 30_000,
        "010-1234-5678 " * 5_000,
        "12." * 50_000,
        "2001:" * 30_000,
        "계좌 " + "12-" * 50_000,
        "@" + "a." * 60_000,
        "(at) " * 20_000,
    )
    started = time.process_time()
    for text in texts:
        mask(text)
    assert time.process_time() - started < 20  # about 1 s; a quadratic rule would take minutes


@pytest.mark.data
def test_statutes_and_manuals_stay(data):
    """Texts that hold no personal data but all that looks like it: under 0.1 % of documents are touched."""
    for source, limit in (("ko_statutes", 500), ("ko_typescript", 500)):
        with gzip.open(data / "corpus_ko" / source / f"{source}.jsonl.gz", "rt", encoding="utf-8") as file:
            texts = [normalize(json.loads(line)["text"]) for _, line in zip(range(limit), file, strict=False)]
        assert sum(bool(find(text)) for text in texts) <= 0.001 * len(texts)


@pytest.mark.data
def test_petitions_hold_what_people_left_in_them(data):
    with gzip.open(data / "corpus_ko/ko_petitions/ko_petitions.jsonl.gz", "rt", encoding="utf-8") as file:
        masks = [mask(normalize(json.loads(line)["text"])) for line in file]
    total = sum((Counter(masked.counts) for masked in masks), Counter())
    assert total["phone"] >= 30
    assert total["email"] >= 10
    assert set(total) <= {"phone", "email"}
