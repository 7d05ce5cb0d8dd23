"""A file that grows by steps: cut back to the last one, whatever lies behind it."""

import pytest

from corpus.sources.journal import journal


def test_it_goes_on_behind_the_last_step(tmp_path):
    path, note = tmp_path / "a", tmp_path / "a.json"
    with journal(path, note) as book:
        assert book.state == {}
        book.file.write(b"one")
        book.commit({"steps": 1})
        book.file.write(b"half a st")
    with journal(path, note) as book:
        assert book.state == {"steps": 1}
        book.file.write(b"two")
        book.commit({"steps": 2})
    assert path.read_bytes() == b"onetwo"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"bytes": 99, "state": {}}', '{"bytes": 2}'])
def test_what_does_not_fit_together_begins_anew(tmp_path, damage):
    path, note = tmp_path / "a", tmp_path / "a.json"
    path.write_bytes(b"old")
    note.write_text(damage)
    with journal(path, note) as book:
        assert book.state == {}
        book.file.write(b"x")
    assert path.read_bytes() == b"x"
