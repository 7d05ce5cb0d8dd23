"""The sections of the evaluation stages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.config import Input, Run, Section
from pipeline.errors import ConfigError

MODELS = ("base", "extend", "dapt", "tapt", "sft")


class Evaluate(Section):
    """Per-item scores of one model: bits per byte on held-out text, multiple choice through lm-eval."""

    of: Annotated[list[str] | None, Input(("model",), MODELS, each=True)] = None
    documents: Annotated[str | None, Input(("mixture", "documents"), ("mix",), required=False)] = None
    benchmarks: Annotated[
        list[str] | None, Input(("benchmarks",), ("benchmarks", "cloze"), required=False, many=True)
    ] = None
    contamination: Annotated[str | None, Input(("documents",), ("decontaminate",), required=False)] = None
    window: int | None = Field(
        None, ge=8, description="tokens a prediction may look back on, BOS included; 1024, or what the model has"
    )
    stride: int | None = Field(None, ge=1, description="tokens between two windows; half the window")
    max_bytes: int = Field(20_000, ge=1, description="held-out UTF-8 bytes scored per source at most, whole documents")
    max_documents: int = Field(50, ge=1, description="held-out documents scored per source at most")
    shots: int = Field(0, ge=0)
    max_items: int = Field(100, ge=1, description="items per task")
    seed: int = 0

    def check(self, run: Run) -> None:
        if self.stride is not None and self.window is not None and self.stride > self.window:
            raise ConfigError(f"evaluate.stride {self.stride} exceeds window {self.window}: tokens would be left out")


class Report(Section):
    """HTML, Markdown and JSON over everything present, models paired item by item."""

    nodes: Annotated[list[str] | None, Input(("*",), ("*",), required=False, many=True)] = None
    against: str = Field("base", description="model node the others are paired with")
    title: str = "Malmoi"
