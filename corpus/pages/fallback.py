"""When the rules find almost nothing on a page with much prose, trafilatura is asked; its answer counts if longer.

The test is cheap, as it uses what the walk over the page has measured: the prose in the body (characters outside links
in blocks with enough of them) and the length of the text found. trafilatura takes tens of milliseconds a page, so the
test is strict; the share of pages it asks for is measured by benchmarks/extraction.py.
"""

from __future__ import annotations

MUCH = 500  # characters of prose in a body, from which a page is expected to have text
LITTLE = 0.15  # of that prose: less found is almost nothing


def is_doubtful(prose: int, found: str) -> bool:
    """Whether a page with so much prose should have given more than `found`."""
    return prose >= MUCH and len(found) < LITTLE * prose


def by_trafilatura(html: str) -> str:
    """trafilatura's text of a page, tables kept and comments not; "" where it finds none or fails."""
    import logging

    from trafilatura import extract

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        return extract(html, fast=True, include_comments=False, include_tables=True) or ""
    except (ValueError, TypeError, AttributeError, RecursionError, KeyError, IndexError):  # its parser on broken markup
        return ""
