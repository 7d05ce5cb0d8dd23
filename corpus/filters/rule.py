"""What every rule is: it says which of its options a document broke, and by how much.

`corpus.filters.stage` makes a datatrove filter of a rule. Rules are none themselves, since datatrove's filters take a
third of a second to import, in every worker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from datatrove.data import Document

NOTES = "notes"  # key of `doc.metadata` under which a rule leaves what it noticed and drops nothing for


@dataclass(frozen=True)
class Fault:
    """The option that was broken, the value measured, and the threshold it was held against."""

    option: str
    value: float
    threshold: float


class Measure(NamedTuple):
    """What a rule measured for one option: `value` may be at most the threshold, or (`floor`) at least."""

    option: str
    value: float
    threshold: float
    floor: bool = False

    @property
    def broken(self) -> bool:
        return self.value < self.threshold if self.floor else self.value > self.threshold

    @property
    def margin(self) -> float:
        """How far the value is from the threshold, as a share of the larger of both; below 0 where it is broken."""
        room = self.value - self.threshold if self.floor else self.threshold - self.value
        return room / (max(abs(self.value), abs(self.threshold)) or 1.0)


class Rule(ABC):
    """Subclasses measure `doc.text`; a rule that edits lines may also shorten it."""

    name: str

    @abstractmethod
    def measures(self, doc: Document) -> Iterator[Measure]:
        """One measure per option, each computed when it is asked for, in the order in which they are held."""

    def harmless(self, doc: Document) -> bool:
        """Whether the document surely breaks nothing, where that is told for less than measuring it."""
        return False

    def fault(self, doc: Document) -> Fault | None:
        """None where the document may stay, else the first option that it broke."""
        if self.harmless(doc):
            return None
        for option, value, threshold, floor in self.measures(doc):
            if value < threshold if floor else value > threshold:
                return Fault(option, value, threshold)
        return None


def number(value: float) -> str:
    """A measure as `dropped/` holds it: to the last digit, so that another threshold can be tried on it."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def at_least(option: str, value: float, threshold: float) -> Measure:
    return Measure(option, value, threshold, floor=True)


def at_most(option: str, value: float, threshold: float) -> Measure:
    return Measure(option, value, threshold)
