from __future__ import annotations

from pathlib import Path

from corpus.archive.page import EXAMPLES, Page, Reading


def test_every_failure_is_counted_and_the_first_are_described():
    reading = Reading()
    for number in range(EXAMPLES + 5):
        reading.fail(Path("/x/a.warc"), number, 10 * number, "cut off" if number % 2 else "broken chunks")
    assert reading.failed == {"broken chunks": 13, "cut off": 12}
    assert len(reading.examples) == EXAMPLES
    assert reading.examples[1] == {"file": "a.warc", "record": 1, "offset": 10, "reason": "cut off"}


def test_a_page_without_http_is_fine():
    page = Page("http://a/", {}, b"x")
    assert (page.status, page.kind, page.offset) == (200, "response", 0)
