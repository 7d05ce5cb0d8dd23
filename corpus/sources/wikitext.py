"""MediaWiki markup to plain text: one pass over the brackets with a stack, then one over the lines.

Templates, tables, references, files and categories go; a link leaves the words it shows, with the particle that
follows them; headings and list items stay as lines. A few templates that hold running text leave that text, and
brackets, square or pointed, that are no markup to MediaWiki stay as written.
Unclosed brackets cost no more than their paragraph, and any nesting is linear in time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

DEPTH = 60  # brackets within each other; what lies deeper loses its marks (MediaWiki stops at 40 templates)
GONE = "\0"  # where something was removed; XML cannot hold this character
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
NAMES = ("nowiki", "syntaxhighlight", "source", "pre", "math", "chem", "ce", "ref", "references", "gallery", "score",
         "timeline", "graph", "imagemap", "hiero", "templatedata", "mapframe", "table", "noinclude",
         "includeonly")  # fmt: skip
ELEMENT = re.compile(rf"<({'|'.join(NAMES)})\b(?:[^<>/]|/(?!>))*>", re.I)
CLOSERS = {name: re.compile(rf"</{name}\s*>", re.I) for name in NAMES}
EMPTY = re.compile(r"<(?:nowiki|ref|references|templatestyles|section)\b[^<>]*/>", re.I)
PARAMETER = re.compile(r"\{\{\{[^{}]*\}\}\}")
BRACKET = re.compile(r"(\{\{|\}\}|\[\[|\]\]|^[ :*]*\{\|(?!\})|^\s*\|\}(?!\}))", re.M)
SCHEMES = (  # MediaWiki's own; behind the last a template that is gone held the start of the address
    "(?:https?|ftps?|sftp|git|gopher|ircs?|mms|nntp|redis|ssh|svn|telnet|wikipedia|worldwind)://|//"
    "|(?:bitcoin|geo|magnet|mailto|matrix|news|sips?|sms|tel|urn|xmpp):|\0/"
)
EXTERNAL = re.compile(rf"\[(?:{SCHEMES})[^\s\[\]]+(?:[ \t]+([^\[\]\n]*))?\]", re.I)
QUOTES = re.compile(r"'{2,5}")
BREAK = re.compile(r"<(?:br|hr)\s*/?\s*>|</?(?:p|div|blockquote|li|ul|ol)(?=[\s/>])[^<>]*>", re.I)
TAGS = (  # what MediaWiki takes for a tag: its HTML, and the extensions that NAMES leaves out
    "abbr", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "data", "dd", "del",
    "dfn", "div", "dl", "dt", "em", "font", "h[1-6]", "hr", "i", "ins", "kbd", "li", "link", "mark", "meta", "ol",
    "p", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "td",
    "th", "time", "tr", "tt", "u", "ul", "var", "wbr", "categorytree", "charinsert", "dynamicpagelist",
    "indicator", "inputbox", "langconvert", "languages", "maplink", "onlyinclude", "phonos", "poem", "quiz",
    "section", "templatestyles", "translate", "tvar",
)  # fmt: skip
TAG = re.compile(rf"</?(?:{'|'.join(NAMES + TAGS)})(?=[\s/\\>])[^<>\n]*>", re.I)
SWITCH = re.compile(r"__[A-Z가-힣]{3,}__")
HEADING = re.compile(r"^(={1,6})\s*(.*?)\s*\1\s*$")
ITEM = re.compile(r"^([*#:;]+)\s*")
REDIRECT = re.compile(r"\s*#\s*(?:redirect|넘겨주기)\s*:?\s*\[\[", re.I)
INTERWIKI = re.compile(r"[a-z]{2,3}(?:-[a-z]+)*$|simple$")
SPACES = re.compile(r"[ \t\u3000]{2,}")
FILES = ("file", "image", "category", "media", "파일", "그림", "분류", "미디어")
APART = (  # sections that list where else to look; their lines are no running text
    "각주", "주석", "주", "각주 및 참고 문헌", "참고 문헌", "참고문헌", "참고 자료", "참고자료", "출처", "외부 링크",
    "외부링크", "바깥 고리", "같이 보기", "같이보기", "함께 보기", "관련 항목", "갤러리", "references", "notes",
    "sources", "external links", "see also", "further reading", "bibliography", "footnotes",
)  # fmt: skip
LAST, FIRST, BOTH = -1, 0, 2
KEPT_TEMPLATES = {
    "lang": LAST, "llang": LAST, "언어": LAST, "nowrap": FIRST, "nobr": FIRST, "small": FIRST, "작게": FIRST,
    "big": FIRST, "크게": FIRST, "루비": FIRST, "ruby": FIRST, "인용": FIRST, "인용문": FIRST, "인용문2": FIRST,
    "quote": FIRST, "blockquote": FIRST, "quotation": FIRST, "글자색": LAST, "color": LAST, "한자": FIRST,
    "convert": BOTH, "단위 변환": BOTH, "cvt": BOTH, "formatnum": FIRST, "서체": LAST, "lang-en": FIRST,
}  # fmt: skip
NAMED = re.compile(r"\s*[\w가-힣 -]{1,30}=")
NUMBERED = re.compile(r"\s*(?:1|2|text|내용)\s*=")
DISAMBIGUATION = re.compile(
    r"\{\{\s*(?:동음이의(?:[ _]?(?:문서|어|어 문서|정리))?|동명이인"
    r"|(?:인명|지명|학교|역|성씨)[ _]?동음이의(?:어|[ _]문서)?|disambig(?:uation)?"
    r"|disamb|dab|hndis|geodis|(?:human|place) name disambiguation)\s*(?:\||\}\})|__DISAMBIG__",
    re.I,
)


def is_redirect(text: str) -> bool:
    return REDIRECT.match(text) is not None


def is_disambiguation(title: str, text: str) -> bool:
    return title.endswith(("(동음이의)", "(disambiguation)")) or DISAMBIGUATION.search(text) is not None


def plain(text: str, files: tuple[str, ...] = ()) -> str:
    """The text of a page. `files` are the site's own names of namespaces whose links show nothing, in lower case."""
    hidden: list[str] = []

    def hide(shown: str) -> str:
        hidden.append(shown)
        return f"\1{len(hidden) - 1}\1"

    text = text.replace(GONE, "").replace("\1", "")
    text = COMMENT.sub("", text)
    text = PARAMETER.sub("", _elements(EMPTY.sub(GONE, text), hide))
    text = _brackets(text, frozenset(FILES) | frozenset(files))
    text = EXTERNAL.sub(lambda found: found[1] or GONE, text)
    text = BREAK.sub("\n", QUOTES.sub("", SWITCH.sub("", text)))
    text = TAG.sub("", text)
    text = _lines(html.unescape(text))
    return re.sub("\1(\\d+)\1", lambda found: html.unescape(hidden[int(found[1])]), text).strip()


