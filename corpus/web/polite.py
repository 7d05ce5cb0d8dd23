"""One pace per host: how often it is asked, how long it is left alone after it said no, and when that is enough.

A host's pace lies in a locked file of the cache, so that every thread, every source and every run of the same root
keep to it together. The rate is circumstance, never identity: `run.host_rate` requests a second to one host. A host
that answers 403, 429 or 5xx is left alone by all, for as long as its Retry-After asks, else twice as long each time;
Common Crawl's operators ask clients to slow down at the first such answer and to stop when they go on.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from corpus.web.patience import GIVE_UP, LONGEST, seconds
from pipeline.errors import Interrupted, StageFailed

FIRST = 2.0  # seconds of the first pause
TRIES = 6  # of one request
WIDTH = 256  # bytes of a host's state on disk
JITTER = 0.25  # share of a pause that is added at most, so that threads do not come back together


class Refused(StageFailed):
    """A host refuses or fails for too long; the message names it and says why."""


@dataclass(frozen=True)
class Manners:
    """`rate` requests a second to one host; `first` and `longest` seconds of a pause; `tries` of one request."""

    rate: float
    first: float = FIRST
    longest: float = LONGEST
    tries: int = TRIES


def manners(rate: float) -> Manners:
    """The manners of a run that may ask `rate` times a second."""
    return Manners(rate=rate, first=FIRST)


@dataclass
class Host:
    """The pace of one host, shared through `folder`; `stop` ends every wait at once."""

    name: str
    folder: Path
    manners: Manners
    seed: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    seen: Counter[str] = field(default_factory=Counter)

    def turn(self) -> float:
        """Wait for the next free moment; returns when it came (seconds since 1970).

        Raises Refused where the host wants to be left alone for longer than a run should sit and wait.
        """
        while True:
            with self._state() as state:
                now = time.time()
                hold = state["hold"] - now
                if hold <= 0:
                    slot = max(now, min(state["next"], now + self.manners.longest))
                    state["next"] = slot + 1 / self.manners.rate
            if hold > self.manners.longest * (1 + JITTER):
                raise Refused(f"{self.name} asks to be left alone for {math.ceil(hold)} more seconds")
            if hold <= 0:
                self.sleep(slot - now)
                return time.time()
            self.sleep(hold)

    def served(self) -> None:
        """Note an answer that is none of a host in trouble."""
        with self._state() as state:
            state["refusals"] = 0

    def refused(self, sent: float, status: int, retry_after: str, request: str) -> None:
        """Note a refusal of a request sent at `sent`. Raises Refused where the host is to be left in peace.

        Refusals of requests that were under way together count once.
        """
        asked = seconds(retry_after)
        with self._state() as state:
            if sent < state["since"] and asked is None:
                return
            state["refusals"] += 1
            refusals = state["refusals"]
            pause = min(self.manners.first * 2 ** (refusals - 1), self.manners.longest)
            pause = max(pause, asked or 0.0)
            now = time.time()
            state["since"] = now
            state["hold"] = max(state["hold"], now + pause * self.jitter(request, refusals))
            if refusals >= GIVE_UP:
                state["refusals"] = 0
        if asked is not None and asked > self.manners.longest:
            raise Refused(f"{self.name} answers {status} and asks to come back in {math.ceil(asked)} seconds")
        if refusals >= GIVE_UP:
            raise Refused(f"{self.name} answers {status} for the {refusals}th time in a row")

    def pause(self, request: str, tried: int) -> None:
        """Wait after a broken answer to one request, which is not the whole host's matter."""
        self.sleep(min(self.manners.first * 2 ** (tried - 1), self.manners.longest) * self.jitter(request, tried))

    def jitter(self, request: str, tried: int) -> float:
        """1 and up to `JITTER` more, by seed and request alone."""
        return 1 + JITTER * random.Random(f"{self.seed}/{request}/{tried}").random()

    def sleep(self, wait: float) -> None:
        """Sleep, unless the fetch is stopped: that raises Interrupted."""
        self.seen["waited_ms"] += int(1000 * max(0.0, wait))
        if self.stop.wait(max(0.0, wait)) or self.stop.is_set():
            raise Interrupted(f"the fetch from {self.name} was asked to stop")

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        """The host's `next` free moment, the `hold` until which it is left alone, its `refusals` in a row."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / f"{quote(self.name, safe='')}.json", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            state = {"next": 0.0, "hold": 0.0, "since": 0.0, "refusals": 0}
            try:
                known = json.loads(os.pread(handle, WIDTH, 0) or b"{}")
                state.update({key: known[key] for key in state if isinstance(known.get(key), (int, float))})
            except (ValueError, AttributeError):
                pass  # damaged: the pace starts anew
            yield state
            os.pwrite(handle, json.dumps(state).ljust(WIDTH).encode(), 0)  # one width, so nothing need be cut off
        finally:
            os.close(handle)
