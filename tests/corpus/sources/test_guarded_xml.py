"""XML without a document type: nothing to blow up, nothing to fetch."""

from __future__ import annotations

from xml.parsers import expat

import pytest

from corpus.sources.guarded_xml import DEPTH, Unsafe, tree


def test_a_tree_has_local_names():
    root = tree('<hp:p xmlns:hp="urn:x" id="1"><hp:t>가<b/>나</hp:t></hp:p>'.encode())
    assert (root.tag, root.attrib) == ("p", {"id": "1"})
    assert [child.tag for child in root] == ["t"] and "".join(root.itertext()) == "가나"


def test_a_document_type_is_refused():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    for document in (bomb, b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'):
        with pytest.raises(Unsafe, match="declares a document type"):
            tree(document)


def test_depth_is_bounded():
    assert tree(b"<a>" * DEPTH + b"</a>" * DEPTH).tag == "a"
    with pytest.raises(Unsafe, match="nests too deep"):
        tree(b"<a>" * (DEPTH + 1) + b"</a>" * (DEPTH + 1))


def test_what_is_no_xml_says_so():
    with pytest.raises(expat.ExpatError):
        tree(b"<a><b></a>")
