"""The same ids from every reader of an extended tokenizer: tokenizers, transformers, SentencePiece, GGUF, llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
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
Reader = Callable[[list[str]], Iterable[list[int]]]
SAMPLE = 1 << 18  # characters of documents per language
CONTROL = 16  # control tokens, and symbols, whose spellings are tried


def compare(model: Path, base: Path, texts: list[str], work: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Encode `texts` with every reader of the files in `model`, control tokens in text as text.

    Returns what each one read and how many texts it split in another way (always 0; those that the base's own file
    splits in another way too are counted apart), and what the machine's own llama.cpp said, which another machine may
    lack. A reader that cannot read this kind of tokenizer gives a sentence. Raises StageFailed, naming reader and text,
    where ids differ.
    """
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    wanted: Ids = list(encode(Tokenizer.from_file(str(model / "tokenizer.json")), texts))
    folder = str(model.absolute())
    found: dict[str, Any] = {"tokenizers": {"texts": len(texts), "different": 0}}
    for reader, kind in (("AutoTokenizer", AutoTokenizer), ("PreTrainedTokenizerFast", PreTrainedTokenizerFast)):
        loaded = kind.from_pretrained(folder)
        given = loaded(texts, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        found[reader] = _same(reader, texts, wanted, given, base)
    if (model / FILE).is_file():
        found["SentencePiece"] = _sentencepiece(model / FILE, texts, wanted, base)
    elif (base / FILE).is_file():
        found["SentencePiece"] = "none was written: the base's own is at odds with its tokenizer.json"
    else:
        found["SentencePiece"] = "the base has no SentencePiece file"
    path = work / "vocabulary.gguf"
    try:
        write_vocabulary(model, base, path)
    except InputError as error:
        found["GGUF"] = str(error).replace(str(model), "the model")
        return found, {}

    def old(some: list[str]) -> Iterable[list[int]]:
        write_vocabulary(base, base, work / "base.gguf")
        return _read_back(work / "base.gguf", some)

    found["GGUF"] = _same("the GGUF vocabulary, read back", texts, wanted, _read_back(path, texts), base, old)
    return found, {"llama.cpp": _llamacpp(path, base, texts, wanted, work)}


def chosen(texts: Mapping[str, list[str]], tokenizer: Any) -> list[str]:
    """What is compared: the built-in probes, spellings of added tokens, and documents of each language."""
    added = tokenizer.get_added_tokens_decoder().values()
    control, symbols = ([token.content for token in added if token.special is kind][:CONTROL] for kind in (True, False))
    picked = [*unchanged(), *round_trip(), *forgeries([*control, RESERVED.format(0), *symbols])]
    for _, found in sorted(texts.items()):
        left = SAMPLE
        for text in found:
            picked.append(text[:left])
            left -= len(text)
            if left <= 0:
                break
    return picked


def _same(
    reader: str, texts: list[str], wanted: Ids, found: Iterable[list[int]], base: Path, old: Reader | None = None
) -> dict[str, int]:
    """Texts that differ are counted where `old`, the reader of the base's file, is at odds with its tokenizer.json."""
    from tokenizers import Tokenizer

    both = enumerate(zip(wanted, found, strict=True))
    some = [texts[number] for number, (one, other) in both if list(one) != list(other)]
    if not some:
        return {"texts": len(texts), "different": 0}
    known = list(encode(Tokenizer.from_file(str(base / "tokenizer.json")), some))
    for text, one, other in zip(some, known, known if old is None else old(some), strict=True):
        if list(one) == list(other):
            raise StageFailed(f"{reader} splits {text[:60]!r} in another way than tokenizer.json says")
    return {"texts": len(texts), "different": 0, "different_with_the_base_too": len(some)}


def _sentencepiece(path: Path, texts: list[str], wanted: Ids, base: Path) -> dict[str, int]:
    """SentencePiece ends a text at NUL, so texts that hold one are left out."""
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_file=str(path))
    kept = [number for number, text in enumerate(texts) if "\x00" not in text]
    some = [texts[number] for number in kept]
    old = SentencePieceProcessor(model_file=str(base / FILE)).encode if (base / FILE).is_file() else None
    return _same("SentencePiece", some, [wanted[number] for number in kept], processor.encode(some), base, old)


def _read_back(path: Path, texts: list[str]) -> Iterable[list[int]]:
    """Ids by the vocabulary of a GGUF file."""
    from tokenizers import Tokenizer

    return encode(Tokenizer.from_str(json.dumps(Gguf(path).tokenizer())), texts)


def _llamacpp(path: Path, base: Path, texts: list[str], wanted: Ids, work: Path) -> dict[str, Any] | str:
    """llama.cpp has Unicode tables of its own, so that it may split a text in another way with the base already."""
    version = llamacpp.available()
    if version is None:
        return "not installed here; its vocabulary file was read back by its rules instead"

    def old(some: list[str]) -> Ids:
        write_vocabulary(base, base, work / "base.gguf")
        with llamacpp.opened(work / "base.gguf") as reader:
            return list(reader.encode(some))

    with llamacpp.opened(path) as reader:
        found = _same("llama.cpp", texts, wanted, reader.encode(texts), base, old)
    return {"version": version, "different_with_the_base_too": 0, **found}
