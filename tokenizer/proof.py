"""The proof that an extension does no harm: unchanged ids, round trips, every piece reachable, old ids in place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.errors import StageFailed
from tokenizer.bpe import Spelling
from tokenizer.measure import encode
from tokenizer.merges import RESERVED, Growth
from tokenizer.probes import round_trip, unchanged

LISTED = 50  # tokens that stand for a part of a character, listed in the artifact at most


def prove(
    old: Any, new: Any, growth: Growth, spelling: Spelling, texts: Mapping[str, list[str]], lang: str
) -> dict[str, Any]:
    """Compare two `tokenizers.Tokenizer`s on held-out `texts` (language -> documents) and on the built-in probes.

    Returns what was compared and how much of it differed, by language. Raises StageFailed, naming the first text or
    piece, where an id changed in a line without the pieces' scripts, a text that the base brings back is not brought
    back, an added piece of whole characters is not its own single token, an old token moved, or text can forge a
    control token that it could not forge before.
    """
    touched = growth.scripts.touched
    named = {name if name != lang else f"{lang}, other lines": found for name, found in sorted(texts.items())}
    same = {name: same_ids(old, new, found, touched) for name, found in named.items()}
    same["probes"] = same_ids(old, new, unchanged(), touched)
    for name, result in same.items():
        if result["changed"]:
            raise StageFailed(f"the extension would change {result['changed']} of {result['texts']} texts of '{name}'")
    every = [text for found in texts.values() for text in found] + round_trip() + unchanged()
    return {
        "scripts": list(growth.scripts.names),
        "unchanged": same,
        "round_trip": returned(old, new, every),
        "control": unforgeable(old, new, growth, spelling),
        "pieces": reachable(new, growth, spelling),
        "old_ids_moved": moved(old, new),
    }


def untouched(text: str, touched: re.Pattern[str]) -> str:
    """The text less the lines that hold a character in whose presence ids may change."""
    if not touched.search(text):
        return text
    return "".join(line for line in text.splitlines(keepends=True) if not touched.search(line))


def same_ids(old: Any, new: Any, texts: list[str], touched: re.Pattern[str]) -> dict[str, int]:
    """How many texts (less the lines that may change) are tokenised in another way, and how many are left out whole."""
    probes = [probe for probe in (untouched(text, touched) for text in texts) if probe]
    changed = tokens = 0
    for before, after in zip(encode(old, probes), encode(new, probes), strict=True):
        changed += before != after
        tokens += len(before)
    return {"texts": len(probes), "tokens": tokens, "changed": changed, "left_out": len(texts) - len(probes)}


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


def reachable(new: Any, growth: Growth, spelling: Spelling) -> dict[str, Any]:
    """Every added token of whole characters must encode to its own single id; the others are parts of characters."""
    whole = 0
    partial = []
    prefixed = puts_a_space(new)
    for number, token in enumerate(growth.new_tokens, growth.first):
        raw = spelling.raw(token)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            partial.append(raw.hex(" "))
            continue
        whole += 1
        if [found.id for found in new.model.tokenize(token)] != [number]:
            raise StageFailed(f"the added piece {text!r} is not its own token")
        # Where the base puts a space before the text, only the piece's own spelling can be tried.
        tried = spelling.kind == "byte-level" and (text.startswith(" ") or not prefixed)
        if tried and new.encode(text, add_special_tokens=False).ids != [number]:
            raise StageFailed(f"the added piece {text!r} is split by the base's pre-tokenizer")
    return {
        "added": len(growth.new_tokens),
        "whole": whole,
        "partial_bytes": len(partial),
        "partial": partial[:LISTED],
        "intermediate": growth.intermediate,
        "already_present": growth.present,
        "unreachable": 0,
        "left_out": growth.missed,
    }


def puts_a_space(tokenizer: Any) -> bool:
    """Whether a byte-level pre-tokenizer reads a text as if a space stood before it."""
    found = tokenizer.pre_tokenizer.pre_tokenize_str("x") if tokenizer.pre_tokenizer else []
    return bool(found) and found[0][0] != "x"


def unforgeable(old: Any, new: Any, growth: Growth, spelling: Spelling) -> dict[str, int]:
    """Text that spells a control or reserved token, beside Hangul and cut by it, must not become that token.

    Control tokens are read from text only where a caller asks for it; reserved ones never. A base that reads a control
    token from plain text by itself may go on doing so. No added piece may hold the spelling of a control token either.
    """
    last = growth.first + len(growth.new_tokens)
    control = {token.content: number for number, token in new.get_added_tokens_decoder().items() if token.special}
    reserved = {token: number for token, number in new.get_vocab(with_added_tokens=True).items() if number >= last}
    barred = {*control.values(), *reserved.values()}
    for token in growth.new_tokens:
        text = spelling.raw(token).decode(errors="ignore")
        if any(name in text for name in (*control, *reserved)):
            raise StageFailed(f"the added piece {text!r} holds the spelling of a control token")
    texts = list(forgeries([*control, *reserved, RESERVED.format(0)]))
    forged = by_base = 0
    for text, before, after in zip(texts, encode(old, texts), encode(new, texts), strict=True):
        base = bool({*control.values()} & {*before})
        by_base += base
        found = barred & {*after}
        forged += bool(found)
        if found and not (base and found <= {*before}):
            raise StageFailed(f"the text {text!r} would be read as a control token")
    for text in forgeries(list(reserved)):
        if {*reserved.values()} & {*new.encode(text, add_special_tokens=False).ids}:
            raise StageFailed(f"the text {text!r} would be read as a reserved token")
    return {"tokens": len(control) + len(reserved), "texts": len(texts), "forged": forged, "forged_with_base": by_base}


def forgeries(names: list[str]) -> Iterator[str]:
    """Ways to spell the names in text: alone, twice, between Hangul, and with a syllable at each place inside."""
    for name in names:
        yield from (name, name * 2, f" {name} ", f"한국{name}어", f"{name}가", f" 가{name}")
        yield from (f"{name[:at]}가{name[at:]}" for at in range(1, len(name)))


def moved(old: Any, new: Any) -> int:
    """Old tokens, special ones included, whose id differs; always 0 on return."""
    after = new.get_vocab(with_added_tokens=True)
    wrong = [token for token, number in old.get_vocab(with_added_tokens=True).items() if after.get(token) != number]
    if wrong:
        raise StageFailed(f"{len(wrong)} old tokens moved, the first is {sorted(wrong)[0]!r}")
    return 0
