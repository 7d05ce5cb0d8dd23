"""A JSON list from a stream: the same items as a parser gives, whatever the size of the reads."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sources import json_stream
from corpus.sources.json_stream import Broken, Shape, items

LEAVES = st.none() | st.booleans() | st.integers() | st.text(alphabet='가a"\\{}[],: \n', max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='ab"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


class Trickle(io.BytesIO):
    def read(self, size=-1):
        return super().read(3)


def parsed(data, *keys):
    return [json.loads(item) for item in items(Trickle(data), keys)]


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1]), st.booleans())
def test_items_are_what_a_parser_gives(values, indent, ascii_only):
    assert parsed(json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode()) == values
    nested = {"x": values, "가": {"y": {}, "list": values, "z": [1]}, "end": "]}"}
    assert parsed(json.dumps(nested, indent=indent, ensure_ascii=ascii_only).encode(), "가", "list") == values


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=3), st.data())
def test_what_is_cut_off_is_broken(values, data):
    whole = json.dumps({"a": values}).encode()
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises((Broken, Shape)):
        list(items(Trickle(whole[:cut]), ("a",)))


def test_items_too_long_are_skipped_and_forgotten(monkeypatch):
    data = json.dumps(["a", "b" * 500_000, {"c": ["d" * 500_000]}, "e"]).encode()
    monkeypatch.setattr(json_stream, "CHUNK", 1000)
    lexer_sizes = []
    kept = json_stream.Lexer.fill
    monkeypatch.setattr(
        json_stream.Lexer, "fill", lambda self, keep: (lexer_sizes.append(len(self.buffer)), kept(self, keep))[1]
    )
    assert list(items(io.BytesIO(data), (), 2000)) == [b'"a"', None, None, b'"e"']
    assert max(lexer_sizes) < 10_000


@pytest.mark.parametrize(
    ("data", "keys", "error"),
    [
        (b"{}", ("a",), Shape), (b"[1]", ("a",), Shape), (b'{"a": 1}', ("a",), Shape), (b"7", (), Shape),
        (b"[1,]", (), Broken), (b"[1][", (), Broken), (b'{"a": [1] "b": 2}', ("a",), Broken), (b'["a', (), Broken),
        (b"[{]", (), Broken), (b'{"a": [1], }', ("a",), Broken), (b'{"a": [1]', ("a",), Broken), (b"", (), Shape),
    ],
)  # fmt: skip
def test_other_shapes(data, keys, error):
    with pytest.raises(error):
        list(items(io.BytesIO(data), keys))
