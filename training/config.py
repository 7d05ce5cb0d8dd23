"""The sections of the training stages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from corpus.config import Name
from pipeline.config import Closed, ContentPath, Input, Run, Section
from pipeline.errors import ConfigError


class Phase(Closed):
    """A share of the token budget and what trains in it."""

    train: Literal["new_rows", "all"]
    share: float = Field(gt=0, le=1)


class Gate(Closed):
    """A limit on forgetting, fixed before the run: the relative rise of a language's bits per byte."""

    lang: str = "en"
    limit: float = Field(0.03, ge=0, description="0.03 allows +3 %")
    action: Literal["warn", "stop"] = "warn"


class Dapt(Section):
    """Continual pretraining on the packed streams, with English replay."""

    model: Annotated[str | None, Input(("model",), ("extend", "base"))] = None
    tokens: Annotated[str | None, Input(("tokens",), ("pack",), fits="model")] = None
    budget: int = Field(72_000, ge=1, description="tokens trained on, padding not counted")
    sequence: int = Field(256, ge=8, description="tokens per row")
    batch: int = Field(512, ge=8, description="tokens per optimizer step, over all ranks")
    packing: Literal["cut", "fit"] = Field(
        "cut", description="cut: rows from an endless line of documents; fit: rows of whole documents, by best fit"
    )
    replay: dict[str, float] = Field({"en": 0.25}, description="language -> share of tokens; `lang` takes the rest")
    lang: str = "ko"
    phases: list[Phase] = Field([Phase(train="new_rows", share=0.3), Phase(train="all", share=0.7)], min_length=1)
    rate: float = Field(4e-4, gt=0, description="peak learning rate of the body")
    rate_new_rows: float = Field(3e-3, gt=0)
    rate_old_rows: float = Field(1e-4, ge=0, description="0 freezes the base's rows: they stay bit-identical")
    beta2: float = Field(0.95, gt=0, lt=1)
    beta2_rows: float = Field(0.98, gt=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    clip: float = Field(1.0, gt=0, description="global gradient norm")
    warmup: float = Field(0.05, ge=0, lt=1, description="share of each phase's steps")
    final: float = Field(0.02, ge=0, le=1, description="rate at the end, as a share of the peak")
    precision: Literal["fp32", "bf16"] = "fp32"
    checkpoint_every: int = Field(50, ge=1, description="optimizer steps")
    gate: Gate = Gate()
    seed: int = 0

    def check(self, run: Run) -> None:
        rows, rest = divmod(self.batch, self.sequence * run.micro_batch * run.world)
        if rest or rows == 0:
            raise ConfigError(
                f"batch {self.batch} tokens does not divide into sequence {self.sequence} x run.micro_batch "
                f"{run.micro_batch} x run.world {run.world}"
            )
        if sum(self.replay.values()) > 1 or self.lang in self.replay:
            raise ConfigError(f"replay shares must sum to at most 1 and leave out '{self.lang}'")
        if abs(sum(phase.share for phase in self.phases) - 1) > 1e-6:
            raise ConfigError("the shares of phases must sum to 1")


class Tapt(Dapt):
    """The same on task text, after dapt."""

    model: Annotated[str | None, Input(("model",), ("dapt", "extend", "base"))] = None


class Chat(Closed):
    """One set of chat data: a file, or pairs made from the mixture's train documents (labelled as made)."""

    file: ContentPath | None = Field(
        None,
        description="JSONL, JSON, CSV or Parquet, a folder of them or a glob; records of messages, of ShareGPT "
        "conversations, of instruction/input/output, or of prompt/response",
    )
    made: str | None = Field(None, description="language: pairs made from train documents' titles and paragraphs")
    license: str = Field("unknown", description="of a file; made pairs have their documents'")
    limit: int | None = Field(None, ge=1, description="conversations at most, drawn by the seed")

    @model_validator(mode="after")
    def one_origin(self) -> Chat:
        if (self.file is None) == (self.made is None):
            raise ValueError("chat data needs exactly one of file, made")
        return self


class Lora(Closed):
    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: list[str] = Field(
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"], min_length=1
    )


class Sft(Section):
    """Instruction tuning by LoRA; loss on the answers only."""

    model: Annotated[str | None, Input(("model",), ("dapt", "extend", "base"))] = None
    documents: Annotated[str | None, Input(("mixture",), ("mix",), required=False)] = None
    data: dict[Name, Chat] = Field(min_length=1)
    lora: Lora = Lora()
    sequence: int = Field(512, ge=8)
    batch: int = Field(8, ge=1, description="conversations per optimizer step, over all ranks")
    epochs: float = Field(1.0, gt=0)
    rate: float = Field(2e-4, gt=0)
    warmup: float = Field(0.05, ge=0, lt=1)
    precision: Literal["fp32", "bf16"] = "fp32"
    checkpoint_every: int = Field(50, ge=1, description="optimizer steps")
    bad_records: float = Field(0.01, ge=0, le=1, description="share of a file's records that may be no conversation")
    seed: int = 0

    def check(self, run: Run) -> None:
        if self.batch % (run.micro_batch * run.world):
            raise ConfigError(
                f"batch {self.batch} conversations does not divide into run.micro_batch {run.micro_batch} x "
                f"run.world {run.world}"
            )
