"""The proof that an extension does no harm: unchanged ids, round trips, every piece reachable, old ids in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.errors import StageFailed
from tokenizer.bpe import Spelling
from tokenizer.measure import encode
from tokenizer.merges import Growth
from tokenizer.probes import round_trip, unchanged

HANGUL = re.compile(r"[가-힣]")


def prove(
    old: Any, new: Any, growth: Growth, spelling: Spelling, texts: Mapping[str, list[str]], lang: str
) -> dict[str, Any]:
    """Compare two `tokenizers.Tokenizer`s on held-out `texts` (language -> documents) and on the built-in probes.

    Returns what was compared and how much of it differed, by language. Raises StageFailed, naming the first text or
    piece, where an id without Hangul changed, a text that the base brings back is not brought back, an added piece
    of whole characters is not its own single token, or an old token moved.
    """
    same = {name: same_ids(old, new, found) for name, found in sorted(texts.items()) if name != lang}
    same["probes"] = same_ids(old, new, unchanged())
    for name, result in same.items():
        if result["changed"]:
            raise StageFailed(f"the extension would change {result['changed']} of {result['texts']} texts of '{name}'")
    every = [text for found in texts.values() for text in found] + round_trip() + unchanged()
    return {
        "unchanged": same,
        "round_trip": returned(old, new, every),
        "pieces": reachable(new, growth, spelling),
        "old_ids_moved": moved(old, new),
    }


def without_hangul(text: str) -> str:
    """The text less the lines that hold a Hangul syllable."""
    if not HANGUL.search(text):
        return text
    return "".join(line for line in text.splitlines(keepends=True) if not HANGUL.search(line))


def same_ids(old: Any, new: Any, texts: list[str]) -> dict[str, int]:
    """How many texts (less their lines with Hangul) are tokenised in another way."""
    probes = [probe for probe in map(without_hangul, texts) if probe]
    changed = tokens = 0
    for before, after in zip(encode(old, probes), encode(new, probes), strict=True):
        changed += before != after
        tokens += len(before)
    return {"texts": len(probes), "tokens": tokens, "changed": changed}


def returned(old: Any, new: Any, texts: list[str]) -> dict[str, int]:
    """How many texts do not come back from decode(encode(x)); a base that loses some may lose the same ones."""
    lost = lost_by_base = 0
    for text, before, after in zip(texts, encode(old, texts), encode(new, texts), strict=True):
        kept = old.decode(before, skip_special_tokens=False) == text
        lost_by_base += not kept
        if new.decode(after, skip_special_tokens=False) != text:
            lost += 1
            if kept:
                raise StageFailed(f"the extended tokenizer does not bring back the text {text[:80]!r}")
    return {"texts": len(texts), "lost": lost, "lost_by_base": lost_by_base}


def reachable(new: Any, growth: Growth, spelling: Spelling) -> dict[str, int]:
    """Every added token of whole characters must encode to its own single id; the others are parts of syllables."""
    whole = partial = 0
    for number, token in enumerate(growth.new_tokens, growth.first):
        try:
            text = spelling.raw(token).decode()
        except UnicodeDecodeError:
            partial += 1
            continue
        whole += 1
        if [found.id for found in new.model.tokenize(token)] != [number]:
            raise StageFailed(f"the added piece {text!r} is not its own token")
        # A metaspace base puts a space before the text, so only its own spelling can be tried there.
        if spelling.kind == "byte-level" and new.encode(text, add_special_tokens=False).ids != [number]:
            raise StageFailed(f"the added piece {text!r} is split by the base's pre-tokenizer")
    return {
        "added": len(growth.new_tokens),
        "whole": whole,
        "partial_bytes": partial,
        "intermediate": growth.intermediate,
        "already_present": growth.present,
        "unreachable": len(growth.missed),
    }


def moved(old: Any, new: Any) -> int:
    """Old tokens, special ones included, whose id differs; always 0 on return."""
    after = new.get_vocab(with_added_tokens=True)
    wrong = [token for token, number in old.get_vocab(with_added_tokens=True).items() if after.get(token) != number]
    if wrong:
        raise StageFailed(f"{len(wrong)} old tokens moved, the first is {sorted(wrong)[0]!r}")
    return 0
