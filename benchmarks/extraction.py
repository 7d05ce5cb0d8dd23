"""How well and how fast main text is found, ours beside trafilatura and resiliparse.

    MALMOI_DATA=... .venv/bin/python benchmarks/extraction.py [pages per made kind, default 60]

Sets of pages, each with the text that should be found:
- news: article_extraction_benchmark, gold by its authors' annotators, in quarters by the first byte of a page's id. The
  rules were written looking at the even quarters; then, after a first count over the other two, at the failures of
  the fourth. The second was never looked at ("unseen").
- apache, libreoffice: structural gold, the text of an element chosen by hand (`STRUCTURAL`) without its menus.
- made: Korean documents poured into page templates (korean_templates.py), only skins and a seed not used for tuning.

Two measures: F1 of the bag of words (\\w+) per page, mean over pages; and the article-extraction-benchmark's own,
multisets of 4-word shingles, each page's true and false positives and negatives normalised to one, summed, then F1.
CPU milliseconds a page are the least of three rounds; trafilatura has one round. Both sides get decoded text.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import korean_templates

import corpus.pages.extract
from corpus.pages.charset import decode
from corpus.pages.extract import extract

STRUCTURAL = {  # set: (archive, content, what in it is none)
    "apache": (
        "apache_manual_euckr",
        '//*[@id="page-content"]',
        (
            './/*[@class="toplang" or @class="bottomlang" or @class="top" or @id="quickview"]',
            './/*[@id="comments_section"]/ancestor::div[1]',
        ),
    ),
    "libreoffice": (
        "libreoffice_help_ko_sample",
        '//*[@id="DisplayArea"]',
        ('.//*[contains(@class, "relatedtopics")]', ".//*[@hidden]"),
    ),
}
BLOCKS = frozenset(
    "p div li td th tr table ul ol dl dt dd h1 h2 h3 h4 h5 h6 pre section article blockquote br".split()  # noqa: SIM905
)
FEWEST = 20  # words of gold, for a page to count
SHINGLE = 4
SEED = 2026
UNSEEN = 1  # quarter of the news pages
MIDDLE = (70_000, 110_000)  # characters of the pages that are called 90 KB
WORD = re.compile(r"\w+")
Page = tuple[str, str]  # markup, gold


def main() -> None:
    data = Path(os.environ["MALMOI_DATA"])
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    seen, unseen = news(data)
    sets = {"news, seen": seen, "news, unseen": unseen}
    sets |= {f"{name} (structural)": list(structural(data, name)) for name in STRUCTURAL}
    for kind in korean_templates.KINDS:
        made = korean_templates.pages(data, kind, count, korean_templates.HELD_OUT, SEED)
        sets[f"{kind} (made)"] = list(made)
    print("| pages | n | extractor | precision | recall | word F1 | shingle F1 | CPU ms a page |")
    print("|---|---|---|---|---|---|---|---|")
    answered = asked = 0
    for name, pages in sets.items():
        for extractor, (find, rounds) in EXTRACTORS.items():
            texts, milliseconds = timed(find, pages, rounds)
            precision, recall, words, shingles = scores(pages, texts)
            figures = f"{precision:.3f} | {recall:.3f} | {words:.3f} | {shingles:.3f} | {milliseconds:.2f}"
            print(f"| {name} | {len(pages)} | {extractor} | {figures} |", flush=True)
        answered += sum(extract(page).how == "trafilatura" for page, _ in pages)
        asked += sum(map(_asks, pages))
    print(f"\nfallback: asked for {asked}, answered {answered} of {sum(map(len, sets.values()))} pages")
    middle = [(page, gold) for page, gold in seen + unseen if MIDDLE[0] <= len(page) <= MIDDLE[1]]
    small = sets["blog (made)"]
    for label, pages in (("90 KB", middle), ("small", small)):
        size = sum(len(page.encode()) for page, _ in pages) / len(pages) / 1000
        found = {name: timed(find, pages, rounds)[1] for name, (find, rounds) in EXTRACTORS.items()}
        found["parse alone"] = timed(_parse, pages, 3)[1]
        rates = ", ".join(f"{name} {1000 / each:.0f}" for name, each in found.items())
        print(f"pages per CPU-second, {label} ({len(pages)} pages, {size:.0f} KB each): {rates}")


def _asks(page: Page) -> bool:
    """Whether the fallback is asked for a page, whatever it answers."""
    calls: list[str] = []

    def ask(html: str) -> str:
        calls.append(html)
        return ""

    kept, corpus.pages.extract.by_trafilatura = corpus.pages.extract.by_trafilatura, ask
    try:
        extract(page[0])
    finally:
        corpus.pages.extract.by_trafilatura = kept
    return bool(calls)


def _parse(page: str) -> str:
    from resiliparse.parse.html import HTMLTree

    return HTMLTree.parse(page).title or ""


def _ours(page: str) -> str:
    return extract(page).text


def _trafilatura(page: str, precise: bool = False) -> str:
    from trafilatura import extract as find

    return find(page, include_comments=False, favor_precision=precise) or ""


def _resiliparse(page: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(page, main_content=True, alt_texts=False))


EXTRACTORS: dict[str, tuple[Callable[[str], str], int]] = {
    "ours": (_ours, 3),
    "trafilatura": (_trafilatura, 1),
    "trafilatura, precise": (lambda page: _trafilatura(page, precise=True), 1),
    "resiliparse main": (_resiliparse, 3),
}


def timed(find: Callable[[str], str], pages: list[Page], rounds: int) -> tuple[list[str], float]:
    """The texts, and CPU milliseconds a page in the fastest round."""
    find(pages[0][0])
    best = float("inf")
    texts: list[str] = []
    for _ in range(rounds):
        began = time.process_time()
        texts = [find(page) for page, _ in pages]
        best = min(best, time.process_time() - began)
    return texts, 1000 * best / len(pages)


def scores(pages: list[Page], texts: list[str]) -> tuple[float, float, float, float]:
    """Mean precision, recall and F1 of words, and F1 of shingles."""
    precisions, recalls, harmonic = [], [], []
    right = wrong = missed = 0.0
    for (_, gold), text in zip(pages, texts, strict=True):
        wanted, found = WORD.findall(gold), WORD.findall(text)
        both = (Counter(wanted) & Counter(found)).total()
        precisions.append(both / len(found) if found else 0.0)
        recalls.append(both / len(wanted) if wanted else 0.0)
        harmonic.append(2 * both / (len(found) + len(wanted)) if found or wanted else 1.0)
        true, given = _shingles(wanted), _shingles(found)
        shared = (true & given).total()
        whole = true.total() + given.total() - shared
        if whole:
            right += shared / whole
            wrong += (given.total() - shared) / whole
            missed += (true.total() - shared) / whole
    number = len(pages)
    return (
        sum(precisions) / number,
        sum(recalls) / number,
        sum(harmonic) / number,
        2 * right / (2 * right + wrong + missed),
    )


def _shingles(words: list[str]) -> Counter[tuple[str, ...]]:
    if not words:
        return Counter()
    return Counter(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1)))


def news(data: Path) -> tuple[list[Page], list[Page]]:
    """The news pages that were looked at, and those that were not."""
    seen: list[Page] = []
    unseen: list[Page] = []
    with tarfile.open(data / "html/article_extraction_benchmark/article_extraction_benchmark.tar.gz") as archive:
        files = {member.name.rpartition("/")[2]: member for member in archive if member.isfile()}
        for key, truth in json.loads(_read(archive, files["ground-truth.json"])).items():
            page = decode(gzip.decompress(_read(archive, files[f"{key}.html.gz"]))).text
            (unseen if int(key[:2], 16) % 4 == UNSEEN else seen).append((page, truth["articleBody"]))
    return seen, unseen


def structural(data: Path, name: str) -> Iterator[Page]:
    """Manual pages with the text of their content element."""
    folder, content, none = STRUCTURAL[name]
    with tarfile.open(data / f"html/{folder}/{folder}.tar.gz") as archive:
        for member in sorted((one for one in archive if ".html" in one.name), key=lambda one: one.name):
            page = decode(_read(archive, member)).text
            gold = _gold(page, content, none)
            if len(WORD.findall(gold)) >= FEWEST:
                yield page, gold


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return (archive.extractfile(member) or io.BytesIO()).read()


def _gold(page: str, content: str, none: tuple[str, ...]) -> str:
    import lxml.html

    tree = lxml.html.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", page))
    found = tree.xpath(content)
    if len(found) != 1:
        return ""
    for path in none:
        for element in found[0].xpath(path):
            element.drop_tree()
    return "".join(_lines(found[0]))


def _lines(element: object) -> Iterator[str]:
    """Text with a line break around every block; what is inside a line stays together."""
    tag, tail = element.tag, element.tail or ""  # type: ignore[attr-defined]
    if isinstance(tag, str) and tag not in ("script", "style"):
        edge = "\n" if tag in BLOCKS else ""
        yield edge + (element.text or "")  # type: ignore[attr-defined]
        for child in element:  # type: ignore[attr-defined]
            yield from _lines(child)
        yield edge
    yield tail


if __name__ == "__main__":
    main()
