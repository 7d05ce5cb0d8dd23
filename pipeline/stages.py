"""The table of stages. A row names a function; nothing of it is imported until the stage runs."""

from __future__ import annotations

from dataclasses import dataclass

from corpus import config as corpus
from eval import config as eval_
from pipeline.config import Section
from tokenizer import config as tokenizer
from training import config as training


@dataclass(frozen=True)
class Stage:
    """One kind of node.

    `version` is bumped by hand when the same section and inputs begin to give other bytes. `kind` is what inputs of
    other stages ask for. `adopt` makes an artifact of a `use:` leaf; `shards` and `ranks` say how it may be spread.
    """

    name: str
    function: str
    section: type[Section]
    version: int
    kind: str
    summary: str
    adopt: str | None = None
    shards: bool = False
    ranks: bool = False


DOCUMENTS = "corpus.leaf:adopt"
MODEL = "tokenizer.leaf:adopt"

STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("base", "tokenizer.base:run", tokenizer.Base, 3, "model", "base model as safetensors + tokenizer", MODEL),
        Stage("crawl", "corpus.crawl:run", corpus.Crawl, 3, "crawl", "gather pages and documents per source"),
        Stage(
            "refine",
            "corpus.refine:run",
            corpus.Refine,
            5,
            "documents",
            "pages to documents: charset, text, language, rules",
            DOCUMENTS,
            shards=True,
        ),
        Stage(
            "audit",
            "corpus.audit:run",
            corpus.Audit,
            1,
            "audit",
            "what each rule takes, and a sheet of documents to read",
            shards=True,
        ),
        Stage(
            "dedup",
            "corpus.dedup:run",
            corpus.Dedup,
            3,
            "documents",
            "drop exact and near duplicates",
            DOCUMENTS,
            shards=True,
        ),
        Stage(
            "ngram",
            "corpus.ngram:run",
            corpus.Ngram,
            1,
            "ngram",
            "n-gram language model of good text (KenLM)",
            "corpus.scores.own_models:ngram",
        ),
        Stage(
            "perplexity",
            "corpus.perplexity:run",
            corpus.Perplexity,
            2,
            "documents",
            "perplexity of each document: head, middle, tail",
            DOCUMENTS,
            shards=True,
        ),
        Stage(
            "classifier",
            "corpus.classifier:run",
            corpus.Classifier,
            1,
            "classifier",
            "learn to tell good text from other text",
            "corpus.scores.own_models:classifier",
        ),
        Stage(
            "quality",
            "corpus.quality:run",
            corpus.Quality,
            2,
            "documents",
            "quality score of each document",
            DOCUMENTS,
            shards=True,
        ),
        Stage(
            "mix",
            "corpus.mix:run",
            corpus.Mix,
            3,
            "mixture",
            "caps, held-out split, order, data card",
            DOCUMENTS,
        ),
        Stage("benchmarks", "eval.benchmarks:run", corpus.Benchmarks, 2, "benchmarks", "benchmark items as one format"),
        Stage(
            "decontaminate",
            "corpus.decontaminate:run",
            corpus.Decontaminate,
            2,
            "documents",
            "drop or clean documents that hold benchmark items; mark the items",
            DOCUMENTS,
            shards=True,
        ),
        Stage("cloze", "eval.cloze:run", corpus.Cloze, 1, "benchmarks", "cloze items made from held-out documents"),
        Stage("pieces", "tokenizer.pieces:run", tokenizer.Pieces, 3, "pieces", "learn Korean merges", shards=True),
        Stage("frontier", "tokenizer.frontier:run", tokenizer.Frontier, 1, "frontier", "vocabulary size against cost"),
        Stage("extend", "tokenizer.extend:run", tokenizer.Extend, 6, "model", "base + pieces: tokenizer, rows", MODEL),
        Stage("pack", "tokenizer.pack:run", tokenizer.Pack, 1, "tokens", "one token stream per source"),
        Stage(
            "dapt",
            "training.dapt:run",
            training.Dapt,
            2,
            "model",
            "continual pretraining with English replay",
            MODEL,
            ranks=True,
        ),
        Stage(
            "tapt",
            "training.dapt:run",
            training.Tapt,
            2,
            "model",
            "the same on task text, after dapt",
            MODEL,
            ranks=True,
        ),
        Stage("sft", "training.sft:run", training.Sft, 1, "model", "instruction tuning by LoRA", MODEL, ranks=True),
        Stage("tokens", "tokenizer.token_audit:run", tokenizer.Tokens, 1, "token_audit", "dead and rare pieces"),
        Stage("evaluate", "eval.evaluate:run", eval_.Evaluate, 1, "scores", "bits per byte and tasks of one model"),
        Stage("report", "eval.report:run", eval_.Report, 3, "report", "HTML, Markdown and JSON over everything"),
    )
}
