"""What a metric is. A value beyond a label's limit counts as `other`: series have a known limit."""

from dataclasses import dataclass, field
from math import prod

PREFIX = "responder_"


@dataclass(frozen=True, slots=True)
class Label:
    name: str
    most: int
    """Distinct values, `other` not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    name: str
    """Without the prefix."""
    meaning: str
    labels: tuple[Label, ...] = ()
    most: int | None = None
    """Combinations of label values, where fewer occur than the labels could make."""
    is_from_ledger: bool = False
    """Read from the ledger by the audit role: survives restarts; take `max by`, never `sum`."""

    @property
    def full_name(self) -> str:
        return PREFIX + self.name

    @property
    def most_children(self) -> int:
        """Combinations that are kept apart; what comes beyond counts as `other` in every label."""
        return prod(label.most for label in self.labels) if self.most is None else self.most

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)


class CounterMetric(Metric):
    pass


class GaugeMetric(Metric):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramMetric(Metric):
    buckets: tuple[float, ...] = field()
