"""The sections of the corpus stages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from corpus.text.languages import unknown
from pipeline.config import Closed, ContentPath, DatasetReference, Input, Run, Section
from pipeline.errors import ConfigError

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
PLACES = (
    "commoncrawl", "archives", "warc", "jsonl", "parquet", "dataset", "site", "urls", "wikipedia", "namuwiki", "nested",
    "hwpx", "pdf",
)  # fmt: skip
LICENSES = {"wikipedia": "CC-BY-SA-4.0", "namuwiki": "CC-BY-NC-SA-2.0-KR"}  # of a dump whose source names none


CrawlId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Base = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
DATA = "https://data.commoncrawl.org"


class CommonCrawl(Closed):
    """Records of one Common Crawl, chosen by its columnar index and read by ranges."""

    crawl: CrawlId = Field(description="the crawl's id, such as CC-MAIN-2024-42")
    base: Base = Field(DATA, description="server with Common Crawl's layout; one of your own may be on loopback")
    index: ContentPath | None = Field(None, description="local index Parquet; default: the crawl's own, over HTTP")
    index_files: int | None = Field(None, ge=1, description="files of the index that are read, drawn by the seed")
    languages: list[Annotated[str, Field(pattern="^[a-z]{3}$")]] = Field(
        ["kor"], description="ISO 639-3 codes; one of them must be among the page's languages"
    )
    primary: bool = Field(False, description="the language must be the page's first")
    status: list[int] = Field([200], description="HTTP status of the capture")
    mime: list[str] = Field(["text/html", "application/xhtml+xml"], description="type as detected from the content")
    charsets: list[str] = Field([], description="charsets as the index names them; empty: any")
    hosts: list[str] = Field([], description="host names; with domains and tlds any one of them suffices")
    domains: list[str] = Field([], description="registered domains")
    tlds: list[str] = Field([], description="top-level domains")
    segments: list[str] = Field([], description="segments of the crawl, each a sample of it; empty: all")
    seed: int = 0


class Archives(Closed):
    """Whole WARC or WET files, named by a list of paths."""

    crawl: CrawlId | None = Field(None, description="a Common Crawl, whose own list is taken")
    paths: ContentPath | None = Field(None, description="local list of paths below base, one a line, also gzipped")
    url: Base | None = Field(None, description="a list of paths on a server")
    kind: Literal["warc", "wet"] = "warc"
    base: Base = Field(DATA, description="server the paths are below; one of your own may be on loopback")
    files: int | None = Field(None, ge=1, description="files that are read, drawn by the seed")
    languages: list[Annotated[str, Field(pattern="^[a-z]{3}$")]] = Field(
        [], description="WET: ISO 639-3 codes, one of which must be among the record's; empty: all records"
    )
    seed: int = 0

    @model_validator(mode="after")
    def one_list(self) -> Archives:
        if sum(given is not None for given in (self.crawl, self.paths, self.url)) != 1:
            raise ValueError("archives need exactly one of crawl, paths, url")
        if self.languages and self.kind != "wet":
            raise ValueError("archives.languages is for kind: wet; WARC files do not name the language of a page")
        return self


class Layout(Closed):
    """Where documents, and the text in them, lie in JSON (see `corpus.sources.nested`)."""

    documents: str = Field("", description="keys joined by dots that end in []; empty: a file is one document")
    text: str = Field(description="JMESPath to the text; what it finds is joined by newlines")
    id: str = Field("", description="JMESPath to the id")
    title: str = Field("", description="JMESPath to the title")
    url: str = Field("", description="JMESPath to the URL")
    date: str = Field("", description="JMESPath to the date")


class Source(Closed):
    """One place text comes from; exactly one of `PLACES`."""

    commoncrawl: CommonCrawl | None = Field(None, description="records of one Common Crawl, chosen by its index")
    archives: Archives | None = Field(None, description="whole WARC or WET files, named by a list of paths")
    warc: ContentPath | None = Field(None, description="WARC file, folder or glob (.warc, .gz, .zst, .lz4)")
    jsonl: ContentPath | None = Field(None, description="JSONL or JSONL.gz with a text field")
    parquet: ContentPath | None = None
    dataset: DatasetReference | None = Field(
        None, description="`datasets` id `org/name@commit`, or a local folder it can load"
    )
    site: ContentPath | None = Field(None, description="folder of HTML, served on loopback and crawled")
    urls: list[str] | None = Field(None, description="start URLs of a polite live crawl")
    wikipedia: ContentPath | None = Field(None, description="MediaWiki dump of pages (.xml, also .bz2)")
    namuwiki: ContentPath | None = Field(None, description="Namuwiki dump (.json, also compressed)")
    nested: ContentPath | None = Field(None, description="JSON files, or zip archives of them, read by `layout`")
    hwpx: ContentPath | None = Field(None, description="HWPX files")
    pdf: ContentPath | None = Field(None, description="PDF files; needs the extra `pdf`")

    lang: str = Field("ko", description="the language this source is read for; pages in others are dropped")
    license: str = Field("unknown", description="SPDX id where there is one; a document's own license wins")
    text: str = Field("text", description="name of the text field of JSONL, Parquet and datasets")
    split: str = Field("train", description="split of a dataset")
    limit: int | None = Field(None, ge=1, description="documents or pages at most")
    edition: str = Field("", description="a live crawl's name for its moment; change it to crawl afresh")
    allow: list[str] = Field([], description="hosts a live crawl may visit; default: the start URLs' hosts")
    delay: float = Field(1.0, ge=0, description="seconds between requests to one host")
    depth: int = Field(3, ge=0, description="links followed from a start URL")
    allow_private: bool = Field(False, description="the hosts of a live crawl may be private addresses")
    opt_out: Literal["obey", "record"] = Field("obey", description="pages whose owner opts out of use by machines")
    layout: str | Layout | None = Field(None, description="of `nested`: a preset's name, or expressions of your own")

    @model_validator(mode="before")
    @classmethod
    def license_of_a_dump(cls, data: Any) -> Any:
        if isinstance(data, dict) and "license" not in data:
            known = next((LICENSES[place] for place in LICENSES if data.get(place) is not None), None)
            return {**data, "license": known} if known else data
        return data

    @field_validator("lang")
    @classmethod
    def a_language(cls, lang: str) -> str:
        if why := unknown(lang):
            raise ValueError(why)
        return lang

    @model_validator(mode="after")
    def one_place(self) -> Source:
        given = [place for place in PLACES if getattr(self, place) is not None]
        if len(given) != 1:
            raise ValueError(f"a source needs exactly one of {', '.join(PLACES)}; it has {given or 'none'}")
        if (self.nested is None) != (self.layout is None):
            raise ValueError("nested and layout go together: the files, and where the text lies in them")
        return self


class Crawl(Section):
    """Gather pages and documents, per source, with license and provenance."""

    sources: dict[Name, Source] = Field(min_length=1)
    bad_records: float = Field(0.01, ge=0, le=1, description="share of unreadable records that fails the stage")

    def check(self, run: Run) -> None:
        """Refuse a layout that no file could be read by, and a PDF source without the package that reads it."""
        from corpus.sources import nested, pdf

        for name, source in self.sources.items():
            if source.layout is not None:
                nested.plan(source.layout, f"sources.{name}.layout")
            if source.pdf is not None:
                pdf.check()


Rules = Literal["stock", "fineweb2", "korean", "strict"]


class Lists(Closed):
    """The user's lists, one entry a line."""

    block: ContentPath | None = Field(None, description="hosts and URLs whose pages are dropped")
    allow: ContentPath | None = Field(None, description="hosts and URLs that stay whatever `block` says")
    bad_words: ContentPath | None = Field(None, description="words that are counted in `meta`, not dropped")


