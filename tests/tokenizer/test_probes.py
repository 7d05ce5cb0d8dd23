from __future__ import annotations

import re

from tokenizer.probes import HANGUL, round_trip, unchanged


def test_unchanged_probes_hold_no_syllable_and_repeat_by_seed() -> None:
    assert unchanged(1) == unchanged(1) != unchanged(2)
    assert not any(re.search("[가-힣]", text) for text in unchanged())


def test_round_trip_probes_hold_every_form_of_hangul() -> None:
    texts = "".join(round_trip())
    assert round_trip(1) == round_trip(1) != round_trip(2)
    for wanted in ("힣", "ㅋ", "\u1112\u1161\u11ab", "ᄒᆞᆫ", "漢", "🙂", "\t", "\x00", "API"):
        assert wanted in texts
    assert set(HANGUL) <= set(round_trip())
