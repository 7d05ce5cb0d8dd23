"""The text a language model of the corpus sees: one spelling per sign, numbers as one sign, one paragraph per line.

CCNet (Wenzek et al. 2020) does this too, but decomposes Hangul into jamo and zeroes each digit, so its published
cut-offs hold for other text than ours. Hangul stays composed here (NFC), and a whole number, separators included,
becomes one `0`: a price list is then as monotonous to the model as it is to a reader. What is seen is never written.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import InputError

Form = Literal["nfc", "ccnet"]
Kind = Literal["pieces", "syllables", "eojeol"]
LONGEST = 20_000  # characters of a line; a longer one is cut, as its units are held as a list
SPACE = "\u2581"  # stands for a space among syllables, as it does in SentencePiece

_SIGNS = {
    "\"": "“”„‟″«»「」『』〝〞〟〈〉《》", "'": "‘’‚‛′`´", "-": "‐‑‒–—―−─━ㅡ", "~": "∼〜〰", ".": "。", ",": "、",
    ":": "∶", "·": "•‧∙⋅ㆍ・●■□◆◇▶▷○◦※", "...": "…⋯",
}  # fmt: skip
_TABLE: dict[int, str | None] = {
    **{wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
    **{ord(variant): sign for sign, variants in _SIGNS.items() for variant in variants},
    **dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0xAD], None),
}
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_DIGIT = re.compile(r"\d")
_RUN = re.compile(r"([^\w\s])\1{3,}")  # ===== and ....., however long, are one thing
_JAMO = re.compile("[\u1100-\u11ff]")
_SYLLABLE = re.compile("[가-힣]")


def lines(text: str, form: Form = "nfc") -> list[str]:
    """The non-empty paragraphs of `text` in the normal form of our models, or in the one of CCNet's."""
    text = unicodedata.normalize("NFC", text).translate(_TABLE).lower()
    if form == "ccnet":
        text = _DIGIT.sub("0", unicodedata.normalize("NFD", text))
    else:
        text = _RUN.sub(r"\1\1\1", _NUMBER.sub("0", text))
    found = (" ".join(line.split()) for line in text.splitlines())
    return [line[at : at + LONGEST] for line in found for at in range(0, len(line), LONGEST)]


class Units:
    """Cuts a line into what the model counts: `pieces` of a SentencePiece model, syllables, or eojeol."""

    def __init__(self, kind: Kind, pieces: Path | None = None) -> None:
        self.kind = kind
        self._pieces = load_pieces(pieces) if kind == "pieces" and pieces else None

    def cut(self, line: str) -> list[str]:
        if self._pieces is not None:
            found: list[str] = self._pieces.encode(line, out_type=str)
            return found
        return line.split() if self.kind == "eojeol" else list(line.replace(" ", SPACE))


def load_pieces(path: Path) -> Any:
    """A SentencePiece model; InputError for a file that is none."""
    import sentencepiece

    try:
        return sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path} is not a SentencePiece model: {str(error)[-200:]}") from None


def form_of(pieces: Any) -> Form:
    """The normal form a SentencePiece model was trained on: CCNet's has jamo and no syllables."""
    words = [pieces.id_to_piece(number) for number in range(pieces.get_piece_size())]
    decomposed = sum(bool(_JAMO.search(word)) for word in words)
    return "ccnet" if decomposed > sum(bool(_SYLLABLE.search(word)) for word in words) else "nfc"


def train_pieces(found: Any, size: int) -> bytes:
    """A SentencePiece unigram model of the lines `found`, as bytes; equal lines give equal bytes.

    `size` is a limit: a small text has fewer pieces.
    """
    import io

    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=found, model_writer=model, vocab_size=size, model_type="unigram", hard_vocab_limit=False,
        normalization_rule_name="identity", character_coverage=0.9995, max_sentence_length=1 << 24, minloglevel=2,
        num_threads=2,  # fixed: the sums of the threads depend on how many they are
    )  # fmt: skip
    return model.getvalue()
