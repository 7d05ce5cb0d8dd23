"""HWPX (Hancom's document format, KS X 6101: a zip of XML) as text: paragraphs as lines, tables cell by cell.

A row whose cells are all short becomes one line with tabs between the cells; a cell of several paragraphs, such as a
table that frames a whole page, keeps them as lines. Footnotes follow their paragraph; headers, footers, hidden
comments and deleted text are left out.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from xml.parsers.expat import ExpatError

from corpus.sources.containers import BROKEN, unfit
from corpus.sources.guarded_xml import Unsafe, tree
from corpus.sources.readers import BadRow, Row

SUFFIXES = (".hwpx",)
SECTION = re.compile(r"Contents/section(\d+)\.xml$", re.I)
MEMBER_LIMIT = 64 << 20  # bytes of one section
TOTAL_LIMIT = 256 << 20  # bytes of all sections
SPACES = {"tab": "\t", "nbSpace": " ", "fwSpace": " ", "lineBreak": "\n", "hyphen": "-"}
LEFT_OUT = ("header", "footer", "hiddenComment", "secPr", "linesegarray", "pic", "script", "masterPage", "parameters")
CELL = 60  # characters of a cell that shares a line


def hwpx_rows(paths: list[Path]) -> Iterator[Row]:
    """One document per file; one that is encrypted, broken or grows as a bomb does is a bad row."""
    for path in paths:
        try:
            row: Any = _document(path)
        except Unsafe:
            row = BadRow("unsafe XML")
        except (ExpatError, RecursionError, *BROKEN):
            row = BadRow("broken HWPX")
        yield path.name, 1, row


def _document(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        names = {info.filename: info for info in archive.infolist()}
        manifest = names.get("META-INF/manifest.xml")
        if (
            manifest is not None
            and unfit(manifest) is None
            and b"encryption-data" in archive.read(manifest)[:MEMBER_LIMIT]
        ):
            return BadRow("encrypted")
        sections = sorted((int(found[1]), info) for name, info in names.items() if (found := SECTION.search(name)))
        if not sections:
            return BadRow("no section of text")
        for _, info in sections:
            reason = unfit(info)
            if reason is None and info.file_size > MEMBER_LIMIT:
                reason = "section too large"
            if reason is not None:
                return BadRow(reason)
        if sum(info.file_size for _, info in sections) > TOTAL_LIMIT:
            return BadRow("document too large")
        lines: list[str] = []
        for _, info in sections:
            section = tree(archive.read(info))
            _cut_deleted(section)
            lines += _blocks(section)
        package = names.get("Contents/content.hpf")
        about = _about(archive.read(package)) if package is not None and unfit(package) is None else {}
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return {"id": path.name, "text": text, **about}


def _about(data: bytes) -> dict[str, str]:
    """Title and date of the package, where it states them."""
    try:
        package = tree(data)
    except (Unsafe, ExpatError):
        return {}
    found = {}
    for one in package.iter():
        if one.tag == "title" and one.text and one.text.strip():
            found["title"] = one.text.strip()
        elif one.tag == "meta" and one.get("name") == "CreatedDate" and one.text:
            found["date"] = one.text.strip()
    return found


def _blocks(parent: Element) -> list[str]:
    """The lines of the paragraphs in a section or a cell."""
    lines: list[str] = []
    for paragraph in parent:
        if paragraph.tag == "p":
            lines += _paragraph(paragraph)
        elif paragraph.tag not in LEFT_OUT:
            lines += _blocks(paragraph)
    return lines


def _paragraph(paragraph: Element) -> list[str]:
    parts: list[str] = []
    after: list[str] = []  # tables, frames and notes: they follow the line they are anchored in
    for run in paragraph:
        if run.tag != "run":
            continue
        for child in run:
            if child.tag in ("t", "dutmal", "compose"):
                parts.append(_one_line(child))
            elif child.tag == "tbl":
                after += _table(child)
            elif child.tag not in LEFT_OUT:
                after += _blocks(child)
    line = "".join(parts).strip("\n ")
    return ([line] if line or not after else []) + after


def _cut_deleted(section: Element) -> None:
    """Empty what tracked changes have deleted, from one run or paragraph into the next."""
    ends = Counter(mark.get("Id") for mark in section.iter("deleteEnd"))
    deleting: set[str | None] = set()
    for text in section.iter("t"):
        if deleting:
            text.text = None
        for child in text:
            change = child.get("Id")
            if child.tag == "deleteBegin" and ends[change]:  # one that never ends deletes nothing
                deleting.add(change)
            elif child.tag == "deleteEnd":
                ends[change] -= 1
                deleting.discard(change)
            if deleting:
                child.tag, child.tail = "deleteBegin", None


def _words(text: Element) -> str:
    return "".join([text.text or "", *(SPACES.get(child.tag, "") + (child.tail or "") for child in text)])


def _one_line(run: Element) -> str:
    """What stands in a line as a run of its own: text, words with a gloss above them, characters laid over another."""
    if run.tag == "t":
        return _words(run)
    return run.findtext("mainText", "") if run.tag == "dutmal" else run.get("composeText", "")


def _table(table: Element) -> list[str]:
    captions = [child for child in table if child.tag == "caption"]
    above = [one for one in captions if one.get("side", "TOP") in ("TOP", "LEFT")]
    lines = [line for one in above for line in _blocks(one)]
    for row in (child for child in table if child.tag == "tr"):
        cells = [[line for line in _blocks(cell) if line] for cell in row if cell.tag == "tc"]
        if len(cells) > 1 and all(len(cell) <= 1 and len("".join(cell)) <= CELL for cell in cells):
            lines.append("\t".join("".join(cell) for cell in cells).strip())
        else:
            lines += [line for cell in cells for line in cell]
    lines += [line for one in captions if one not in above for line in _blocks(one)]
    return [line for line in lines if line]
