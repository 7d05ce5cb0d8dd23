"""Units of work: fixed by the input, done in any order by any number of processes, each renamed when done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.context import Context


class ShardDone(Exception):
    """The units of one shard are done; publishing is left to a run without `--shard`."""


def do_units(
    context: Context, units: Sequence[Any], work: Callable[[Any, Path], None], name: str = "units"
) -> list[Path]:
    """See `Context.each_unit`."""
    root = context.work / name
    root.mkdir(exist_ok=True)
    folders = [root / f"{number:06d}" for number in range(len(units))]
    mine = [number for number in range(len(units)) if _mine(number, context.shard)]
    todo = [number for number in mine if not folders[number].exists()]
    done = len(mine) - len(todo)
    context.progress(done, len(mine), name)

    if context.run.workers == 1 or len(todo) <= 1:
        for number in todo:
            context.stop_if_asked()
            _do_one(work, units[number], folders[number])
            done += 1
            context.progress(done, len(mine), name)
    else:
        _in_processes(context, [(units[number], folders[number]) for number in todo], work, (done, len(mine), name))
    if context.shard is not None:
        raise ShardDone
    return folders


def _mine(number: int, shard: tuple[int, int] | None) -> bool:
    return shard is None or number % shard[1] == shard[0]


def _in_processes(
    context: Context,
    todo: list[tuple[Any, Path]],
    work: Callable[[Any, Path], None],
    count: tuple[int, int, str],
) -> None:
    import multiprocessing

    done, total, name = count
    spawn = multiprocessing.get_context("spawn")  # a forked child would inherit locks and threads
    with ProcessPoolExecutor(
        min(context.run.workers, len(todo)), mp_context=spawn, initializer=die_with_parent
    ) as pool:
        pending: set[Future[None]] = {pool.submit(_do_one, work, unit, folder) for unit, folder in todo}
        try:
            while pending:
                context.stop_if_asked()
                ready, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in ready:
                    future.result()
                    done += 1
                if ready:
                    context.progress(done, total, name)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def die_with_parent() -> None:
    """Ask the kernel to end this worker when its parent ends, however that happens."""
    import ctypes
    import signal

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the stage decides when to stop


def _do_one(work: Callable[[Any, Path], None], unit: Any, folder: Path) -> None:
    temporary = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    work(unit, temporary)
    try:
        temporary.rename(folder)
    except OSError:  # another shard did the same unit first: the bytes are the same
        if not folder.exists():
            raise
        shutil.rmtree(temporary, ignore_errors=True)