def _elements(text: str, hide: Callable[[str], str]) -> str:
    """Code, formulas and what is not wikitext are hidden from the passes that follow; references and the like go."""
    out, at = [], 0
    endless: set[str] = set()
    for opening in ELEMENT.finditer(text):
        name = opening[1].lower()
        if opening.start() < at or name in endless:
            continue
        closing = CLOSERS[name].search(text, opening.end())
        if closing is None:
            endless.add(name)
            continue
        inner = text[opening.end() : closing.start()]
        if name == "nowiki":
            shown = hide(inner)
        elif name in ("syntaxhighlight", "source", "pre"):
            shown = hide(inner.strip("\n"))
        elif name in ("math", "chem", "ce"):
            shown = hide(f"${' '.join(inner.split())}$")
        else:
            shown = GONE
        out += [text[at : opening.start()], shown]
        at = closing.end()
    return "".join([*out, text[at:]])


def _brackets(text: str, files: frozenset[str]) -> str:
    """Resolve `{{ }}`, `[[ ]]` and `{| |}`, inside out."""
    stack: list[tuple[str, list[str]]] = [("", [])]
    for number, part in enumerate(BRACKET.split(text)):
        if number % 2 == 0:
            if part:
                stack[-1][1].append(part)
            continue
        mark = part.strip(" :*\n\t")
        if mark in ("{{", "[[", "{|"):
            if len(stack) <= DEPTH:
                stack.append((mark, []))
            continue
        opener = {"}}": "{{", "]]": "[[", "|}": "{|"}[mark]
        if all(kind != opener for kind, _ in stack[-8:]):
            continue
        while stack[-1][0] != opener:  # brackets inside that were never closed
            kind, inner = stack.pop()
            stack[-1][1].append(_unclosed(kind, "".join(inner)))
        _, inner = stack.pop()
        stack[-1][1].append(_closed(opener, inner, files))
    while len(stack) > 1:
        kind, inner = stack.pop()
        stack[-1][1].append(_unclosed(kind, "".join(inner)))
    return "".join(stack[0][1])


