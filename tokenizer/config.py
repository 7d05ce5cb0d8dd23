"""The sections of the tokenizer stages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config import Input, ModelReference, Run, Section
from pipeline.errors import ConfigError


class Base(Section):
    """The base model as safetensors + tokenizer."""

    source: ModelReference = Field(description="local folder, GGUF file, or Hub id org/name@commit")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="stored dtype of the weights")
    license: str = Field("unknown", description="the base model's license, for the ledger")
    parity: bool = Field(True, description="compare logits with the source where it can be run")


class Pieces(Section):
    """Korean merges, learned from the mixture's Korean train text only."""

    documents: Annotated[str | None, Input(("mixture", "documents"), ("mix",))] = None
    model: Annotated[str | None, Input(("model",), (), required=False)] = Field(
        None, description="the base whose pre-tokenizer cuts words, for boundary: pretokenizer"
    )
    size: int = Field(8000, ge=1, description="pieces to learn at most")
    boundary: Literal["eojeol", "morpheme", "pretokenizer"] = Field(
        "eojeol", description="morpheme: kiwipiepy cuts words first; pretokenizer: words end where the base cuts, too"
    )
    scripts: list[Literal["hangul", "jamo", "hanja"]] = Field(
        ["hangul"], min_length=1, description="characters pieces are made of; with hanja, Chinese text changes too"
    )
    min_count: int = Field(2, ge=1, description="times a piece must be seen, weighted by `balance`")
    min_word_count: int = Field(1, ge=1, description="words seen less often are not learned from")
    balance: float = Field(
        0.5, ge=0, le=1, description="a source of n words weighs n to this power: 1 as it is, 0 all alike"
    )
    lang: str = "ko"

    def check(self, run: Run) -> None:
        if (self.boundary == "pretokenizer") != (self.model is not None):
            raise ConfigError("pieces.boundary: pretokenizer needs pieces.model, and no other boundary reads it")


class Extend(Section):
    """The base with the learned pieces: tokenizer and model, offline."""

    model: Annotated[str | None, Input(("model",), ("base",))] = None
    pieces: Annotated[str | None, Input(("pieces",), ("pieces",))] = None
    documents: Annotated[str | None, Input(("mixture", "documents"), ("mix",))] = Field(
        None, description="text the fertility and the proof are measured on (held-out where there is a split)"
    )
    size: int | None = Field(None, ge=1, description="new tokens at most; pieces that would exceed it are left out")
    init: Literal["auto", "mean", "weighted", "first", "focus", "fitted"] = Field(
        "auto", description="how new rows start; auto: the fewest bits per byte at step 0 on train documents set apart"
    )
    fit_tokens: int = Field(15000, ge=1, description="new tokens of train text that rows are fitted on")
    choose_tokens: int = Field(2000, ge=1, description="new tokens of other train text that starts are measured on")
    pad_to: int = Field(64, ge=1, description="vocabulary is padded to a multiple of this")


class Pack(Section):
    """One token stream per source, memory-mapped, with document offsets."""

    model: Annotated[str | None, Input(("model",), ("extend", "base"))] = None
    documents: Annotated[str | None, Input(("mixture", "documents"), ("mix",))] = None


class Frontier(Section):
    """Vocabulary size against tokens, parameters and speed, on held-out text; needs no weights."""

    model: Annotated[str | None, Input(("model",), ("base",))] = None
    pieces: Annotated[str | None, Input(("pieces",), ("pieces",))] = None
    documents: Annotated[str | None, Input(("mixture", "documents"), ("mix",))] = None
    sizes: list[Annotated[int, Field(ge=1)]] = Field(
        [1000, 2000, 4000, 8000, 16000], description="numbers of pieces measured, beside 0 and all that were learned"
    )
    parallel: dict[str, str] = Field(
        {}, description="source -> source that says the same in the other language, paired document by document"
    )
    gain: float = Field(
        0.05, gt=0, lt=1, description="the knee: the smallest size whose next doubling gains less characters per FLOP"
    )
    max_bytes: int = Field(1 << 20, ge=1, description="held-out UTF-8 bytes measured per source at most")
    pad_to: int = Field(64, ge=1, description="vocabulary is padded to a multiple of this, as extend does")

    def check(self, run: Run) -> None:
        if self.sizes != sorted(set(self.sizes)):
            raise ConfigError(f"frontier.sizes {self.sizes} must rise")


class Tokens(Section):
    """Which added pieces training never saw, saw rarely, or left where they started; one node per model."""

    of: Annotated[list[str] | None, Input(("model",), ("extend", "dapt", "tapt", "sft"), each=True)] = None
    tokens: Annotated[str | None, Input(("tokens",), ("pack",), fits="of")] = None
    start: Annotated[str | None, Input(("model",), ("extend",), required=False)] = Field(
        None, description="the model whose rows training began with"
    )
    rare: int = Field(100, ge=1, description="times in the train streams below which a piece counts as rare")
    shown: int = Field(24, ge=0, description="suspect pieces of each kind named in the report")
