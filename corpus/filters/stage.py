"""A rule as a step of a datatrove pipeline: `as_filter(TopNgrams(prose=True))` between a reader and a writer."""

from __future__ import annotations

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.writers.disk_base import DiskWriter

from corpus.filters.rule import Rule


class RuleFilter(BaseFilter):  # type: ignore[misc]
    """Drops what the rule drops; the reason is `<rule>.<option>`, which an exclusion writer finds in the metadata."""

    def __init__(self, rule: Rule, exclusion_writer: DiskWriter | None = None) -> None:
        super().__init__(exclusion_writer)
        self.rule = rule
        self.name = rule.name

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """datatrove's interface: True, or False and a reason."""
        found = self.rule.fault(doc)
        return True if found is None else (False, f"{type(self.rule).__module__.rpartition('.')[2]}.{found.option}")


def as_filter(rule: Rule, exclusion_writer: DiskWriter | None = None) -> RuleFilter:
    """The rule as a filter of datatrove's."""
    return RuleFilter(rule, exclusion_writer)
