"""The stage `extend`: the base with the learned pieces, tokenizer and model, offline, and the proof of no harm."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from corpus.documents import files, read_file
from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer import embed, spm
from tokenizer.base import document_ids, save_tokenizer
from tokenizer.bpe import Spelling, read_tokenizer, size, spelling
from tokenizer.choose import start
from tokenizer.config import Extend
from tokenizer.folder import tokenizer_settings
from tokenizer.measure import fertility
from tokenizer.merges import grow
from tokenizer.parity import chosen, compare
from tokenizer.pieces import read_pieces
from tokenizer.proof import prove
from tokenizer.train import Piece

PROBE_BYTES = 4 << 20  # held-out UTF-8 bytes measured per source file at most, whole documents


def run(section: Extend, context: Context) -> dict[str, Any]:
    """Append the merges, resize the rows, prove and measure.

    Raises InputError where tokenizer and checkpoint disagree or a file is corrupt, StageFailed where the proof fails.
    """
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    source = context.artifact("model").path / "model"
    found = read_tokenizer(source / "tokenizer.json")
    old_size = embed.rows(source)
    if size(found) > old_size:
        raise InputError(
            f"{source}: tokenizer.json has ids up to {size(found) - 1}, the checkpoint only {old_size} rows"
        )
    spelled = spelling(found, source / "tokenizer.json")
    pieces = list(read_pieces(context.artifact("pieces")))
    if not pieces:
        raise InputError(f"{context.artifact('pieces').path / 'pieces.tsv'} holds no pieces")
    old = Tokenizer.from_str(json.dumps(found))
    pieces, cut = uncut(old, spelled, pieces)
    extended, growth, padded = grow(found, spelled, pieces, old_size, section.pad_to, section.size)
    growth.missed += cut
    context.stop_if_asked()

    new = Tokenizer.from_str(json.dumps(extended))
    texts = heldout(context.artifact("documents"))
    lang = str(context.artifact("pieces").metrics.get("lang", "ko"))
    proof = prove(old, new, growth, spelled, texts, lang)
    measured = {
        name: {language: fertility(tokenizer, listed) for language, listed in sorted(texts.items())}
        for name, tokenizer in (("before", old), ("after", new))
    }
    model = context.fresh("model")
    save_tokenizer(extended, tokenizer_settings(source), model)
    why = None
    if (source / spm.FILE).is_file() and spelled.kind == "metaspace":
        why = spm.write_model(source / spm.FILE, model / spm.FILE, extended, growth)
    proof["readers"], context.provenance["readers"] = compare(model, source, chosen(texts, new), context.work)
    if why:
        proof["readers"]["SentencePiece"] = why
    context.stop_if_asked()

    opens, _ = document_ids(AutoTokenizer.from_pretrained(str(source.absolute())))
    started, starts = start(section, context, source, new, growth.parts, lang, opens)
    total = old_size + len(growth.new_tokens)
    resized = embed.resize(source, model, growth.parts, padded, started)
    embed.copy_rest(source, model, list(range(total, padded)))
    embed.write_extension(model, old_size, len(growth.new_tokens), padded)
    return {
        "old_vocabulary": old_size,
        "new_vocabulary": total,
        "padded_vocabulary": padded,
        "added": len(growth.new_tokens),
        "merges_added": len(growth.new_merges),
        "alphabet": spelled.kind,
        **starts,
        "embeddings": resized,
        "fertility": measured,
        "proof": proof,
    }


def uncut(tokenizer: Any, spelled: Spelling, pieces: list[Piece]) -> tuple[list[Piece], list[str]]:
    """The pieces that a byte-level base's pre-tokenizer leaves whole; the texts of the others, which none reaches."""
    pre = tokenizer.pre_tokenizer
    if pre is None or spelled.kind != "byte-level":
        return pieces, []
    kept: dict[str, Piece] = {}
    cut: list[str] = []
    for piece in pieces:
        whole = len(pre.pre_tokenize_str(piece.text)) == 1 and (
            not piece.left or (piece.left in kept and piece.right in kept)
        )
        if whole:
            kept[piece.text] = piece
        else:
            cut.append(piece.text)
    return list(kept.values()), cut


def heldout(artifact: Artifact) -> dict[str, list[str]]:
    """Language -> held-out texts, whole documents up to a byte limit per file; all texts where nothing is held out."""
    texts: dict[str, list[str]] = defaultdict(list)
    for path in files(artifact, "heldout") or files(artifact, "train"):
        _take(path, texts)
    if not any(text.strip() for listed in texts.values() for text in listed):
        raise InputError(f"{artifact.path} holds no text to measure the extension on")
    return dict(texts)


def _take(path: Path, texts: dict[str, list[str]]) -> None:
    taken = 0
    for document in read_file(path):
        if taken >= PROBE_BYTES:
            return
        taken += len(document["text"].encode())
        texts[document["lang"]].append(document["text"])
