"""Every failure a user can act on, with the exit code it ends in."""

from __future__ import annotations


class MalmoiError(Exception):
    """A defect of ours unless a subclass says otherwise; the message is one sentence a user can act on."""

    code = 1


class ConfigError(MalmoiError):
    """Bad configuration or usage, or hardware asked for that is not there."""

    code = 2


class InputError(MalmoiError):
    """Missing or corrupt input, a parent that is not built, a tokenizer and a model that disagree."""

    code = 3


class StageFailed(MalmoiError):
    """The work itself failed: NaN, a full disk, too many bad records, a gate whose action is `stop`."""

    code = 4


class Locked(MalmoiError):
    """Another runner holds the lock of this node."""

    code = 5


class Interrupted(MalmoiError):
    """SIGTERM or SIGUSR1 arrived; the same command resumes (75 is sysexits' EX_TEMPFAIL)."""

    code = 75


class Cancelled(Interrupted):
    """Ctrl-C."""

    code = 130


BY_CODE: dict[int, type[MalmoiError]] = {
    kind.code: kind for kind in (MalmoiError, ConfigError, InputError, StageFailed, Locked, Interrupted, Cancelled)
}


def nearest(word: str, choices: list[str]) -> str:
    """A clause `; did you mean 'x'?`, or nothing when no choice is near."""
    import difflib

    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def first_line(error: Exception) -> str:
    """What a library's error says in its first line, or its name where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
