"""From HTML to text and marks: resiliparse parses and lays out, rules of our own say what is content.

resiliparse's own main-content mode is not used: it drops short runs of text between links, and so eats the particles
of Korean ("mod_dir은 http://..." loses its 은). Whole blocks are removed instead, never a part of a sentence: the page
is parsed, serialised, measured in one walk, cut, and what is left laid out.
"""

from __future__ import annotations

from dataclasses import dataclass

from corpus.pages.content import Content
from corpus.pages.fallback import by_trafilatura, is_doubtful
from corpus.pages.furniture import is_boilerplate, is_furniture, tidy, tidy_head
from corpus.pages.license_marks import license_of, may_say
from corpus.pages.marks import canonical, published, read_head, stated, title, written
from corpus.pages.outline import UNSEEN, Outline

__all__ = ["Extracted", "extract", "is_boilerplate", "is_furniture", "tidy"]


@dataclass(frozen=True)
class Extracted:
    """`date` is YYYY-MM-DD, `license` an id or several joined by AND, `license_by` the kinds of marks, joined by +.

    `how` says who found the text: "rules" or "trafilatura". `lines_removed` counts lines that were only furniture.
    """

    title: str
    text: str
    lines_removed: int
    date: str = ""
    canonical: str = ""
    license: str = ""
    license_by: str = ""
    how: str = "rules"


def extract(html: str, url: str = "") -> Extracted:
    """Text and marks of a page: paragraphs by blank lines, table rows as lines with tabs, code as it stands."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(html)
    head = read_head(html)
    name = title(head, tree.title or "")
    if tree.body is None:
        return Extracted(name, "", 0, published(head, "", 0, url), canonical(head, url), *license_of(head, ""))
    for element in tree.body.query_selector_all(UNSEEN).values():
        element.remove()
    page = Outline(tree.body.html)
    body, content = page.html, Content(page)
    prose = page.prose[0]
    kept = content.html()
    laid = extract_plain_text(kept, main_content=False, links=False, form_fields=False)  # no alt_texts: no figures
    text, lines = tidy(laid)
    text, more = tidy_head(text)
    how = "rules"
    if is_doubtful(prose - content.comments, text):
        other, dropped = tidy(by_trafilatura(html))
        if len(other) > len(text):
            text, lines, more, how = other, dropped, 0, "trafilatura"
    license, license_by = license_of(head, body if page.marked or may_say("".join(page.parts[::2])) else "")
    return Extracted(
        title=name,
        text=text,
        lines_removed=lines + more,
        date=stated(head) or written(body, content.starts_at(), url),
        canonical=canonical(head, url),
        license=license,
        license_by=license_by,
        how=how,
    )
