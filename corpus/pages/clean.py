"""One pass over one page or document: charset, text, normal form, language, rules; out come its row and its fate.

`Cleaner.early` holds what needs no parser (status, type, size, the gate on the bytes) and is safe on any input;
`Cleaner.clean` holds the rest, the cheap tests first, and belongs behind a `Guard`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from corpus.pages.charset import decode
from corpus.pages.gate import hangul, hangul_of
from corpus.text.language import KOREAN, by_line, identify, keep_lines
from corpus.text.languages import LANGUAGE_CODE
from corpus.text.normalize import normalize

if TYPE_CHECKING:
    from datatrove.pipeline.filters.base_filter import BaseFilter

    from corpus.config import Refine
    from corpus.filters.rule import Rule

Verdict = Callable[[Any], tuple[str, str, str] | None]  # of a document: option broken, value, threshold; None: it stays

HTML = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")
PLAIN = ("text/plain",)
HEADERS = ("x-robots-tag", "tdm-reservation", "tdm-policy")  # of HTTP, that may hold an opt-out


@dataclass(frozen=True)
class Raw:
    """A page (`body`, with what HTTP said) or a document (`text`), and the source's word on language and license."""

    id: str
    source: str
    url: str
    lang: str
    license: str
    text: str = ""
    body: bytes | None = None
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    charset: str = "utf-8"
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """`rule` is "" for a document that stays. `value` and `threshold` are the rule's, as text.

    `passed` names the rules asked that it passed, in order; `trimmed` the UTF-8 bytes a line rule took from it;
    `mojibake` its share of replacement characters, misread Latin-1 and syllables outside KS X 1001; `masked` how much
    personal data of each kind was found.
    """

    row: dict[str, Any]
    size: int
    rule: str = ""
    value: str = ""
    threshold: str = ""
    passed: tuple[str, ...] = ()
    trimmed: dict[str, int] = field(default_factory=dict)
    mojibake: dict[str, float] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)


class Cleaner:
    """The pass with a section's rules; rules are built once per language."""

    def __init__(self, section: Refine | Settings) -> None:
        self.section = section
        self._rules: dict[str, dict[str, Verdict]] = {}

    def __call__(self, raw: Raw) -> Outcome:
        return self.early(raw) or self.clean(raw)

    def early(self, raw: Raw) -> Outcome | None:
        """The fate of a page that its status, its type or its bytes decide, else None."""
        if raw.status != 200:
            return Outcome(_row(raw), 0, "status", str(raw.status), "200")
        if raw.body is None:
            return None
        mime = _mime(raw.content_type, raw.body)
        if mime not in (*HTML, *PLAIN):
            return Outcome(_row(raw), 0, "mime", mime, HTML[0])
        if len(raw.body) > self.section.page_bytes:
            return Outcome(_row(raw), 0, "page_bytes", str(len(raw.body)), str(self.section.page_bytes))
        enough = self._gate(raw)
        if not enough or (found := hangul(raw.body, enough)) is None or found >= enough:
            return None
        return Outcome(_row(raw) | {"charset": ""}, 0, "gate", str(found), str(enough))

    def _gate(self, raw: Raw) -> int:
        """Hangul characters asked of a page: none of one whose source is not Korean."""
        return self.section.gate if raw.lang == KOREAN else 0

    def clean(self, raw: Raw) -> Outcome:
        """What `early` did not decide; may crash or hang where a parser does."""
        from corpus.filters.mojibake import signs

        row = _row(raw)
        lines_removed = 0
        if raw.body is None:
            text = raw.text
        else:
            page = _decoded(raw, row)
            if why := self._opted_out(raw, page, row):
                return Outcome(row, 0, "opt_out", why, "none")
            enough = self._gate(raw)
            # in bytes that are no UTF-8 the gate counted every script
            if (
                enough
                and (row["charset"], "charset_repaired" in row["meta"]) != ("utf-8", False)
                and (found := hangul_of(page, enough)) < enough
            ):
                return Outcome(row, 0, "gate", str(found), str(enough))
            text, lines_removed = _page_text(raw, page, row)
        if lines_removed:
            row["meta"]["lines_removed"] = lines_removed
        text = normalize(text).strip("\n")
        row["text"] = text
        size = len(text.encode())
        if not text.strip():
            return Outcome(row, size, "empty", "0", "1")
        if (wrong := self._language(text, row)) is not None:
            return Outcome(row, size, "language", *wrong)
        broken = {name: round(value, 6) for name, value in signs(text).items()}
        return self._judge(row, size, broken)

    def _opted_out(self, raw: Raw, page: str, row: dict[str, Any]) -> str:
        """What the page's owner said against its use, "" for nothing; recorded, and obeyed by the section's word."""
        from corpus.web.optout import refuses, signals

        if found := signals(raw.headers, page):
            row["meta"]["opt_out"] = found
            if self.section.opt_out == "obey" and refuses(found):
                return ", ".join(f"{name} ({place})" for name, place in sorted(found.items()))
        return ""

    def _language(self, text: str, row: dict[str, Any]) -> tuple[str, str] | None:
        """(value, threshold) where the text is not surely in its source's language."""
        wanted = row["lang"]
        if len(wanted) > LANGUAGE_CODE:
            return None
        said = identify(text)
        row["meta"]["language"] = said.lang
        row["meta"]["language_probability"] = said.probability
        if said.lang == wanted and said.probability >= self.section.language_share:
            return None
        return f"{said.lang} {said.probability}", f"{wanted} {self.section.language_share}"

    def _judge(self, row: dict[str, Any], size: int, found: dict[str, float]) -> Outcome:
        """The first rule that fails drops the document, with its text as it was before any rule edited it."""
        from datatrove.data import Document

        doc = Document(text=row["text"], id=row["id"], metadata={"lang": row["lang"], "url": row["url"]})
        passed: list[str] = []
        trimmed: dict[str, int] = {}
        for name, verdict in self._built(row["lang"]).items():
            before = doc.text
            if (said := verdict(doc)) is not None:
                row["meta"]["option"], value, threshold = said
                return Outcome(row, size, name, value, threshold, tuple(passed), mojibake=found)
            passed.append(name)
            if doc.text != before:
                trimmed[name] = len(before.encode()) - len(doc.text.encode())
        if notes := doc.metadata.get("notes"):
            row["meta"]["notes"] = notes
        row["text"] = self._by_line(doc.text, row, trimmed)
        masked = self._mask(row)
        kept = len(row["text"].encode())
        return Outcome(row, kept, passed=tuple(passed), trimmed=trimmed, mojibake=found, masked=masked)

    def _by_line(self, text: str, row: dict[str, Any], trimmed: dict[str, int]) -> str:
        """The text less lines in a third language, where that is asked; the share of each language goes into `meta`."""
        if self.section.line_language == "off" or len(row["lang"]) > LANGUAGE_CODE:
            return text
        langs = by_line(text)
        if self.section.line_language == "drop":
            text, lost, langs = keep_lines(text, langs, row["lang"])
            if lost:
                trimmed["line_language"] = lost
        total = sum(size for _, size in langs) or 1
        shares: dict[str, int] = {}
        for lang, size in langs:
            if lang:
                shares[lang] = shares.get(lang, 0) + size
        row["meta"]["line_languages"] = {lang: round(size / total, 4) for lang, size in sorted(shares.items())}
        return text

    def _mask(self, row: dict[str, Any]) -> dict[str, int]:
        """Personal data by kind; replaced in the text by the section's word."""
        if self.section.pii == "none":
            return {}
        from corpus.pii import mask

        found = mask(row["text"])
        if found.counts:
            row["meta"]["pii"] = dict(sorted(found.counts.items()))
        if self.section.pii == "mask":
            row["text"] = found.text
        return dict(found.counts)

    def _built(self, lang: str) -> dict[str, Verdict]:
        if lang not in self._rules:
            from corpus.filters import build

            given = self.section.lists
            lists = given if isinstance(given, dict) else given.model_dump()
            rules = build(self.section.rules, self.section.thresholds, lang, lists=lists)
            self._rules[lang] = {name: _verdict(rule) for name, rule in rules.items()}
        return self._rules[lang]