class Refine(Section):
    """Pages to documents: charset, text, normalisation, language, rules."""

    crawl: Annotated[str | None, Input(("crawl",), ("crawl",))] = None
    rules: Rules = "korean"
    thresholds: dict[str, dict[str, Any]] = Field({}, description="rule -> option -> value, over the preset's")
    lists: Lists = Lists()
    language_share: float = Field(
        0.5, ge=0, le=1, description="language ID's probability below which a page is dropped"
    )
    page_bytes: int = Field(
        4 << 20, ge=1024, description="bytes of a page above which it is dropped unparsed; bounds memory and time"
    )
    gate: int = Field(
        20, ge=0, description="Hangul characters below which a Korean source's page is dropped unparsed; 0: no gate"
    )
    line_language: Literal["count", "drop", "off"] = Field(
        "count", description="share of lines by language in `meta`; drop: lines in a third language go"
    )
    opt_out: Literal["obey", "record"] = Field("obey", description="what a page says against its use by machines")
    pii: Literal["mask", "count", "none"] = Field("mask", description="personal data in documents that are kept")
    unit_bytes: int = Field(64 << 20, ge=1024, description="input bytes per unit of work; enters the identity")

    def check(self, run: Run) -> None:
        """Refuse a rule or an option that no rule has; the rules themselves are not imported."""
        from corpus.filters import check

        check(self.thresholds)


