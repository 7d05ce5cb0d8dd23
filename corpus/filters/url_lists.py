"""FineWeb (Penedo et al. 2024): no page from a blocked host or URL. The lists are the user's; none is shipped.

An entry is a host, with its subdomains, or `host/path`, with what lies below; the lists of UT1 (Université Toulouse)
can be used as they are. What `allow` names stays whatever `block` says; with `only`, nothing else stays.
Korean form: the same. A document without a URL is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datatrove.data import Document

from corpus.filters.lists import Addresses, address
from corpus.filters.rule import Measure, Rule, at_least, at_most


class UrlLists(Rule):
    name = "URL lists"

    def __init__(self, block: Iterable[str] = (), allow: Iterable[str] = (), only: bool = False) -> None:
        self.block, self.allow, self.only = Addresses(block), Addresses(allow), only

    def measures(self, doc: Document) -> Iterator[Measure]:
        place = address(doc.metadata.get("url", "")) if len(self.block) or self.only else ("", ())
        allowed = place in self.allow
        if self.only and place[0]:
            yield at_least("only", int(allowed), 1)
        yield at_most("block", int(not allowed and place in self.block), 0)