class Settings(SimpleNamespace):
    """A section's fields without its class: pydantic and every section of the program take a page process 0.2 s."""


def settings(section: str) -> Settings:
    """The fields of a section given as JSON."""
    return Settings(**json.loads(section))


def page_cleaner(section: str, alive: Callable[[], None]) -> Callable[[Raw], Outcome]:
    """What a process answers with that is asked page by page: the part of the pass that needs parsers."""
    return Cleaner(settings(section)).clean


def _row(raw: Raw) -> dict[str, Any]:
    return {
        "id": raw.id, "text": "", "source": raw.source, "url": raw.url, "lang": raw.lang, "license": raw.license,
        "charset": raw.charset, "meta": dict(raw.meta),
    }  # fmt: skip


def _verdict(rule: Rule | BaseFilter) -> Verdict:
    """What a rule says of a document; a filter that is datatrove's own gives its reason only."""
    from corpus.filters.rule import Rule, number

    if isinstance(rule, Rule):
        fault = rule.fault

        def held(doc: Any) -> tuple[str, str, str] | None:
            found = fault(doc)
            return None if found is None else (found.option, number(found.value), number(found.threshold))

        return held
    ask = rule.filter

    def asked(doc: Any) -> tuple[str, str, str] | None:
        answer = ask(doc)
        stays, reason = answer if isinstance(answer, tuple) else (answer, "")
        return None if stays else (str(reason), "", "")

    return asked


def _mime(content_type: str, body: bytes) -> str:
    """What a page says it is; where it says nothing, markup by its first character."""
    said = content_type.split(";")[0].split(",")[0].strip().lower()
    if said:
        return said
    return HTML[0] if body[:512].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<") else PLAIN[0]


def _decoded(raw: Raw, row: dict[str, Any]) -> str:
    """A page's characters; the verdict on its charset goes into the row."""
    page = decode(raw.body or b"", raw.content_type)
    row["charset"] = page.charset
    meta = row["meta"]
    meta["charset_by"] = page.how
    if page.declared:
        meta["charset_declared"] = page.declared
    if page.lying:
        meta["charset_lying"] = True
    if page.repaired:
        meta["charset_repaired"] = page.repaired
    return page.text


def _page_text(raw: Raw, page: str, row: dict[str, Any]) -> tuple[str, int]:
    """A page's text and how many lines were furniture; its title and what marks it bears go into the row."""
    from corpus.pages.extract import extract, tidy

    if _mime(raw.content_type, raw.body or b"") in PLAIN:
        return tidy(page.replace("\r\n", "\n"))
    found = extract(page, raw.url)
    marks = {
        "title": normalize(found.title).strip(), "date": found.date, "canonical": found.canonical,
        "license_by": found.license_by, "extracted_by": found.how,
    }  # fmt: skip
    row["meta"].update({name: mark for name, mark in marks.items() if mark})
    if found.license:  # a page's own word, over its source's
        row["license"] = found.license
    return found.text, found.lines_removed
