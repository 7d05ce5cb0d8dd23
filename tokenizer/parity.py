"""The same ids from every reader of an extended tokenizer: tokenizers, transformers, SentencePiece, GGUF, llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, StageFailed
from tokenizer import llamacpp
from tokenizer.gguf import Gguf
from tokenizer.gguf_vocab import write_vocabulary
from tokenizer.measure import encode
from tokenizer.merges import RESERVED
from tokenizer.probes import round_trip, unchanged
from tokenizer.proof import forgeries
from tokenizer.spm import FILE

Ids = list[list[int]]
SAMPLE = 1 << 18  # characters of documents per language
CONTROL = 16  # control tokens whose spellings are tried


def compare(model: Path, base: Path, texts: list[str], work: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Encode `texts` with every reader of the files in `model`, control tokens in text as text.

    Returns what each one read and how many texts it split in another way (always 0), and what the machine's own
    llama.cpp said, which another machine may lack. A reader that cannot read this kind of tokenizer gives a sentence.
    Raises StageFailed, naming reader and text, where ids differ.
    """
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    wanted: Ids = list(encode(Tokenizer.from_file(str(model / "tokenizer.json")), texts))
    folder = str(model.absolute())
    found: dict[str, Any] = {"tokenizers": {"texts": len(texts), "different": 0}}
    for reader, kind in (("AutoTokenizer", AutoTokenizer), ("PreTrainedTokenizerFast", PreTrainedTokenizerFast)):
        loaded = kind.from_pretrained(folder)
        given = loaded(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        found[reader] = _same(reader, texts, wanted, given)
    if (model / FILE).is_file():
        found["SentencePiece"] = _sentencepiece(model / FILE, texts, wanted)
    else:
        found["SentencePiece"] = "the base has no SentencePiece file"
    path = work / "vocabulary.gguf"
    try:
        write_vocabulary(model, base, path)
    except InputError as error:
        found["GGUF"] = str(error).replace(str(model), "the model")
        return found, {}
    again = Tokenizer.from_str(json.dumps(Gguf(path).tokenizer()))
    found["GGUF"] = _same("the GGUF vocabulary, read back", texts, wanted, encode(again, texts))
    return found, {"llama.cpp": _llamacpp(path, base, texts, wanted, work)}


def chosen(texts: Mapping[str, list[str]], tokenizer: Any) -> list[str]:
    """What is compared: the built-in probes, spellings of control tokens, and documents of each language."""
    control = [token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special]
    picked = [*unchanged(), *round_trip(), *forgeries([*control[:CONTROL], RESERVED.format(0)])]
    for _, found in sorted(texts.items()):
        left = SAMPLE
        for text in found:
            picked.append(text[:left])
            left -= len(text)
            if left <= 0:
                break
    return picked


def _same(reader: str, texts: list[str], wanted: Ids, found: Iterable[list[int]]) -> dict[str, int]:
    for text, one, other in zip(texts, wanted, found, strict=True):
        if list(one) != list(other):
            raise StageFailed(f"{reader} splits {text[:60]!r} in another way than tokenizer.json says")
    return {"texts": len(texts), "different": 0}


def _sentencepiece(path: Path, texts: list[str], wanted: Ids) -> dict[str, int]:
    """SentencePiece ends a text at NUL, so texts that hold one are left out."""
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_file=str(path))
    kept = [number for number, text in enumerate(texts) if "\x00" not in text]
    some = [texts[number] for number in kept]
    return _same("SentencePiece", some, [wanted[number] for number in kept], processor.encode(some))


def _llamacpp(path: Path, base: Path, texts: list[str], wanted: Ids, work: Path) -> dict[str, Any] | str:
    """Texts that llama.cpp splits in another way with the base already, by Unicode tables of its own, are counted."""
    from tokenizers import Tokenizer

    version = llamacpp.available()
    if version is None:
        return "not installed here; its vocabulary file was read back by its rules instead"
    with llamacpp.opened(path) as new:
        other = [number for number, ids in enumerate(new.encode(texts)) if ids != wanted[number]]
    if other:
        before = work / "base.gguf"
        write_vocabulary(base, base, before)
        some = [texts[number] for number in other]
        with llamacpp.opened(before) as old:
            both = zip(
                some, old.encode(some), encode(Tokenizer.from_file(str(base / "tokenizer.json")), some), strict=True
            )
            for text, one, two in both:
                if one == two:
                    raise StageFailed(f"llama.cpp splits {text[:60]!r} in another way than tokenizer.json says")
    return {"version": version, "texts": len(texts), "different": 0, "different_with_the_base_too": len(other)}
