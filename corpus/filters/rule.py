"""What every rule is: a datatrove filter that can also say which of its options a document broke, and by how much."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter


@dataclass(frozen=True)
class Fault:
    """The option that was broken, the value measured, and the threshold it was held against."""

    option: str
    value: float
    threshold: float


class Rule(BaseFilter):  # type: ignore[misc]
    """Subclasses judge `doc.text`; a rule that edits lines may also shorten it."""

    @abstractmethod
    def fault(self, doc: Document) -> Fault | None:
        """None where the document may stay."""

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """datatrove's interface: True, or False and a reason `<rule>.<option>`."""
        found = self.fault(doc)
        return True if found is None else (False, f"{type(self).__module__.rpartition('.')[2]}.{found.option}")


def at_least(option: str, value: float, threshold: float) -> Fault | None:
    return Fault(option, round(value, 4), threshold) if value < threshold else None


def at_most(option: str, value: float, threshold: float) -> Fault | None:
    return Fault(option, round(value, 4), threshold) if value > threshold else None
