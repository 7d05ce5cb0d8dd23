"""Namu markup to plain text: brackets with a stack, then lines.

Macros, tables, footnotes, files and categories go, as do struck-out words (on this wiki an aside that breaks the
sentence it stands in); a link leaves the words it shows, with the particle that follows; headings, quotations and
list items stay as lines. Square brackets that name no macro and a row of a table that nothing closes are text.
Linear in time, whatever the nesting.
"""

from __future__ import annotations

import re

DEPTH = 60  # brackets within each other; what lies deeper loses its marks
LITERAL_LIMIT = 100_000  # characters of a literal block
GONE = "\0"  # where something was removed
REDIRECT = re.compile(r"\s*#(?:redirect|넘겨주기)\s", re.I)
DISAMBIGUATION = re.compile(
    r"\[(?:분류:동음이의어(?:/[^\]]*)?\]|include\(틀:(?:동음이의어|다른 뜻 목록)\))|\[\[분류:동음이의어"
)
BRACKET = re.compile(r"(\{\{\{|\}\}\}|\[\[|\]\]|\[\*|\[(?=[a-zA-Z가-힣]+(?:\(|\]))|\])")
SILENT = ("#!html", "#!if", "#!style")
COLOUR = re.compile(
    r"#(?:[0-9a-f]{3}|[0-9a-f]{6}|[a-z]{3,20})(?:,\s*#?(?:[0-9a-f]{3}|[0-9a-f]{6}|[a-z]{3,20}))?\s", re.I
)
SIZE = re.compile(r"[+-][1-5]\s")
QUOTES = re.compile(r"'{2,5}")
STRUCK = re.compile(r"(~~|--)(?=[^\s~-])[^\n]{1,400}?(?<=[^\s~-])\1(?!-)")
MARKS = re.compile(r"__(.+?)__|\^\^(.+?)\^\^|,,(.+?),,")
HEADING = re.compile(r"^(={1,6})(#?)\s+(.*?)\s+\2\1\s*$")
ITEM = re.compile(r"^\s+(?:\*|[1aAiI]\.(?:#\d+)?)\s?")
RULE = re.compile(r"^-{4,9}$")
SPACES = re.compile(r"[ \t]{2,}")
EMPTY = re.compile(r"\s*\([\s,/]*\0[\s,/\0]*\)")
HIDDEN_LINKS = ("파일:", "분류:", "file:", "category:", "이미지:")
ROW = 40  # lines of one row of a table
LINE = 2_000  # characters of a line that are looked back at for its start
MARK = re.compile(r"^\s*(?:\|\|)+(?:\s*<(?:[-|:()^#]|v\||[a-z ]+=|nopad|keepall)[^<>]*>)*")
BLANK = re.compile(r"\n(?:[ \t]*\n)+")
LINE_MACROS = ("br",)
BARE_MACROS = ("목차", "tableofcontents", "toc", "각주", "footnote", "clearfix", "pagecount", "date", "datetime")
MACROS = (
    *BARE_MACROS, "include", "age", "dday", "anchor", "youtube", "kakaotv", "nicovideo", "vimeo", "navertv",
    "tvpot",
)  # fmt: skip


def is_redirect(text: str) -> bool:
    return REDIRECT.match(text) is not None


def is_disambiguation(title: str, text: str) -> bool:
    return title.endswith("(동음이의어)") or DISAMBIGUATION.search(text) is not None


def plain(text: str) -> str:
    """The text of a page."""
    hidden: list[str] = []
    text = text.replace(GONE, "").replace("\1", "").replace("\r\n", "\n")
    text = _brackets(text, hidden)
    text = QUOTES.sub("", text)
    text = STRUCK.sub(GONE, text)
    text = MARKS.sub(lambda found: found[1] or found[2] or found[3], text)
    return re.sub("\1(\\d+)\1", lambda found: hidden[int(found[1])], _lines(text)).strip()


def _brackets(text: str, hidden: list[str]) -> str:
    """Resolve `{{{ }}}`, `[[ ]]`, `[* ]` and `[macro]`, inside out."""
    stack: list[tuple[str, list[str], int]] = [("", [], 0)]
    at = 0
    for mark in BRACKET.finditer(text):
        part = mark[0]
        stack[-1][1].append(text[at : mark.start()])
        at = mark.end()
        if part in ("{{{", "[[", "[*", "["):
            if len(stack) <= DEPTH:
                stack.append((part, [], at))
            continue
        openers = {"}}}": ("{{{",), "]]": ("[[",), "]": ("[*", "[")}[part]
        depth = next((above for above, (kind, *_) in enumerate(reversed(stack[-8:])) if kind in openers), None)
        if depth is None:
            if part == "]]" and stack[-1][0] in ("[*", "["):  # `[* ... [br]]`: two ends in one mark
                kind, inner, begin = stack.pop()
                stack[-1][1].append(_closed(kind, "".join(inner), "", hidden))
            else:
                stack[-1][1].append(part)
            continue
        for _ in range(depth):
            kind, inner, _ = stack.pop()
            stack[-1][1].append(kind + "".join(inner))
        kind, inner, begin = stack.pop()
        literal = text[begin : mark.start()] if kind == "{{{" and mark.start() - begin <= LITERAL_LIMIT else ""
        shown = _closed(kind, "".join(inner), literal, hidden)
        if "\n" in shown and _in_cell(text, begin):
            shown = BLANK.sub("\n", shown).strip("\n") or " "
        stack[-1][1].append(shown)
    stack[-1][1].append(text[at:])
    while len(stack) > 1:
        kind, inner, _ = stack.pop()
        stack[-1][1].append(("" if kind == "{{{" else kind) + "".join(inner))
    return "".join(stack[0][1])


