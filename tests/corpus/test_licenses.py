"""Licenses read the strict way."""

from __future__ import annotations

import pytest

from corpus.licenses import COPYLEFT, FREE, NOTICE, TABLE, UNKNOWN, Terms, allowed_use, parts, terms, together


@pytest.mark.parametrize(
    ("license", "expected"),
    [
        ("CC0-1.0", FREE), ("public-domain", FREE), ("MIT", NOTICE), ("mit license", NOTICE),
        ("Apache-2.0", NOTICE), ("Apache License 2.0", NOTICE), ("CC-BY-4.0", NOTICE), ("CC BY 4.0", NOTICE),
        ("CC-BY-2.0-KR", NOTICE), ("CC-BY-SA-3.0-IGO", COPYLEFT), ("GPL-2.0-or-later", COPYLEFT), ("GPL-2+", COPYLEFT),
        ("GFDL-1.2+", COPYLEFT), ("MPL-2.0", COPYLEFT), ("CC-BY-NC-SA-4.0", Terms(False, True, True, True)),
        ("CC-BY-ND-2.0-KR", Terms(True, False, False, True)), ("CC-BY-NC-ND-4.0", Terms(False, False, False, True)),
        ("CC-BY-NC-SA-2.0-KR", Terms(False, True, True, True)), ("CC-BY-SA-2.1-JP", COPYLEFT), ("CC-BY-3.0-US", NOTICE),
        ("CC-PDM-1.0", FREE), ("GFDL-1.3-no-invariants-or-later", COPYLEFT), ("OGL-UK-3.0", NOTICE),
        ("저작자표시-비영리-동일조건변경허락 2.0 대한민국", Terms(False, True, True, True)),
        ("CCL 저작자 표시", NOTICE),
        ("CC 저작자표시-변경금지", Terms(True, False, False, True)),
        ("KOGL-0", FREE), ("공공누리 제0유형", FREE), ("KOGL-type2", Terms(False, True, False, True)),
        ("KOGL Type 1", NOTICE), ("공공누리 제4유형", Terms(False, False, False, True)), ("KOGL-5", UNKNOWN),
        ("unknown", UNKNOWN), ("", UNKNOWN), ("MIT-like", UNKNOWN), ("GPL-3.0 wheel", UNKNOWN),
        ("CC-BY-XY-4.0", UNKNOWN),
    ],
)  # fmt: skip
def test_terms_of_one(license: str, expected: Terms):
    assert terms(license) == expected


def test_every_key_of_the_table_finds_itself():
    assert all(terms(name) == found for name, found in TABLE.items())


def test_expressions_are_read_as_all_of_their_parts():
    assert parts("CC-BY-SA-3.0 / LGPL") == ["CC-BY-SA-3.0", "LGPL"]
    assert parts("MIT OR Apache-2.0") == ["MIT", "Apache-2.0"]
    assert parts("(MIT AND CC-BY-4.0)") == ["MIT", "CC-BY-4.0"]
    assert parts("public-domain (act 7; no LICENSE file)") == ["public-domain"]
    assert parts("CC-BY-4.0 (CC-BY-NC-4.0)") == ["CC-BY-4.0", "CC-BY-NC-4.0"]
    assert parts("(MIT OR Apache-2.0) AND CC-BY-NC-4.0") == ["MIT", "Apache-2.0", "CC-BY-NC-4.0"]
    assert parts("MIT and CC-BY-NC-4.0") == ["MIT", "CC-BY-NC-4.0"]
    grouped = allowed_use(["CC-BY-4.0 AND (CC-BY-NC-4.0 OR CC-BY-NC-SA-4.0)"])
    assert (grouped["commercial"], grouped["unknown"]) == ("no", [])
    assert parts("") == ["unknown"]
    assert together(["MIT AND CC0-1.0", "CC0-1.0", "Apache-2.0"]) == "Apache-2.0 AND CC0-1.0 AND MIT"


def test_the_strictest_decides_and_unknown_stays_unknown():
    assert allowed_use(["MIT", "CC-BY-SA-4.0"]) == {
        "commercial": "yes", "changes": "yes", "pass_on": "yes", "no_commercial": [], "no_changes": [],
        "no_passing_on": [], "share_alike": ["CC-BY-SA-4.0"], "attribution": ["CC-BY-SA-4.0", "MIT"], "unknown": [],
        "limits": {},
    }  # fmt: skip
    mixed = allowed_use(["MIT", "unknown"])
    assert (mixed["commercial"], mixed["unknown"]) == ("unknown", ["unknown"])
    closed = allowed_use(["unknown", "CC-BY-NC-4.0"])
    assert (closed["commercial"], closed["no_commercial"]) == ("no", ["CC-BY-NC-4.0"])
    assert allowed_use([])["commercial"] == "unknown"


def test_terms_that_keep_the_text_from_being_passed_on():
    for name in ("aihub", "AI Hub", "AI 허브 이용정책"):
        use = allowed_use([name, "MIT"])
        assert (use["pass_on"], use["no_passing_on"], use["commercial"]) == ("no", [name], "yes")
        assert "abroad" in use["limits"][name]
    use = allowed_use(["국립국어원 모두의 말뭉치"])
    assert (use["pass_on"], use["commercial"]) == ("no", "unknown")
    assert allowed_use(["unknown"])["pass_on"] == "unknown"


def test_the_ai_mark_stands_beside_the_terms_of_a_type():
    use = allowed_use(["KOGL-4 AND KOGL-AI"])
    assert (use["commercial"], use["changes"], list(use["limits"])) == ("no", "no", ["KOGL-AI"])
