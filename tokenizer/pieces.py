"""The stage `pieces`: Korean pieces in rank order, learned from the train text of one language.

Text is streamed and its words counted first; learning sees counts alone. `pieces.tsv` is what `extend` reads:
rank, piece, left, right, count, a leading space written as U+2581 as SentencePiece does.
"""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpus.documents import read_documents
from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer.config import Pieces
from tokenizer.train import Piece, learn

SPACE = "▁"
COLUMNS = "rank\tpiece\tleft\tright\tcount"
WORD = re.compile(r" ?[가-힣]+")
JAMO = re.compile(r"[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")
SYLLABLE = re.compile(r"[가-힣]")
KIWI_BATCH = 20_000  # words handed to kiwipiepy at once


def run(section: Pieces, context: Context) -> dict[str, object]:
    """Learn the pieces; raises InputError where the text holds no Hangul syllables, or holds them decomposed."""
    words, decomposed = count_words(section, context)
    units = words if section.boundary == "eojeol" else cut_at_morphemes(words, context)
    context.stop_if_asked()
    learned = learn(units, section.size, section.min_count)
    if not learned:
        raise InputError(f"no syllable occurs {section.min_count} times in the '{section.lang}' text: nothing to learn")
    write_pieces(context.path / "pieces.tsv", learned)
    merges = sum(1 for piece in learned if piece.left)
    return {
        "lang": section.lang,
        "boundary": section.boundary,
        "pieces": len(learned),
        "atoms": len(learned) - merges,
        "merges": merges,
        "words": {"distinct": len(words), "total": sum(words.values())},
        "units": {"distinct": len(units), "total": sum(units.values())},
        "least_count": min(piece.count for piece in learned),
        "decomposed_documents": decomposed,
    }


def count_words(section: Pieces, context: Context) -> tuple[Counter[str], int]:
    """Words (Hangul runs with at most one leading space) and how many documents hold decomposed Hangul."""
    words: Counter[str] = Counter()
    read = kept = decomposed = jamo = 0
    langs: set[str] = set()
    for document in read_documents(context.artifact("documents"), "train"):
        langs.add(document["lang"])
        if document["lang"] != section.lang:
            continue
        read += 1
        found = WORD.findall(document["text"])
        words.update(found)
        kept += bool(found)
        loose = len(JAMO.findall(document["text"]))
        decomposed += bool(loose)
        jamo += loose
        if read % 500 == 0:
            context.progress(read, None, "documents")
            context.stop_if_asked()
    if jamo and jamo > sum(len(SYLLABLE.findall(word)) * count for word, count in words.items()):
        raise InputError(
            f"the '{section.lang}' text is decomposed Hangul (NFD: {jamo} jamo in {decomposed} documents); "
            "normalise it to NFC first, as refine does"
        )
    if not words:
        what = f"none of its {read} documents has a Hangul syllable" if read else f"it has only {sorted(langs)}"
        raise InputError(f"{context.artifact('documents').path} holds no '{section.lang}' text to learn from: {what}")
    context.counts.update(read=read, kept=kept, dropped=read - kept, failed=0)
    return words, decomposed


def cut_at_morphemes(words: Counter[str], context: Context) -> Counter[str]:
    """Counts of the words' parts between morpheme boundaries that fall between syllables.

    Words are analysed alone and once each, so that the cost follows the distinct words. Contracted morphemes
    (했 = 하 + 었) share a syllable and stay together.
    """
    from kiwipiepy import Kiwi

    kiwi = Kiwi(model_type="cong", num_workers=max(1, context.run.threads or os.cpu_count() or 1))
    parts: Counter[str] = Counter()
    listed = sorted(words)
    for start in range(0, len(listed), KIWI_BATCH):
        context.stop_if_asked()
        batch = listed[start : start + KIWI_BATCH]
        for word, tokens in zip(batch, kiwi.tokenize([word.strip() for word in batch]), strict=True):
            for part in split_at(word, [(token.start, token.start + token.len) for token in tokens]):
                parts[part] += words[word]
        context.progress(min(start + KIWI_BATCH, len(listed)), len(listed), "words")
    return parts


def split_at(word: str, spans: list[tuple[int, int]]) -> list[str]:
    """Cut a word (leading space kept on the first part) where no morpheme's span (start, end) is cut."""
    lead = len(word) - len(word.lstrip(" "))
    inside = {place for start, end in spans for place in range(start + 1, end)}
    edges = {place for span in spans for place in span if 0 < place < len(word) - lead} - inside
    cuts = [0, *(place + lead for place in sorted(edges)), len(word)]
    return [word[start:end] for start, end in itertools.pairwise(cuts)]


def write_pieces(path: Path, pieces: list[Piece]) -> None:
    """One line per piece, in rank order."""
    lines = [COLUMNS]
    for rank, piece in enumerate(pieces):
        shown = [part.replace(" ", SPACE) for part in (piece.text, piece.left, piece.right)]
        lines.append("\t".join([str(rank), *shown, str(piece.count)]))
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_pieces(artifact: Artifact) -> Iterator[Piece]:
    """The pieces of an artifact in rank order; raises InputError naming the line that is not one."""
    path = artifact.path / "pieces.tsv"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    if not lines or lines[0] != COLUMNS:
        raise InputError(f"{path} is not a list of pieces: its first line is not the header")
    for number, line in enumerate(lines[1:], 2):
        fields = line.split("\t")
        if len(fields) != 5 or not fields[4].isdigit() or not WORD.fullmatch(fields[1].replace(SPACE, " ")):
            raise InputError(f"{path} line {number} is not a piece of Hangul syllables")
        text, left, right = (field.replace(SPACE, " ") for field in fields[1:4])
        yield Piece(text, left, right, int(fields[4]))
