"""The sections of the corpus stages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.config import Closed, ContentPath, DatasetReference, Input, Run, Section
from pipeline.errors import ConfigError

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
PLACES = ("warc", "jsonl", "parquet", "dataset", "site", "urls")


class Source(Closed):
    """One place text comes from; exactly one of warc, jsonl, parquet, dataset, site, urls."""

    warc: ContentPath | None = Field(None, description="WARC file, folder or glob (.warc, .gz, .zst, .lz4)")
    jsonl: ContentPath | None = Field(None, description="JSONL or JSONL.gz with a text field")
    parquet: ContentPath | None = None
    dataset: DatasetReference | None = Field(
        None, description="`datasets` id `org/name@commit`, or a local folder it can load"
    )
    site: ContentPath | None = Field(None, description="folder of HTML, served on loopback and crawled")
    urls: list[str] | None = Field(None, description="start URLs of a polite live crawl")

    lang: str = Field("ko", description="the language this source is read for; pages in others are dropped")
    license: str = Field("unknown", description="SPDX id where there is one; a document's own license wins")
    text: str = Field("text", description="name of the text field of JSONL, Parquet and datasets")
    split: str = Field("train", description="split of a dataset")
    limit: int | None = Field(None, ge=1, description="documents or pages at most")
    edition: str = Field("", description="a live crawl's name for its moment; change it to crawl afresh")
    allow: list[str] = Field([], description="hosts a live crawl may visit; default: the start URLs' hosts")
    delay: float = Field(1.0, ge=0, description="seconds between requests to one host")
    depth: int = Field(3, ge=0, description="links followed from a start URL")

    @model_validator(mode="after")
    def one_place(self) -> Source:
        given = [place for place in PLACES if getattr(self, place) is not None]
        if len(given) != 1:
            raise ValueError(f"a source needs exactly one of {', '.join(PLACES)}; it has {given or 'none'}")
        return self


class Crawl(Section):
    """Gather pages and documents, per source, with license and provenance."""

    sources: dict[Name, Source] = Field(min_length=1)
    bad_records: float = Field(0.01, ge=0, le=1, description="share of unreadable records that fails the stage")


class Refine(Section):
    """Pages to documents: charset, text, normalisation, language, rules."""

    crawl: Annotated[str | None, Input(("crawl",), ("crawl",))] = None
    rules: Literal["stock", "korean"] = "korean"
    thresholds: dict[str, dict[str, Any]] = Field({}, description="rule -> option -> value, over the preset's")
    language_share: float = Field(
        0.5, ge=0, le=1, description="language ID's probability below which a page is dropped"
    )
    unit_bytes: int = Field(64 << 20, ge=1024, description="input bytes per unit of work; enters the identity")

    def check(self, run: Run) -> None:
        """Refuse a rule or an option that no rule has; the rules themselves are not imported."""
        from corpus.filters import check

        check(self.thresholds)


class Dedup(Section):
    """Drop exact and near duplicates; the survivor is the first in input order."""

    documents: Annotated[str | None, Input(("documents",), ("refine",))] = None
    exact: bool = True
    minhash: bool = True
    ngram: int = Field(5, ge=1, description="words per shingle")
    buckets: int = Field(14, ge=1)
    hashes: int = Field(8, ge=1, description="hashes per bucket")


class Mix(Section):
    """Per-source caps, a held-out split per source, an order by seed, a data card. Never mixes languages."""

    documents: Annotated[str | None, Input(("documents", "crawl"), ("dedup", "refine", "crawl"))] = None
    heldout: float = Field(0.05, ge=0, lt=1, description="share of each source's documents held out")
    heldout_min: int = Field(
        1, ge=0, description="documents held out of each source at least, where it has two or more"
    )
    heldout_max: int = Field(200, ge=0, description="documents held out of each source at most")
    caps: dict[str, Annotated[int, Field(ge=1)]] = Field({}, description="source -> UTF-8 bytes of train text at most")
    seed: int = 0

    def check(self, run: Run) -> None:
        if self.heldout_min > self.heldout_max:
            raise ConfigError(f"mix.heldout_min {self.heldout_min} is above mix.heldout_max {self.heldout_max}")


class Benchmarks(Section):
    """Benchmark items as one format, from local files or the run's own pages."""

    tasks: dict[Name, Task] = Field(min_length=1)
    documents: Annotated[str | None, Input(("mixture",), ("mix",), required=False)] = None
    seed: int = 0

    def check(self, run: Run) -> None:
        if self.documents is None:
            return
        if not any(task.cloze for task in self.tasks.values()):
            raise ConfigError("benchmarks.documents is given but no task is made from documents (cloze: LANG)")


class Task(Closed):
    """One multiple-choice task: items from a file, or made from held-out documents (labelled as made)."""

    file: ContentPath | None = Field(None, description="JSONL: query, choices, gold (index)")
    kmmlu: bool = Field(False, description="the 45 x 5 real KMMLU items that the lm-eval wheel carries")
    cloze: str | None = Field(None, description="language: true continuation among four, from held-out documents")
    lang: str = "ko"
    license: str = "unknown"
    limit: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def one_origin(self) -> Task:
        if sum((self.file is not None, self.kmmlu, self.cloze is not None)) != 1:
            raise ValueError("a task needs exactly one of file, kmmlu, cloze")
        return self


Benchmarks.model_rebuild()
