"""XML read as a stream by expat, with no document type: without one there are no entities to blow up or to fetch."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

DEPTH = 256  # elements within each other; office documents and dumps stay below 60


class Unsafe(ValueError):
    """The document declares a type, or nests as no honest one does."""


def stream_parser() -> expat.XMLParserType:
    """An expat parser that refuses a document type; names come as `namespace}name`."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.buffer_size = 1 << 20

    def refuse(*_: object) -> None:
        raise Unsafe("it declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def tree(data: bytes) -> ElementTree.Element:
    """A small document as a tree of local names. Raises Unsafe or expat.ExpatError."""
    parser, builder = stream_parser(), ElementTree.TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise Unsafe("it nests too deep")
        builder.start(local(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(local(name))

    def data_(text: str) -> None:
        builder.data(text)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data_
    parser.Parse(data, True)
    return builder.close()


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]
