import pytest

from pipeline.console import Display, duration


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (250, "4 min 10 s"), (7500, "2 h 05 min")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_without_a_terminal_it_is_plain_lines_on_stderr(capsys):
    with Display(2) as display:
        display.cached("base", 1)
        display.node("mix", 2, "not built yet")
        display.progress(1, 2, "documents")
        display.done("built")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[:2] == ["[1/2] base: cached", "[2/2] mix: not built yet"]
    assert err.splitlines()[2].startswith("[2/2] mix: built (")
