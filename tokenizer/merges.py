"""Surgery on a BPE: Hangul pieces appended as real merges behind every merge the base has.

Old merges come first in rank, so every text is tokenised as before and only then joined further. A new merge is
accepted only if its product can stand in Hangul alone: at most one leading space, whole syllables, and at the end a
part of one whose bytes begin no other script. So no text without Hangul can change, whatever the base is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import InputError
from tokenizer.bpe import Spelling
from tokenizer.train import Piece

RESERVED = "<|malmoi_reserved_{}|>"


def hangul_only(raw: bytes) -> bool:
    """Whether these bytes occur in UTF-8 text as Hangul and nothing else, one leading space allowed.

    EB, EC and ED lead no other script in the basic plane (D7B0-D7FF is archaic Hangul); EA does, below U+AC00.
    """
    body = raw.removeprefix(b" ")
    whole = len(body) - len(body) % 3
    try:
        text = body[:whole].decode()
    except UnicodeDecodeError:
        return False
    rest = body[whole:]
    if not body or not all("가" <= character <= "힣" for character in text):
        return False
    if not rest:
        return True
    if len(rest) == 2 and not 0x80 <= rest[1] <= 0xBF:
        return False
    return rest[0] in (0xEB, 0xEC, 0xED) or (rest[0] == 0xEA and len(rest) == 2 and rest[1] >= 0xB0)


@dataclass
class Growth:
    """A base's vocabulary and merges, and what was added to them.

    `first` is the id of the first new token. `parts[n]` are the old ids that new token `first + n` is made of, the
    way the base splits it: what its embedding row is a mean of. `missed` are pieces the base cannot reach.
    """

    spelling: Spelling
    vocabulary: dict[str, int]
    ranks: dict[tuple[str, str], int]
    first: int
    new_tokens: list[str] = field(default_factory=list)
    new_merges: list[tuple[str, str]] = field(default_factory=list)
    parts: list[list[int]] = field(default_factory=list)
    intermediate: int = 0
    present: int = 0
    missed: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, tokenizer: dict[str, Any], spelling: Spelling, first: int) -> Growth:
        ranks: dict[tuple[str, str], int] = {}
        for rank, merge in enumerate(tokenizer["model"]["merges"]):
            left, right = merge.split(" ") if isinstance(merge, str) else merge
            ranks[left, right] = rank
        return cls(spelling, dict(tokenizer["model"]["vocab"]), ranks, first)

    def add(self, piece: Piece) -> None:
        """Make `piece` one token, with what lies between it and the tokens it now splits into."""
        spelled = self.spelling.spell(piece.text)
        before = len(self.new_tokens)
        if self.spelling.kind == "metaspace":
            for character in piece.text.strip():
                self._letter(character)
        tokens = self.split(spelled)
        if len(tokens) == 1 and len(self.new_tokens) == before:
            self.present += 1
            return
        while len(tokens) > 1:
            at = self._joint(tokens)
            if at is None:
                self.missed.append(piece.text)
                break
            self._merge(tokens[at], tokens[at + 1])
            tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        self.intermediate += max(0, len(self.new_tokens) - before - 1)

    def split(self, spelled: str) -> list[str]:
        """The tokens of a spelled word under all merges so far (lowest rank first, leftmost first)."""
        tokens = [part for character in spelled for part in self._symbols(character)]
        while len(tokens) > 1:
            ranked = [
                (self.ranks[pair], at) for at, pair in enumerate(itertools.pairwise(tokens)) if pair in self.ranks
            ]
            if not ranked:
                break
            at = min(ranked)[1]
            tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        return tokens

    def _symbols(self, character: str) -> list[str]:
        if self.spelling.kind == "byte-level" or character in self.vocabulary:
            return [character]
        return [f"<0x{byte:02X}>" for byte in character.encode()]

    def _letter(self, character: str) -> None:
        """In a metaspace BPE a character becomes a token by being in the vocabulary: no merge is needed."""
        if character not in self.vocabulary:
            self._token(character, [self.vocabulary[symbol] for symbol in self._symbols(character)])

    def _joint(self, tokens: list[str]) -> int | None:
        """Where to join: a pair whose product is a token already (it costs no id), else the leftmost allowed."""
        allowed = [at for at in range(len(tokens) - 1) if hangul_only(self.spelling.raw(tokens[at] + tokens[at + 1]))]
        known = [at for at in allowed if tokens[at] + tokens[at + 1] in self.vocabulary]
        return next(iter(known or allowed), None)

    def _merge(self, left: str, right: str) -> None:
        if left + right not in self.vocabulary:
            self._token(left + right, self._old_ids(left) + self._old_ids(right))
        self.ranks[left, right] = len(self.ranks)
        self.new_merges.append((left, right))

    def _token(self, token: str, parts: list[int]) -> None:
        self.vocabulary[token] = self.first + len(self.new_tokens)
        self.new_tokens.append(token)
        self.parts.append(parts)

    def _old_ids(self, token: str) -> list[int]:
        number = self.vocabulary[token]
        return self.parts[number - self.first] if number >= self.first else [number]


def grow(
    tokenizer: dict[str, Any], spelling: Spelling, pieces: Iterable[Piece], first: int, pad_to: int
) -> tuple[dict[str, Any], Growth, int]:
    """The extended tokenizer.json, what was added, and the padded vocabulary size.

    New ids start at `first`, the number of rows the model has. Reserved tokens fill up to a multiple of `pad_to`;
    they are entries of the vocabulary that no merge reaches and no text can spell. Raises InputError where the base
    already has ids at or above `first`.
    """
    growth = Growth.of(tokenizer, spelling, first)
    for piece in pieces:
        growth.add(piece)
    total = first + len(growth.new_tokens)
    padded = -(-total // pad_to) * pad_to
    vocabulary = dict(growth.vocabulary)
    for token in tokenizer.get("added_tokens", []):  # one that is in no vocabulary is renumbered behind it when loaded
        vocabulary.setdefault(token["content"], token["id"])
    for number in range(padded - total):
        name = RESERVED.format(number)
        if name in vocabulary:
            raise InputError(f"the base tokenizer already has a token {name}: it was extended before")
        vocabulary[name] = total + number
    old = tokenizer["model"]["merges"]
    joined = old and isinstance(old[0], str)
    new = [" ".join(merge) if joined else list(merge) for merge in growth.new_merges]
    return {**tokenizer, "model": {**tokenizer["model"], "vocab": vocabulary, "merges": [*old, *new]}}, growth, padded