class Audit(Section):
    """What each rule takes, per source and domain; a sheet to read; what other rules or thresholds would keep."""

    documents: Annotated[str | None, Input(("documents",), ("refine",))] = None
    model: Annotated[str | None, Input(("model",), ("base",), required=False)] = None
    rules: Rules | None = Field(None, description="preset judged by; default: that of the refine that is read")
    thresholds: dict[str, dict[str, Any]] = Field({}, description="rule -> option -> value, over the preset's")
    lists: Lists = Lists()
    per_rule: int = Field(50, ge=0, description="documents kept, and dropped, per rule on the sheet")
    excerpt: int = Field(300, ge=1, description="characters of a document on the sheet")
    domains: int = Field(20, ge=0, description="domains tabled by name; the rest is summed")
    seed: int = 0

    def check(self, run: Run) -> None:
        from corpus.filters import check

        check(self.thresholds, "audit")


class Dedup(Section):
    """Drop documents that stood before, the same and nearly the same; the survivor is the first in input order."""

    documents: Annotated[str | None, Input(("documents",), ("refine",))] = None
    urls: bool = Field(False, description="drop all but the first document of each URL")
    exact: bool = True
    minhash: bool = True
    shingle: Literal["eojeol", "character"] = Field("eojeol", description="what is compared: runs of which units")
    ngram: int | None = Field(None, ge=1, description="units per shingle; default: 5 eojeol, 16 characters")
    buckets: int = Field(14, ge=1)
    hashes: int = Field(8, ge=1, description="hashes per bucket")
    keep_numbers: bool = Field(True, description="MinHash keeps a document that differs from another in numbers alone")
    lines: Literal["off", "paragraph"] = Field("off", description="paragraph: take out lines that many documents have")
    line_documents: int = Field(10, ge=2, description="documents in which a line that is taken out stands")
    line_characters: int = Field(10, ge=1, description="letters and digits of a line that may be taken out")
    line_keep: Literal["first", "none"] = Field("first", description="whether a line's first occurrence stays")
    line_left: int = Field(200, ge=0, description="characters that must be left, or the document is dropped")


class Ngram(Section):
    """Train the n-gram language model that `perplexity` asks, from text held to be good."""

    documents: Annotated[str | None, Input(("documents", "mixture"), ("dedup", "refine"))] = None
    lang: str = "ko"
    sources: list[str] = Field([], description="names of the sources that are learned; empty: all of that language")
    text_bytes: int = Field(1 << 30, ge=10_000, description="UTF-8 bytes of text learned at most, chosen by hash")
    folds: int = Field(
        2, ge=1, le=16, description="models, each of the other folds, so that none scores what it learned"
    )
    units: Literal["pieces", "syllables"] = Field("pieces", description="what the model counts")
    pieces: int = Field(16_000, ge=100, description="size of the SentencePiece vocabulary, at most")
    order: int = Field(5, ge=2, le=6)
    prune: list[Annotated[int, Field(ge=0)]] = Field(
        [], description="for orders 1, 2, ...: n-grams that occur so often or less are left out (lmplz --prune)"
    )

    def check(self, run: Run) -> None:
        if self.prune and (self.prune[0] or self.prune != sorted(self.prune) or len(self.prune) > self.order):
            raise ConfigError(
                f"ngram.prune {self.prune} must begin with 0, never fall, and be no longer than the order"
            )


class Perplexity(Section):
    """Each document's perplexity, and whether it is in the head, the middle or the tail of its kind."""

    documents: Annotated[str | None, Input(("documents",), ("dedup", "refine"))] = None
    model: Annotated[str | None, Input(("ngram",), ("ngram",))] = None
    head: float = Field(0.3, gt=0, lt=1, description="share of documents in the head: CCNet's first cut")
    middle: float = Field(0.6, gt=0, le=1, description="share of documents in head and middle: CCNet's second cut")
    per: Literal["corpus", "source"] = Field("corpus", description="whose quantiles the cuts are")
    cuts: tuple[float, float] | None = Field(
        None, description="the two perplexities themselves, in the place of quantiles of what is scored"
    )
    drop: list[Literal["head", "middle", "tail"]] = Field([], description="buckets that are dropped")

    def check(self, run: Run) -> None:
        if self.head >= self.middle:
            raise ConfigError(f"perplexity.head {self.head} is not below perplexity.middle {self.middle}")
        if self.cuts and not 0 < self.cuts[0] <= self.cuts[1]:
            raise ConfigError(f"perplexity.cuts {list(self.cuts)} must be two perplexities, the lower first")


