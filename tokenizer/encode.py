"""Fast encoding behind an equality check: the ids are those of `tokenizers`, or `tokenizers` makes them.

gigatoken encodes most BPEs many times faster, but reads only pre-tokenizers it knows. SmolLM2's splits off every digit
before GPT-2's rule; that is done here, and the parts go to gigatoken. What it cannot express, and every text that holds
a byte the base has no token for, is left to `tokenizers`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tokenizer.measure import encode
from tokenizer.probes import round_trip, unchanged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Encoded = tuple["NDArray[np.uint32]", "NDArray[np.int64]"]
EVERY = 256  # one text of so many is encoded both ways, for as long as encoding lasts
CONTROL = ("<|endoftext|> <s> </s>", "한<|im_end|>글 <|begin_of_text|>", "<unk><pad>[INST] 말 [/INST]")
GPT2 = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


class Unequal(Exception):
    """The two encoders gave other ids."""


class Encoder:
    """`encode(texts)` gives the ids of all texts in a row, uint32, and how many each has, int64 of shape (texts,)."""

    def __init__(self, tokenizer: dict[str, Any], fast: bool = True) -> None:
        """`tokenizer` is a tokenizer.json. The fast way is taken only if the built-in probes come out equal."""
        from tokenizers import Tokenizer

        self._plain = Tokenizer.from_str(json.dumps(tokenizer))
        self._fast = _fast(tokenizer, self._slow) if fast else None
        if self._fast is not None:
            try:
                self._compare([*unchanged(), *round_trip(), *CONTROL])
            except Unequal:
                self._fast = None
        self._seen = 0

    @property
    def name(self) -> str:
        """The library that encodes."""
        return "tokenizers" if self._fast is None else "gigatoken"

    def restart(self) -> None:
        """Count the texts to compare from here on, so that which ones are is the same for any number of workers."""
        self._seen = 0

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Special tokens are neither added nor read from text. Raises Unequal where a text compared came out otherwise.

        Every `EVERY`-th text is compared. A caller that meets Unequal starts its work again with `fast=False`.
        """
        if self._fast is None:
            return self._slow(texts)
        sample = [texts[number] for number in range(-self._seen % EVERY, len(texts), EVERY)]
        self._seen += len(texts)
        self._compare(sample)
        return self._fast(texts)

    def _compare(self, texts: Sequence[str]) -> None:
        if not texts or self._fast is None:
            return
        fast, slow = self._fast(texts), self._slow(texts)
        if fast[0].tolist() != slow[0].tolist() or fast[1].tolist() != slow[1].tolist():
            raise Unequal

    def _slow(self, texts: Sequence[str]) -> Encoded:
        import numpy as np

        ids = [np.array(found, np.uint32) for found in encode(self._plain, list(texts))]
        counts = np.array([len(found) for found in ids], np.int64)
        return np.concatenate(ids) if ids else np.empty(0, np.uint32), counts


def _fast(
    tokenizer: dict[str, Any], slow: Callable[[Sequence[str]], Encoded]
) -> Callable[[Sequence[str]], Encoded] | None:
    """gigatoken over this tokenizer, or None where it cannot express it."""
    import gigatoken
    import numpy as np

    if any(not token.get("special", False) for token in tokenizer.get("added_tokens", [])):
        return None  # those are read from text, whatever surrounds them
    model = tokenizer["model"]
    unknown = 1 + max(model["vocab"].values())  # ids from here on stand for bytes that the base has no token for
    digits = _splits_digits(tokenizer)
    spelled = {
        **tokenizer,
        "added_tokens": [],
        "post_processor": None,
        "pre_tokenizer": GPT2 if digits else tokenizer.get("pre_tokenizer"),
        "model": {**model, "vocab": _all_bytes(model["vocab"], unknown) if _byte_level(tokenizer) else model["vocab"]},
    }
    try:
        backend = gigatoken.Tokenizer.from_json(json.dumps(spelled))
    except (RuntimeError, ValueError, TypeError):
        return None
    split = _splitter() if digits else None

    def fast(texts: Sequence[str]) -> Encoded:
        import awkward

        if not texts:
            return np.empty(0, np.uint32), np.empty(0, np.int64)
        parts: list[str] = []
        ends = np.empty(len(texts), np.int64)
        for number, text in enumerate(texts):
            if split is None:
                parts.append(text)
            else:
                parts += split(text)
            ends[number] = len(parts)
        found = backend.encode_batch(parts, parallel=False)
        ids = np.asarray(awkward.flatten(found), np.uint32)
        sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.asarray(awkward.num(found), np.int64))])
        stops = sums[ends]
        counts = np.diff(stops, prepend=0)
        if len(ids) and int(ids.max()) >= unknown:
            return _mended(texts, ids, stops, counts, unknown, slow)
        return ids, counts

    return fast


def _mended(
    texts: Sequence[str],
    ids: NDArray[np.uint32],
    stops: NDArray[np.int64],
    counts: NDArray[np.int64],
    unknown: int,
    slow: Callable[[Sequence[str]], Encoded],
) -> Encoded:
    """The texts that hold a byte without a token, encoded by `tokenizers`; all others as they are."""
    import numpy as np

    wrong = np.unique(np.searchsorted(stops, np.flatnonzero(ids >= unknown), "right"))
    parts = np.split(ids, stops[:-1])
    counts = counts.copy()
    for number in wrong.tolist():
        parts[number], (counts[number],) = slow([texts[number]])
    return np.concatenate(parts), counts


def _byte_level(tokenizer: dict[str, Any]) -> bool:
    return "ByteLevel" in json.dumps([tokenizer.get("pre_tokenizer"), tokenizer.get("decoder")])


def _all_bytes(vocabulary: dict[str, int], first: int) -> dict[str, int]:
    """The vocabulary with an id for each of the 256 bytes; gigatoken takes no less."""
    from tokenizers.pre_tokenizers import ByteLevel

    missing = sorted(letter for letter in ByteLevel.alphabet() if letter not in vocabulary)
    return {**vocabulary, **{letter: first + number for number, letter in enumerate(missing)}}


def _splits_digits(tokenizer: dict[str, Any]) -> bool:
    """Whether the pre-tokenizer is: every digit alone, then GPT-2's rule."""
    found = tokenizer.get("pre_tokenizer") or {}
    parts = found.get("pretokenizers", []) if found.get("type") == "Sequence" else []
    if len(parts) != 2 or parts[0].get("type") != "Digits" or parts[1].get("type") != "ByteLevel":
        return False
    byte_level = parts[1]
    return bool(
        parts[0].get("individual_digits")
        and not byte_level.get("add_prefix_space", True)
        and byte_level.get("use_regex", True)
    )


def _splitter() -> Callable[[str], list[str]]:
    """Cuts a text before and behind every character of Unicode's number classes, as `Digits` does."""
    import regex  # the classes of `re` hold decimal digits alone

    pattern = regex.compile(r"(\p{N})")
    return lambda text: pattern.split(text)