def _in_cell(text: str, at: int) -> bool:
    """Whether the line up to here begins a row of a table, where an empty line of ours must not end the row."""
    near = max(0, at - LINE)
    begin = text.rfind("\n", near, at) + 1
    return (begin > 0 or near == 0) and text[begin:at].lstrip().startswith("||")


def _closed(kind: str, inner: str, literal: str, hidden: list[str]) -> str:
    if kind == "[*":
        return GONE
    if kind == "[[":
        return _link(inner)
    if kind == "[":
        return _macro(inner)
    return _block(inner, literal or inner, hidden)


def _link(text: str) -> str:
    target, bar, shown = text.partition("|")
    target = target.strip()
    if target.lower().startswith(HIDDEN_LINKS):
        return GONE
    if bar:
        return shown
    return target.removeprefix(":").removeprefix("wiki:").partition("#")[0].strip('"') or target.lstrip("#")


def _macro(text: str) -> str:
    name, bracket, rest = text.partition("(")
    name = name.strip().lower()
    if name in LINE_MACROS:
        return "\n"
    if name == "ruby" and bracket:
        return rest.rstrip(")").partition(",")[0]
    if name == "math" and bracket:
        return f"${rest.removesuffix(')').strip()}$"
    if name in (MACROS if bracket else BARE_MACROS):
        return GONE
    return f"[{text}]"


def _block(text: str, literal: str, hidden: list[str]) -> str:
    """What three braces hold: styled text stays, code and literal text stay as they are, raw HTML goes."""
    lowered = text[:20].lower()
    if lowered.startswith(("#!wiki", "#!folding")):
        return "\n" + text.partition("\n")[2] + "\n" if "\n" in text else ""
    if lowered.startswith(SILENT):
        return GONE
    if lowered.startswith("#!syntax"):
        return _hide(literal.partition("\n")[2].strip("\n"), hidden)
    if lowered.startswith("#!"):
        return GONE
    styled = SIZE.match(text) or COLOUR.match(text)
    if styled:
        return text[styled.end() :]
    return _hide(literal.replace(GONE, ""), hidden)


def _hide(shown: str, hidden: list[str]) -> str:
    hidden.append(re.sub("\1(\\d+)\1", "", shown))
    return f"\1{len(hidden) - 1}\1"


def _row_end(lines: list[str], begin: int) -> int | None:
    """The line that closes the row of a table, None where a blank line, a heading or the end comes first."""
    for at in range(begin, min(begin + ROW, len(lines))):
        line = lines[at].strip()
        if at > begin and (not line or HEADING.match(line)):
            return None
        if line.endswith("||") and not line.startswith("##") and (at > begin or line != "||"):
            return at
    return None


def _lines(text: str) -> str:
    """Headings without marks, items with one dash, quotations without marks, no tables, comments or rules."""
    out: list[str] = []
    pending: list[tuple[int, str]] = []
    lines = text.split("\n")
    ended = -1  # the last line of the latest row
    cut = False  # a row was cut off: its end may still come
    for at, line in enumerate(lines):
        if at <= ended or line.startswith("##"):
            continue
        removed = GONE in line
        if line.lstrip().startswith("||"):
            end = _row_end(lines, at)
            if end is not None:
                ended, cut = end, False
                continue
            line, cut, removed = MARK.sub("", line), True, True
        elif cut and line.rstrip().endswith("||"):
            line, cut, removed = line.rstrip().removesuffix("||"), False, True
        if removed:
            line = EMPTY.sub("", line).replace(GONE, "")
        heading = HEADING.match(line)
        if heading:
            level, cut = len(heading[1]), False
            pending = [one for one in pending if one[0] < level]
            if heading[3]:
                pending.append((level, heading[3]))
            continue
        item = ITEM.match(line)
        if item:
            body = line[item.end() :].strip()
            line = f"- {body}" if body else ""
            removed = removed or not body
        line = SPACES.sub(" ", re.sub(r"^(?:>\s?)+", "", line)).strip()
        if not line or RULE.match(line):
            if not removed and out and out[-1]:
                out.append("")
            continue
        for _, title in pending:
            out += ([""] if out and out[-1] else []) + [title]
        pending = []
        out.append(line)
    return "\n".join(out).strip()