class Classifier(Section):
    """Learn to tell good text from other text of the corpus, by the words and syllables in it."""

    documents: Annotated[str | None, Input(("documents", "mixture"), ("dedup", "refine"))] = None
    good: list[str] = Field(min_length=1, description="names of the sources that are good")
    other: list[str] = Field([], description="names of the sources they are told from; empty: all others")
    lang: str = "ko"
    limit: int = Field(10_000, ge=10, description="documents of each class at most, evenly from its sources, by hash")
    folds: int = Field(
        4, ge=2, le=16, description="models, each of the other folds, so that none scores what it learned"
    )
    threshold: float = Field(0.5, gt=0, lt=1, description="the score at which precision and recall are stated")
    cross: bool = Field(True, description="also judge each source by a model that never saw it")
    bits: int = Field(18, ge=10, le=24, description="log2 of the number of weights")
    window: int = Field(1000, ge=100, description="characters judged at once")
    windows: int = Field(4, ge=1, description="windows judged per document at most, spread evenly over it")
    epochs: int = Field(3, ge=1)
    decay: float = Field(1e-5, gt=0, description="L2 penalty")
    seed: int = 0

    def check(self, run: Run) -> None:
        if both := sorted(set(self.good) & set(self.other)):
            raise ConfigError(f"{', '.join(both)} cannot be both good and other")


class Quality(Section):
    """Each document's score by the classifier; with `low`, those below it are dropped."""

    documents: Annotated[str | None, Input(("documents",), ("perplexity", "dedup", "refine"))] = None
    model: Annotated[str | None, Input(("classifier",), ("classifier",))] = None
    low: float | None = Field(None, gt=0, lt=1, description="score below which a document is dropped")


class Mix(Section):
    """Per-source caps, a held-out split per source, an order by seed, a data card. Never mixes languages."""

    documents: Annotated[
        str | None,
        Input(("documents", "crawl"), ("decontaminate", "quality", "perplexity", "dedup", "refine", "crawl")),
    ] = None
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


class Task(Closed):
    """One multiple-choice task, or texts that are only to be kept out of the corpus."""

    file: ContentPath | None = Field(None, description="JSONL: query, choices, gold (index)")
    kmmlu: bool = Field(False, description="the 45 x 5 real KMMLU items that the lm-eval wheel carries")
    texts: ContentPath | None = Field(
        None, description="JSONL or one text a line (.txt): never asked, but kept out by decontaminate"
    )
    fields: list[str] = Field(["text"], min_length=1, description="of `texts` in JSONL: the fields that are kept out")
    lang: str = "ko"
    license: str = "unknown"
    limit: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def one_origin(self) -> Task:
        if sum((self.file is not None, self.kmmlu, self.texts is not None)) != 1:
            raise ValueError("a task needs exactly one of file, kmmlu, texts")
        return self


class Benchmarks(Section):
    """Benchmark items as one format, from local files."""

    tasks: dict[Name, Task] = Field(min_length=1)
    seed: int = 0


class ClozeTask(Closed):
    """The true continuation among four, made from held-out documents of one language."""

    lang: str = "ko"
    limit: int | None = Field(None, ge=1)


class Cloze(Section):
    """Multiple-choice items made from the run's own held-out documents, labelled as made."""

    tasks: dict[Name, ClozeTask] = Field(min_length=1)
    documents: Annotated[str | None, Input(("mixture",), ("mix",))] = None
    seed: int = 0


class Decontaminate(Section):
    """Documents without benchmark items; items marked clean or dirty."""

    documents: Annotated[str | None, Input(("documents",), ("quality", "perplexity", "dedup", "refine"))] = None
    benchmarks: Annotated[list[str] | None, Input(("benchmarks",), ("benchmarks",), many=True)] = None
    characters: int = Field(12, ge=4, description="letters and digits per window, spaces and marks left out")
    share: float = Field(0.8, gt=0, le=1, description="share of an item's windows, close together, that finds it")
    action: Literal["clean", "drop"] = Field("clean", description="clean: the lines with an item go, the rest stays")
    left: int = Field(200, ge=0, description="characters that cleaning must leave, or the document is dropped")
