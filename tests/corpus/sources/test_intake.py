"""Pages on their way in: which are wanted, and counts that add up and survive a note."""

import json

from corpus.archive.warc import Page, page_member
from corpus.config import Source
from corpus.sources.intake import Tally, info, unwanted, wanted_pages


def page(number, **changes):
    settings = {"http_headers": {"content-type": "text/html"}, "body": b"<p>x", "mime": "text/html", **changes}
    return Page(f"http://a.example/{number}", **settings)


def test_what_is_wanted():
    assert unwanted(page(0)) is None and unwanted(page(0, mime="text/plain")) is None
    assert unwanted(page(0, status=503)) == "status 503"
    assert unwanted(page(0, body=b" \n")) == "empty"
    assert unwanted(page(0, mime="image/png")) == "not HTML or plain text"
    assert unwanted(page(0, mime="", body=b"\n <!DOCTYPE HTML><p>x")) is None
    assert unwanted(page(0, mime="", body=b"\x89PNG")) == "not HTML or plain text"


def test_a_limit_stops_the_reading_and_what_was_broken_before_it_counts(tmp_path):
    members = [page_member(page(number, status=404 if number == 1 else 200)) for number in range(9)]
    members[2] = members[2][:-20] + bytes(10) + members[2][-10:]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(members))
    tally, taken = Tally(), []
    for one in wanted_pages(tmp_path / "a.warc.gz", tally, 3):
        tally.kept += 1
        taken.append(one.url[-1])
    assert taken == ["0", "3", "4"]
    facts = tally.facts()
    assert (facts["read"], facts["kept"], facts["dropped"], facts["failed"]) == (5, 3, 1, 1)
    assert facts["examples"][0]["file"] == "a.warc.gz"


def test_a_tally_survives_its_note():
    tally = Tally(kept=2, bytes=9)
    tally.dropped["status 404"] += 1
    for number in range(30):
        tally.fail("cut off", "a", offset=number)
    again = Tally.of(json.loads(json.dumps(tally.state())))
    assert again == tally and again.facts() == tally.facts() and len(again.examples) == 20
    assert Tally.of({}) == Tally()


def test_the_opening_record_says_whence():
    opening = info("news", Source(urls=["http://a.example/"], license="MIT", lang="en"), origin="b")
    assert opening == info("news", Source(urls=["http://a.example/"], license="MIT", lang="en"), origin="b")
    assert opening != info("other", Source(urls=["http://a.example/"], license="MIT", lang="en"), origin="b")
