"""One pass over one page or document: charset, text, normal form, language, rules; out come its row and its fate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from corpus.charset import decode
from corpus.config import Refine
from corpus.extract import extract, tidy
from corpus.filters import build
from corpus.language import identify
from corpus.normalize import normalize

if TYPE_CHECKING:
    from datatrove.pipeline.filters.base_filter import BaseFilter

HTML = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")
PLAIN = ("text/plain",)
LANGUAGE_CODE = 3  # letters: a source whose `lang` is longer ("code") is no language that could be identified


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
    status: int = 200
    charset: str = "utf-8"
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """`rule` is "" for a document that stays. `value` and `threshold` are the rule's, as text.

    `passed` names the rules asked that it passed, in order; `trimmed` the UTF-8 bytes a line rule took from it;
    `mojibake` its share of replacement characters, misread Latin-1 and syllables outside KS X 1001.
    """

    row: dict[str, Any]
    size: int
    rule: str = ""
    value: str = ""
    threshold: str = ""
    passed: tuple[str, ...] = ()
    trimmed: dict[str, int] = field(default_factory=dict)
    mojibake: dict[str, float] = field(default_factory=dict)


class Cleaner:
    """The pass with a section's rules; rules are built once per language."""

    def __init__(self, section: Refine) -> None:
        self.section = section
        self._rules: dict[str, dict[str, BaseFilter]] = {}

    def __call__(self, raw: Raw) -> Outcome:
        from corpus.filters.mojibake import signs

        row: dict[str, Any] = {
            "id": raw.id, "text": "", "source": raw.source, "url": raw.url, "lang": raw.lang, "license": raw.license,
            "charset": raw.charset, "meta": dict(raw.meta),
        }  # fmt: skip
        if raw.status != 200:
            return Outcome(row, 0, "status", str(raw.status), "200")
        if raw.body is None:
            text = raw.text
        else:
            mime = _mime(raw.content_type, raw.body)
            if mime not in (*HTML, *PLAIN):
                return Outcome(row, 0, "mime", mime, HTML[0])
            text = _page_text(raw, raw.body, mime, row)
        text = normalize(text).strip("\n")
        row["text"] = text
        size = len(text.encode())
        if not text.strip():
            return Outcome(row, size, "empty", "0", "1")
        found = {name: round(value, 6) for name, value in signs(text).items()}
        if (wrong := self._language(text, row)) is not None:
            return Outcome(row, size, "language", *wrong, mojibake=found)
        return self._judge(row, size, found)

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
        for name, rule in self._built(row["lang"]).items():
            before = doc.text
            option, value, threshold = _verdict(rule, doc)
            if option is not None:
                row["meta"]["option"] = option
                return Outcome(row, size, name, value, threshold, tuple(passed), mojibake=found)
            passed.append(name)
            if doc.text != before:
                trimmed[name] = len(before.encode()) - len(doc.text.encode())
        row["text"] = doc.text
        return Outcome(row, len(doc.text.encode()), passed=tuple(passed), trimmed=trimmed, mojibake=found)

    def _built(self, lang: str) -> dict[str, BaseFilter]:
        if lang not in self._rules:
            self._rules[lang] = build(self.section.rules, self.section.thresholds, lang)
        return self._rules[lang]


def _verdict(rule: BaseFilter, doc: Any) -> tuple[str | None, str, str]:
    """(option broken or None, value, threshold); a filter that is datatrove's own gives its reason only."""
    from corpus.filters.rule import Rule

    if isinstance(rule, Rule):
        fault = rule.fault(doc)
        return (None, "", "") if fault is None else (fault.option, f"{fault.value:g}", f"{fault.threshold:g}")
    answer = rule.filter(doc)
    stays, reason = answer if isinstance(answer, tuple) else (answer, "")
    return (None, "", "") if stays else (str(reason), "", "")


def _mime(content_type: str, body: bytes) -> str:
    """What a page says it is; where it says nothing, markup by its first character."""
    said = content_type.split(";")[0].split(",")[0].strip().lower()
    if said:
        return said
    return HTML[0] if body[:512].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<") else PLAIN[0]


def _page_text(raw: Raw, body: bytes, mime: str, row: dict[str, Any]) -> str:
    """Decode and extract; the verdict on the charset and the title go into the row."""
    page = decode(body, raw.content_type)
    row["charset"] = page.charset
    meta = row["meta"]
    meta["charset_by"] = page.how
    if page.declared:
        meta["charset_declared"] = page.declared
    if page.lying:
        meta["charset_lying"] = True
    if page.repaired:
        meta["charset_repaired"] = page.repaired
    if mime in PLAIN:
        text, removed = tidy(page.text.replace("\r\n", "\n"))
    else:
        found = extract(page.text)
        text, removed = found.text, found.lines_removed
        if title := normalize(found.title).strip():
            meta["title"] = title
    if removed:
        meta["lines_removed"] = removed
    return text
