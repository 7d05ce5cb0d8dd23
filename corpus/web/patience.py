"""How long a crawl leaves a host alone after it said no: Retry-After, exponential back-off, and giving up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

SLOW_DOWN = (403, 429, 503)
TRIES = {403: 2}  # most 403 are for good
MOST_TRIES = 4
FIRST = 2.0  # seconds of the first pause
LONGEST = 300.0  # seconds of any pause; a host that asks for more is given up
GIVE_UP = 8  # refusals in a row


@dataclass
class Mood:
    """Refusals in a row, the moment until which the host is left alone, and whether it is given up."""

    refusals: int = 0
    until: float = 0.0
    over: bool = False


class Patience:
    """The moods of hosts. One mood is shared by every request to a host, whatever its scheme or port."""

    def __init__(self, first: float = FIRST, clock: Callable[[], float] = time.monotonic) -> None:
        self.first, self.clock = first, clock
        self.moods: dict[str, Mood] = {}

    def wait(self, host: str) -> float:
        """Seconds until the host may be asked again."""
        mood = self.moods.get(host)
        return max(0.0, mood.until - self.clock()) if mood else 0.0

    def given_up(self, host: str) -> bool:
        mood = self.moods.get(host)
        return mood is not None and mood.over

    def answered(self, host: str, status: int, retry_after: str = "", tried: int = 1) -> bool:
        """Note an answer; whether the request, tried `tried` times, should be tried again."""
        if status not in SLOW_DOWN:
            if status < 400 and host in self.moods:
                self.moods[host].refusals = 0
            return False
        mood = self.moods.setdefault(host, Mood())
        mood.refusals += 1
        asked = seconds(retry_after)
        pause = max(min(self.first * 2 ** (mood.refusals - 1), LONGEST), asked or 0.0)
        if pause > LONGEST or mood.refusals >= GIVE_UP:
            mood.over = True
            return False
        mood.until = max(mood.until, self.clock() + pause)
        return tried < TRIES.get(status, MOST_TRIES)


def seconds(retry_after: str) -> float | None:
    """A Retry-After header, seconds or an HTTP date, as seconds from now; None where it says nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