def _unclosed(kind: str, inner: str) -> str:
    """What an opening bracket without an end leaves: a link its words, others what follows their paragraph."""
    if kind == "[[":
        return inner
    return GONE + (inner[inner.index("\n\n") :] if "\n\n" in inner else "")


def _closed(kind: str, inner: list[str], files: frozenset[str]) -> str:
    if kind == "{|":
        return GONE
    text = "".join(inner)
    return _link(text, files) if kind == "[[" else _template(text)


def _link(text: str, files: frozenset[str]) -> str:
    target, bar, shown = text.partition("|")
    visible = target.lstrip().startswith(":")
    space, colon, _ = target.strip().lstrip(":").partition(":")
    space = space.strip().lower()
    if colon and not visible and (space in files or (not bar and INTERWIKI.fullmatch(space))):
        return GONE
    if bar:
        return shown.rpartition("|")[2] if shown else target.partition("(")[0].strip()
    return target.strip().lstrip(":#").replace("_", " ")


def _template(text: str) -> str:
    name, _, rest = text.partition("|")
    name = name.strip().lower().replace("_", " ")
    how = KEPT_TEMPLATES.get(name)
    if how is None and name.startswith(("lang-", "llang-")):
        how = FIRST
    if how is None or not rest:
        return GONE
    values = []
    for value in rest.split("|"):
        if NUMBERED.match(value):
            values.append(value.partition("=")[2])
        elif not NAMED.match(value):
            values.append(value)
    if not values:
        return GONE
    return " ".join(value.strip() for value in values[:2]) if how == BOTH else values[how].strip()


CLEANUPS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\s*[(（][\s,;:·/、]*(?:\0[\s,;:·/、]*)+[)）]"), ""),  # brackets that held nothing else
    (re.compile(r"([(（])[\s,;:·/、]*(?:\0[\s,;:·/、]*)+"), r"\1"),
    (re.compile(r"(?:[\s,;:·/、]*\0)+[\s,;:·/、]*(?=[)）])"), ""),
    (re.compile(r"([,;·、])(?:\s*\0\s*[,;·、])+"), r"\1"),
    (re.compile(r" ?\0 (?=[.,;!?])"), ""),
)


def _lines(text: str) -> str:
    """Headings without their marks, items with one dash, sections of sources left out, no line left empty by us."""
    out: list[str] = []
    skip = 0  # level of the heading whose section is left out
    pending: list[tuple[int, str]] = []  # headings whose section has had no line yet
    for line in text.split("\n"):
        removed = GONE in line
        if removed:
            for pattern, instead in CLEANUPS:
                line = pattern.sub(instead, line)
            line = line.replace(GONE, "")
        heading = HEADING.match(line)
        if heading:
            level = len(heading[1])
            if skip and level > skip:
                continue
            skip = level if heading[2].strip().lower() in APART else 0
            pending = [one for one in pending if one[0] < level]
            if not skip and heading[2]:
                pending.append((level, heading[2].strip()))
            continue
        if skip:
            continue
        item = ITEM.match(line)
        if item:
            body = line[item.end() :].strip()
            line = (("- " if item[1][-1] in "*#" else "") + body) if body else ""
            removed = removed or not body
        line = SPACES.sub(" ", line).strip()
        if not line or line == "----":
            if not removed and out and out[-1]:
                out.append("")
            continue
        for _, title in pending:
            out += ([""] if out and out[-1] else []) + [title]
        pending = []
        out.append(line)
    return "\n".join(out).strip()
