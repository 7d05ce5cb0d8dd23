"""The sections of the tokenizer stages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config import Input, ModelReference, Section


class Base(Section):
    """The base model as safetensors + tokenizer."""

    source: ModelReference = Field(description="local folder, GGUF file, or Hub id org/name@commit")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="stored dtype of the weights")
    license: str = Field("unknown", description="the base model's license, for the ledger")
    parity: bool = Field(True, description="compare logits with the source where it can be run")


class Pieces(Section):
    """Korean merges, learned from the mixture's Korean train text only."""

    documents: Annotated[str | None, Input(("mixture", "documents"), ("mix",))] = None
    size: int = Field(8000, ge=1, description="pieces to learn at most")
    boundary: Literal["eojeol", "morpheme"] = Field("eojeol", description="morpheme: kiwipiepy cuts words first")
    min_count: int = Field(2, ge=1, description="times a piece must be seen")
    lang: str = "ko"


class Extend(Section):
    """The base with the learned pieces: tokenizer and model, offline."""

    model: Annotated[str | None, Input(("model",), ("base",))] = None
    pieces: Annotated[str | None, Input(("pieces",), ("pieces",))] = None
    documents: Annotated[str | None, Input(("mixture", "documents"), ("mix",))] = Field(
        None, description="text the fertility and the proof are measured on (held-out where there is a split)"
    )
    init: Literal["mean"] = Field("mean", description="a new row is the mean of its sub-tokens' rows")
    pad_to: int = Field(64, ge=1, description="vocabulary is padded to a multiple of this")


class Pack(Section):
    """One token stream per source, memory-mapped, with document offsets."""

    model: Annotated[str | None, Input(("model",), ("extend", "base"))] = None
    documents: Annotated[str | None, Input(("mixture", "documents"), ("mix",))] = None
