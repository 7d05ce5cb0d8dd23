from functools import partial
from pathlib import Path

import pytest

from pipeline.config import Run
from pipeline.context import Context
from pipeline.errors import Interrupted
from pipeline.units import ShardDone


def write(prefix: str, unit: str, folder: Path) -> None:
    (folder / "out.txt").write_text(prefix + unit)


def context(tmp_path: Path, workers: int = 1, shard=None, stop=lambda: False) -> Context:
    run = Run(root=str(tmp_path), workers=workers)
    return Context("refine", tmp_path / "x.part", {}, run, shard=shard, stop_requested=stop)


UNITS = [f"u{number}" for number in range(7)]


def texts(folders):
    return [(folder / "out.txt").read_text() for folder in folders]


@pytest.mark.parametrize("workers", [1, 3])
def test_units_come_back_in_order_whatever_the_workers(tmp_path, workers):
    folders = context(tmp_path, workers).each_unit(UNITS, partial(write, "a-"))
    assert texts(folders) == [f"a-{unit}" for unit in UNITS]


def test_shards_do_their_own_and_a_plain_run_does_the_rest(tmp_path):
    for shard in (0, 2):
        with pytest.raises(ShardDone):
            context(tmp_path, shard=(shard, 3)).each_unit(UNITS, partial(write, f"shard{shard}-"))
    folders = context(tmp_path).each_unit(UNITS, partial(write, "plain-"))
    assert [text.partition("-")[0] for text in texts(folders)] == [
        "shard0", "plain", "shard2", "shard0", "plain", "shard2", "shard0",
    ]  # fmt: skip


def test_a_half_written_unit_is_done_again(tmp_path):
    ready = context(tmp_path)
    half = ready.work / "units" / "000002.99.tmp"
    half.mkdir(parents=True)
    (half / "out.txt").write_text("half")
    assert texts(ready.each_unit(UNITS, partial(write, "")))[2] == "u2"


def test_it_stops_between_units_and_goes_on_later(tmp_path):
    asked = iter([False, False, True])
    with pytest.raises(Interrupted):
        context(tmp_path, stop=lambda: next(asked)).each_unit(UNITS, partial(write, "first-"))
    folders = context(tmp_path).each_unit(UNITS, partial(write, "second-"))
    assert [text.partition("-")[0] for text in texts(folders)] == ["first"] * 2 + ["second"] * 5


def fail(unit: str, folder: Path) -> None:
    raise ValueError(unit)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_unit_fails_the_stage_and_leaves_no_unit(tmp_path, workers):
    with pytest.raises(ValueError, match="u"):
        context(tmp_path, workers).each_unit(UNITS, fail)
    assert not [path for path in (tmp_path / "x.part" / ".work" / "units").iterdir() if path.suffix != ".tmp"]
