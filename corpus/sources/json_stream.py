"""The items of a JSON list one by one, from a stream: a list of many gigabytes costs the memory of one item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO

CHUNK = 1 << 18
LIMIT = 64 << 20  # bytes of one item
STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.S)
STRUCTURE = re.compile(rb'[^"{}\[\]]*+')
SCALAR = re.compile(rb"[^\s,\]}]*+")
SPACE = re.compile(rb"[ \t\r\n]*+")
BOM = b"\xef\xbb\xbf"


class Shape(ValueError):
    """The JSON is not of the shape that was asked for; the message says how."""


class Broken(ValueError):
    """The JSON ends too early or has something where it cannot stand."""


class Lexer:
    """Finds where values end, without building them; items are parsed by the caller."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.buffer = file.read(CHUNK).removeprefix(BOM)
        self.at = 0
        self.before = 0  # bytes that are gone from the buffer

    def fill(self, keep: int) -> int:
        """Read on, forgetting what lies before `keep`; returns how far positions move to the left."""
        more = self.file.read(CHUNK)
        if not more:
            raise Broken(f"it ends in the middle of a value, behind byte {self.before + len(self.buffer)}")
        self.buffer = self.buffer[keep:] + more
        self.before += keep
        self.at -= keep
        return keep

    def peek(self) -> bytes:
        """The next byte that is no space, or nothing at the end."""
        while True:
            found = SPACE.match(self.buffer, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.buffer):
                return self.buffer[self.at : self.at + 1]
            more = self.file.read(CHUNK)
            if not more:
                return b""
            self.before += len(self.buffer)
            self.buffer, self.at = more, 0

    def expect(self, byte: bytes) -> None:
        if self.peek() != byte:
            raise Broken(f"'{byte.decode()}' is missing at byte {self.before + self.at}")
        self.at += 1

    def value(self, limit: int = LIMIT) -> bytes | None:
        """The next value's bytes; None where it is longer than `limit` (0: it is skipped)."""
        first = self.peek()
        if first in (b"", b",", b":", b"]", b"}"):
            raise Broken(f"a value is missing at byte {self.before + self.at}")
        start, whole, depth = self.at, limit > 0, 0
        while True:
            if self.buffer[self.at : self.at + 1] == b'"':
                self.at += 1
                while True:
                    found = STRING.match(self.buffer, self.at)
                    self.at = found.end() if found else self.at
                    if self.at < len(self.buffer) and self.buffer[self.at : self.at + 1] == b'"':
                        self.at += 1
                        break
                    start, whole = self._more(start, whole, limit)
            elif depth or first in b"{[":
                byte = self.buffer[self.at : self.at + 1]
                depth += (byte in b"{[") - (byte in b"}]")
                self.at += 1
            else:
                while True:
                    found = SCALAR.match(self.buffer, self.at)
                    self.at = found.end() if found else self.at
                    if self.at < len(self.buffer) or not self._try_more(start):
                        break
                    start = 0
            if depth == 0:
                break
            while True:
                found = STRUCTURE.match(self.buffer, self.at)
                self.at = found.end() if found else self.at
                if self.at < len(self.buffer):
                    break
                start, whole = self._more(start, whole, limit)
        return self.buffer[start : self.at] if whole and self.at - start <= limit else None

    def _more(self, start: int, whole: bool, limit: int) -> tuple[int, bool]:
        """Read on; a value that is too long or not wanted is forgotten as it goes."""
        whole = whole and self.at - start <= limit
        keep = start if whole else self.at
        self.fill(keep)
        return (start - keep if whole else 0), whole

    def _try_more(self, start: int) -> bool:
        try:
            self.fill(start)
        except Broken:  # a number may be the last thing of a file
            return False
        return True

    def skip_object(self) -> None:
        """Skip the rest of an object, behind a value, its closing brace included."""
        while self.peek() == b",":
            self.at += 1
            self.value(0)
            self.expect(b":")
            self.value(0)
        self.expect(b"}")


def items(file: IO[bytes], keys: Sequence[str] = (), limit: int = LIMIT) -> Iterator[bytes | None]:
    """The items of the list that stands at `keys` of the top object, or that is the top; None for one too long.

    Raises Shape where there is no such list, Broken where the file ends too early or is no JSON there.
    """
    import orjson

    lexer = Lexer(file)
    for key in keys:
        if lexer.peek() != b"{":
            raise Shape(f"no object that could hold '{key}'")
        lexer.at += 1
        while True:
            if lexer.peek() == b"}":
                raise Shape(f"no key '{key}'")
            name = lexer.value()
            lexer.expect(b":")
            try:
                if name is not None and orjson.loads(name) == key:
                    break
            except ValueError:
                raise Broken(f"a key is missing before byte {lexer.before + lexer.at}") from None
            lexer.value(0)
            if lexer.peek() == b",":
                lexer.at += 1
    if lexer.peek() != b"[":
        raise Shape(f"'{'.'.join(keys)}' is no list" if keys else "the top is no list")
    lexer.at += 1
    if lexer.peek() == b"]":
        lexer.at += 1
    else:
        while True:
            yield lexer.value(limit)
            if lexer.peek() == b"]":
                lexer.at += 1
                break
            lexer.expect(b",")
    for _ in keys:
        lexer.skip_object()
    if lexer.peek():
        raise Broken(f"something stands behind the end, at byte {lexer.before + lexer.at}")
