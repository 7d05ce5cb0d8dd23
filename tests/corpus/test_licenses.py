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
    assert parts("") == ["unknown"]
    assert together(["MIT AND CC0-1.0", "CC0-1.0", "Apache-2.0"]) == "Apache-2.0 AND CC0-1.0 AND MIT"


def test_the_strictest_decides_and_unknown_stays_unknown():
    assert allowed_use(["MIT", "CC-BY-SA-4.0"]) == {
        "commercial": "yes", "changes": "yes", "no_commercial": [], "no_changes": [],
        "share_alike": ["CC-BY-SA-4.0"], "attribution": ["CC-BY-SA-4.0", "MIT"], "unknown": [],
    }  # fmt: skip
    mixed = allowed_use(["MIT", "unknown"])
    assert (mixed["commercial"], mixed["unknown"]) == ("unknown", ["unknown"])
    closed = allowed_use(["unknown", "CC-BY-NC-4.0"])
    assert (closed["commercial"], closed["no_commercial"]) == ("no", ["CC-BY-NC-4.0"])
    assert allowed_use([])["commercial"] == "unknown"
