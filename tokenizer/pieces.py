"""The stage `pieces`: Korean pieces in rank order, learned from the train text of one language.

Text is streamed and its words counted first; learning sees counts alone. `pieces.tsv` is what `extend` reads:
rank, piece, left, right, count, a leading space written as U+2581 as SentencePiece does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.artifact import Artifact
from pipeline.context import Context
from pipeline.errors import InputError
from tokenizer.config import Pieces
from tokenizer.morphemes import cut_at_morphemes
from tokenizer.scripts import Scripts
from tokenizer.train import Piece, learn
from tokenizer.words import SCALE, count_words

SPACE = "▁"
COLUMNS = "rank\tpiece\tleft\tright\tcount"


class Tally:
    """Passes counted words on, and knows afterwards how many were seen and how many too seldom to be passed on."""

    def __init__(self, words: Iterable[tuple[str, int]], least: int) -> None:
        self.words, self.least = words, least
        self.distinct = self.total = self.rare = 0

    def __iter__(self) -> Iterator[tuple[str, int]]:
        for word, count in self.words:
            self.distinct += 1
            self.total += count
            if count >= self.least:
                yield word, count
            else:
                self.rare += count


def run(section: Pieces, context: Context) -> dict[str, object]:
    """Learn the pieces; raises InputError where the text holds no Hangul syllables, or holds them decomposed."""
    words = count_words(section, context)
    tally = Tally(words.added_up(section.balance), section.min_word_count * SCALE)
    units = Tally(cut_at_morphemes(tally, context) if section.boundary == "morpheme" else tally, 1)
    context.stop_if_asked()
    learned = [
        replace(piece, count=piece.count // SCALE) for piece in learn(units, section.size, section.min_count * SCALE)
    ]
    if not learned:
        raise InputError(f"no syllable occurs {section.min_count} times in the '{section.lang}' text: nothing to learn")
    write_pieces(context.path / "pieces.tsv", learned)
    merges = sum(1 for piece in learned if piece.left)
    weights = words.weights(section.balance)
    return {
        "lang": section.lang,
        "boundary": section.boundary,
        "scripts": list(Scripts.of(section.scripts).names),
        "pieces": len(learned),
        "atoms": len(learned) - merges,
        "merges": merges,
        "words": {"distinct": tally.distinct, "total": sum(words.totals.values())},
        "units": {"distinct": units.distinct, "weighted_total": units.total // SCALE},
        "rare_words_share": round(tally.rare / max(1, tally.total), 6),
        "sources": {
            source: {"words": words.totals[source], "weight": round(weights[source] / SCALE, 6)}
            for source in sorted(weights)
        },
        "least_count": min(piece.count for piece in learned),
        "decomposed_documents": words.decomposed,
    }


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
    scripts = Scripts.of(artifact.metrics.get("scripts", ["hangul"]))
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    if not lines or lines[0] != COLUMNS:
        raise InputError(f"{path} is not a list of pieces: its first line is not the header")
    seen: set[str] = {""}
    for number, line in enumerate(lines[1:], 2):
        fields = line.split("\t")
        if len(fields) != 5 or not fields[4].isdigit() or not scripts.word.fullmatch(fields[1].replace(SPACE, " ")):
            raise InputError(f"{path} line {number} is not a piece of {' or '.join(scripts.names)}")
        text, left, right = (field.replace(SPACE, " ") for field in fields[1:4])
        if not {left, right} <= seen or (left and left + right != text):
            raise InputError(f"{path} line {number}: {text!r} is not merged from two pieces that stand before it")
        seen.add(text)
        yield Piece(text, left, right, int(fields[4]))
