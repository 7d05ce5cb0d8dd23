"""Surgery on a BPE: Korean pieces appended as real merges behind every merge the base has.

Old merges come first in rank, so every text is tokenised as before and only then joined further. A new merge is
accepted only if its product can stand in the pieces' scripts alone (`Scripts.only`). So no text without them can
change, whatever the base is.

A base that was a SentencePiece BPE has every split of a piece into two as a merge, ranked by the piece's score, for
SentencePiece knows no merges, only pieces: whichever two neighbours make the best piece are joined. Its extension is
made by that rule too, so that a SentencePiece file with the new pieces gives the same ids.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import InputError
from tokenizer.bpe import METASPACE, Spelling
from tokenizer.scripts import Scripts
from tokenizer.train import Piece

RESERVED = "<|malmoi_reserved_{}|>"
Merge = tuple[str, str]


@dataclass
class Growth:
    """A base's vocabulary and merges, and what was added to them.

    `first` is the id of the first new token. `parts[n]` are the old ids that new token `first + n` is made of, the
    way the base splits it: what its embedding row is a mean of. `missed` are pieces the base cannot reach. `scores`
    (token -> rank among tokens) is there where the base is SentencePiece's: merges then follow from the vocabulary.
    """

    spelling: Spelling
    vocabulary: dict[str, int]
    ranks: dict[Merge, int]
    first: int
    scripts: Scripts = field(default_factory=Scripts)
    scores: dict[str, int] | None = None
    new_tokens: list[str] = field(default_factory=list)
    new_merges: list[Merge] = field(default_factory=list)
    parts: list[list[int]] = field(default_factory=list)
    intermediate: int = 0
    present: int = 0
    missed: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, tokenizer: dict[str, Any], spelling: Spelling, first: int, scripts: Scripts | None = None) -> Growth:
        """Raises InputError where a merge names a token that the vocabulary lacks."""
        vocabulary = dict(tokenizer["model"]["vocab"])
        ranks = {merge: rank for rank, merge in enumerate(merges_of(tokenizer))}
        for left, right in ranks:
            for token in (left, right, left + right):
                if token not in vocabulary:
                    raise InputError(
                        f"tokenizer.json: the merge of {left!r} and {right!r} needs {token!r}, a missing piece"
                    )
        scores = sentencepiece_scores(ranks, vocabulary, tokenizer) if spelling.kind == "metaspace" else None
        return cls(spelling, vocabulary, ranks, first, scripts or Scripts(), scores)

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

    def cost(self, piece: Piece) -> int:
        """New tokens that `add` makes at most."""
        if self.spelling.kind == "byte-level":
            return len(self.split(self.spelling.spell(piece.text))) - 1
        unknown = {character for character in piece.text.strip() if character not in self.vocabulary}
        return len(unknown) + len(piece.text) - 1

    def split(self, spelled: str) -> list[str]:
        """The tokens of a spelled word under all merges so far (lowest rank first, leftmost first)."""
        tokens = [part for character in spelled for part in self._symbols(character)]
        while len(tokens) > 1:
            ranks = map(self._rank, itertools.pairwise(tokens))
            ranked = [(rank, at) for at, rank in enumerate(ranks) if rank is not None]
            if not ranked:
                break
            at = min(ranked)[1]
            tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        return tokens

    def _rank(self, pair: Merge) -> int | None:
        return self.ranks.get(pair) if self.scores is None else self.scores.get(pair[0] + pair[1])

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
        allowed = [
            at for at in range(len(tokens) - 1) if self.scripts.only(self.spelling.raw(tokens[at] + tokens[at + 1]))
        ]
        known = [at for at in allowed if tokens[at] + tokens[at + 1] in self.vocabulary]
        return next(iter(known or allowed), None)

    def _merge(self, left: str, right: str) -> None:
        if left + right not in self.vocabulary:
            self._token(left + right, self._old_ids(left) + self._old_ids(right))
        self.ranks[left, right] = len(self.ranks)
        self.new_merges.append((left, right))

    def _token(self, token: str, parts: list[int]) -> None:
        self.vocabulary[token] = self.first + len(self.new_tokens)
        if self.scores is not None:
            self.scores[token] = len(self.scores)
        self.new_tokens.append(token)
        self.parts.append(parts)

    def _old_ids(self, token: str) -> list[int]:
        number = self.vocabulary[token]
        return self.parts[number - self.first] if number >= self.first else [number]

    def merges(self) -> list[Merge]:
        """All merges, old ones and new ones, in rank order."""
        if self.scores is None:
            return list(self.ranks)
        made = every_split(self.scores, self.vocabulary)
        old = self.ranks.keys() & set(made) - set(self.new_merges)
        ordered = iter([merge for merge in self.ranks if merge in old])  # ties in the base's order: its ids stay
        return [next(ordered) if merge in old else merge for merge in made]


def merges_of(tokenizer: dict[str, Any]) -> list[Merge]:
    """The merges of a tokenizer.json, in either of its two forms."""
    pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in tokenizer["model"]["merges"])
    return [(left, right) for left, right in pairs]


def cutting(tokenizer: dict[str, Any]) -> list[str]:
    """Added tokens that are no control tokens and at which text is cut before any merge.

    One spelled with U+2581 that is looked for in text as it stands (Gemma's runs of spaces) is never met there.
    """
    plain = [token for token in tokenizer.get("added_tokens", []) if not token["special"]]
    return [token["content"] for token in plain if token["normalized"] or METASPACE not in token["content"]]


def every_split(scores: dict[str, int], vocabulary: dict[str, int]) -> list[Merge]:
    """Every split of a token into two, by the token's rank, then by the parts' ids, as converters write them."""
    ranked = [
        (rank, vocabulary[token[:at]], vocabulary[token[at:]], token, at)
        for token, rank in scores.items()
        for at in range(1, len(token))
        if token[:at] in scores and token[at:] in scores
    ]
    return [(token[:at], token[at:]) for _, _, _, token, at in sorted(ranked)]


def sentencepiece_scores(
    ranks: dict[Merge, int], vocabulary: dict[str, int], tokenizer: dict[str, Any]
) -> dict[str, int] | None:
    """Token -> rank, where the merges are just those that SentencePiece's rule makes of the vocabulary, else None.

    The splits of one token may stand in any order, those of tokens with the same score mixed as transformers does it.
    """
    symbols = {*cutting(tokenizer)}
    special = symbols | {token["content"] for token in tokenizer.get("added_tokens", []) if token["special"]}
    used = [(left, right) for left, right in ranks if not symbols & {left, right, left + right}]  # text is cut at those
    order: dict[str, int] = {}
    for left, right in used:
        order.setdefault(left + right, len(order))
    for token, _ in sorted(vocabulary.items(), key=lambda item: item[1]):
        if token not in special and not (len(token) == 6 and token.startswith("<0x")):
            order.setdefault(token, len(order))
    return order if set(every_split(order, vocabulary)) == set(used) and _in_turn(used) else None


def _in_turn(merges: list[Merge]) -> bool:
    """Whether the splits of a token stand together, or are mixed with those of others by falling length of the parts.

    The second is what transformers writes of pieces with the same score, as the runs of spaces in Llama-2.
    """
    last = {left + right: rank for rank, (left, right) in enumerate(merges)}
    mixed: list[Merge] = []
    end = 0
    for rank, (left, right) in enumerate(merges):
        mixed.append((left, right))
        end = max(end, last[left + right])
        if rank == end:
            tokens = {one + two for one, two in mixed}
            if len(tokens) > 1 and mixed != sorted(mixed, key=lambda merge: (-len(merge[0]), -len(merge[1]))):
                return False
            mixed = []
    return True


def grow(
    tokenizer: dict[str, Any],
    spelling: Spelling,
    pieces: Iterable[Piece],
    first: int,
    pad_to: int,
    limit: int | None = None,
) -> tuple[dict[str, Any], Growth, int]:
    """The extended tokenizer.json, what was added, and the padded vocabulary size.

    Pieces are added in rank order up to the first that could make more than `limit` new tokens. New ids start at
    `first`, the number of rows the model has. Reserved tokens fill up to a multiple of `pad_to`; they are entries of
    the vocabulary that no merge reaches and no text can spell. Raises InputError where the base already has ids at or
    above `first`, or a merge names a missing piece.
    """
    listed = list(pieces)
    growth = Growth.of(tokenizer, spelling, first, Scripts.found(piece.text for piece in listed))
    symbols = cutting(tokenizer)
    for piece in listed:
        if any(symbol in piece.text for symbol in symbols):  # text is cut there before any merge
            growth.missed.append(piece.text)
            continue
        if limit is not None and len(growth.new_tokens) + growth.cost(piece) > limit:
            break
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
    joined = any(isinstance(merge, str) for merge in tokenizer["model"]["merges"][:1])
    merges = [" ".join(merge) if joined else list(merge) for merge in growth.merges()]
    return {**tokenizer, "model": {**tokenizer["model"], "vocab": vocabulary, "merges": merges}}, growth, padded
