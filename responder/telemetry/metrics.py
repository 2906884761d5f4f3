"""The metrics of this process: the catalogue, filled.

One object holds them all and is handed to whoever measures. Nothing of it is global, so that tests
and several processes in one never mix. Children are cached: counting costs a microsecond.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from responder.telemetry.catalogue import (
    BUILD_INFO,
    CONFIG_INFO,
    SLA_OBJECTIVE,
    SLA_TARGET,
)
from responder.telemetry.distribution import Distribution, Distributions
from responder.telemetry.metric import CounterMetric, GaugeMetric, HistogramMetric, Metric

OTHER = "other"

Child = TypeVar("Child", Counter, Gauge, Distribution)


class Series(Generic[Child]):
    """The children of one metric, at most as many as the catalogue allows."""

    def __init__(
        self,
        metric: Metric,
        make: Callable[..., Child],
        remove: Callable[..., None],
        alone: Child,
    ) -> None:
        """`alone`: the only child of a metric without labels."""
        self._make: Callable[..., Child] = make
        self._remove = remove
        self._alone: Child = alone
        self._metric = metric
        self._seen: tuple[set[str], ...] = tuple(set() for _ in metric.labels)
        self._children: dict[tuple[str, ...], Child] = {}

    def of(self, *values: str) -> Child:
        """The child with these label values, in the catalogue's order.

        A new value beyond its label's limit becomes `other`; so does the whole child when there are
        too many combinations.
        """
        if not self._metric.labels:
            return self._alone
        known = self._children.get(values)
        return known if known is not None else self._new(values)

    def forget(self, keep: Iterable[tuple[str, ...]], *, within: tuple[str, ...]) -> None:
        """Drop the children that begin with `within` and are not to be kept."""
        kept = set(keep)
        for values in [each for each in self._children if each[: len(within)] == within]:
            if values not in kept:
                self._remove(*values)
                del self._children[values]
        for position, seen in enumerate(self._seen):
            seen.intersection_update({values[position] for values in self._children})

    def _new(self, values: tuple[str, ...]) -> Child:
        capped = tuple(
            _capped(value, seen, label.most)
            for value, seen, label in zip(values, self._seen, self._metric.labels, strict=True)
        )
        if capped not in self._children and len(self._children) >= self._metric.most_children:
            capped = (OTHER,) * len(values)
        if capped not in self._children:
            self._children[capped] = self._make(*capped)
        return self._children[capped]


class Metrics:
    """What this process measures, and how it is read."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self._registry)
        self._counters: dict[str, Series[Counter]] = {}
        self._gauges: dict[str, Series[Gauge]] = {}
        self._histograms: dict[str, Series[Distribution]] = {}

    def counter(self, metric: CounterMetric) -> Series[Counter]:
        found = self._counters.get(metric.name)
        if found is None:
            family = Counter(
                metric.full_name, metric.meaning, metric.label_names, registry=self._registry
            )
            found = self._counters[metric.name] = Series(
                metric, family.labels, family.remove, family
            )
        return found

    def gauge(self, metric: GaugeMetric) -> Series[Gauge]:
        found = self._gauges.get(metric.name)
        if found is None:
            family = Gauge(
                metric.full_name, metric.meaning, metric.label_names, registry=self._registry
            )
            found = self._gauges[metric.name] = Series(metric, family.labels, family.remove, family)
        return found

    def histogram(self, metric: HistogramMetric) -> Series[Distribution]:
        found = self._histograms.get(metric.name)
        if found is None:
            family = Distributions(
                metric.full_name, metric.meaning, metric.label_names, metric.buckets
            )
            self._registry.register(family)
            alone = Distribution(()) if metric.labels else family.labels()
            found = self._histograms[metric.name] = Series(
                metric, family.labels, family.remove, alone
            )
        return found

    def add(self, collector: Collector) -> None:
        """Let something else make series of its own when the metrics are read."""
        self._registry.register(collector)

    def describe(
        self,
        *,
        version: str,
        configuration: str,
        targets: Mapping[str, float],
        objectives: Mapping[str, float],
    ) -> None:
        """What runs, and under which configuration. Replaces what was said before.

        Args:
            version: of the program.
            configuration: the hash of its text.
            targets: seconds by the name of their policy.
            objectives: the share that is to be met, likewise.
        """
        for metric, value in ((BUILD_INFO, version), (CONFIG_INFO, configuration)):
            series = self.gauge(metric)
            series.forget([], within=())
            series.of(value).set(1)
        for metric, figures in ((SLA_TARGET, targets), (SLA_OBJECTIVE, objectives)):
            by_policy = self.gauge(metric)
            by_policy.forget([(name,) for name in figures], within=())
            for name, figure in figures.items():
                by_policy.of(name).set(figure)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The exposition and its media type. Takes tens of milliseconds: call it in a thread."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


def _capped(value: str, seen: set[str], most: int) -> str:
    if value not in seen and len(seen) < most and value != OTHER:
        seen.add(value)
    return value if value in seen else OTHER
