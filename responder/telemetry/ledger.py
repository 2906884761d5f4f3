"""Figures that are read from the ledger: they equal it, and survive every restart.

The audit role samples; two samplers do no harm, since rules take `max by`. When the ledger cannot
be read the series end, so that an alert on their absence says more than a figure grown old.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from operator import add
from typing import Protocol, TypeAlias, TypeVar

import structlog
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from typing_extensions import override

from responder.engagement.errors import Retryable
from responder.engagement.ports import Clock
from responder.telemetry.catalogue import (
    CLOCKS_BEHIND,
    CONSERVATION_DRIFT,
    DEAD_LETTERS,
    DELIVERY_UNKNOWN,
    FIRST_RESPONSE,
    LEDGER_ITEMS,
    LLM_BUDGET,
    OPEN_AT_RISK,
    OPEN_ITEMS,
    OPEN_OLDEST,
    OPEN_OVERDUE,
    OUTBOX_OLDEST,
    OUTBOX_PENDING,
    PLATFORM_FIRST_RESPONSE,
    RECONCILE_MISSING,
    RESPONSE_BUCKETS,
    SAMPLED_AT,
    SLA_DUE,
    UNANSWERED,
)
from responder.telemetry.metric import HistogramMetric, Metric
from responder.telemetry.metrics import OTHER

log = structlog.get_logger(__name__)

Values: TypeAlias = Mapping[tuple[str, ...], float]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long people waited: a histogram over `catalogue.RESPONSE_BUCKETS`."""

    counts: tuple[int, ...]
    """One for each bucket, and one for what is above the last; not cumulative."""
    seconds: float
    """All of them together."""

    def __post_init__(self) -> None:
        if len(self.counts) != len(RESPONSE_BUCKETS) + 1:
            raise ValueError(
                f"{len(self.counts)} counts, for {len(RESPONSE_BUCKETS)} buckets and one"
            )

    def __add__(self, other: "Waits") -> "Waits":
        counts = tuple(map(add, self.counts, other.counts))
        return Waits(counts=counts, seconds=self.seconds + other.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Open items of one target and queue."""

    items: int
    oldest_seconds: float
    """Since the oldest was received."""
    overdue: int
    at_risk: int = 0
    """Not late yet: warned of, or with little of its time left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What waits in the outbox for one topic."""

    items: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The ledger at one moment, read in one snapshot.

    Each mapping has first what is configured, then what once was, always in one order: beyond a
    metric's limit the last are not told apart any more.
    """

    at: datetime
    items: Mapping[str, int]
    """By `accepted`, `answered`, `dismissed`, `withdrawn`, `open`."""
    drift: int
    """Accepted ids that are in none of the others, or in two."""
    due: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """By target, tier and `met`, `missed`, `excused`; each comment once. Only ever grows."""
    first_response: Mapping[tuple[str, str, str], Waits] = field(default_factory=dict)
    """By tier (empty: nothing was due), clock and basis. Only ever grows."""
    platform_first_response: Mapping[str, Waits] = field(default_factory=dict)
    """What the person waited, by platform. Only ever grows."""
    unanswered: Mapping[str, float | None] = field(default_factory=dict)
    """The share without a reply, by age; None: nobody has been seen to wait so long."""
    backlog: Mapping[tuple[str, str], Backlog] = field(default_factory=dict)
    """By target (empty: none) and queue."""
    outbox: Mapping[str, Pending] = field(default_factory=dict)
    """By topic."""
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    """Open ones, by reason."""
    delivery_unknown: Mapping[str, int] = field(default_factory=dict)
    """By platform."""
    not_pushed: Mapping[str, int] = field(default_factory=dict)
    """Comments that only a reading brought, by source that pushes. Only ever grows."""
    clocks_behind_seconds: float = 0.0
    """Since the oldest miss or step that a clock has come to and nobody has recorded."""
    tokens_left: Mapping[str, float] = field(default_factory=dict)
    """Of a model's tokens for today, the share, by source whose comments used some."""


class LedgerFigures(Protocol):
    async def figures(self) -> Figures:
        """Read them, in a few statements of one snapshot.

        Raises:
            Unavailable: the ledger cannot be read now.
        """


class LedgerCollector(Collector):
    """Shows the last figures."""

    def __init__(self) -> None:
        self._figures: Figures | None = None

    def show(self, figures: Figures | None) -> None:
        """None: they could not be read."""
        self._figures = figures

    @override
    def collect(self) -> Iterator[Family]:
        figures = self._figures
        if figures is None:
            return
        yield _gauge(SAMPLED_AT, {(): figures.at.timestamp()})
        yield _gauge(LEDGER_ITEMS, {(state,): n for state, n in figures.items.items()})
        yield _gauge(CONSERVATION_DRIFT, {(): figures.drift})
        yield _counter(
            SLA_DUE, {(sla, tier, how): n for (sla, tier, how), n in figures.due.items()}
        )
        yield _histogram(
            FIRST_RESPONSE,
            {(tier, *by): each for (tier, *by), each in figures.first_response.items()},
        )
        yield _histogram(
            PLATFORM_FIRST_RESPONSE,
            {(where,): each for where, each in figures.platform_first_response.items()},
        )
        yield _gauge(
            UNANSWERED,
            {(age,): share for age, share in figures.unanswered.items() if share is not None},
        )
        yield _gauge(OPEN_ITEMS, {key: each.items for key, each in figures.backlog.items()})
        yield _gauge(
            OPEN_OLDEST, {key: each.oldest_seconds for key, each in figures.backlog.items()}, max
        )
        yield _gauge(OPEN_OVERDUE, {key: each.overdue for key, each in figures.backlog.items()})
        yield _gauge(OPEN_AT_RISK, {key: each.at_risk for key, each in figures.backlog.items()})
        yield _gauge(
            OUTBOX_PENDING, {(topic,): each.items for topic, each in figures.outbox.items()}
        )
        yield _gauge(
            OUTBOX_OLDEST,
            {(topic,): each.oldest_seconds for topic, each in figures.outbox.items()},
            max,
        )
        yield _gauge(DEAD_LETTERS, {(why,): n for why, n in figures.dead_letters.items()})
        yield _gauge(
            DELIVERY_UNKNOWN, {(where,): n for where, n in figures.delivery_unknown.items()}
        )
        yield _counter(
            RECONCILE_MISSING, {(source,): n for source, n in figures.not_pushed.items()}
        )
        yield _gauge(CLOCKS_BEHIND, {(): figures.clocks_behind_seconds})
        yield _gauge(
            LLM_BUDGET, {(source,): left for source, left in figures.tokens_left.items()}, min
        )


def _gauge(
    metric: Metric, values: Values, merge: Callable[[float, float], float] = add
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.full_name, metric.meaning, labels=metric.label_names)
    for labels, value in _capped(metric, values, merge).items():
        family.add_metric(labels, value)
    return family


def _counter(metric: Metric, values: Values) -> CounterMetricFamily:
    family = CounterMetricFamily(metric.full_name, metric.meaning, labels=metric.label_names)
    for labels, value in _capped(metric, values, add).items():
        family.add_metric(labels, value)
    return family


def _histogram(
    metric: HistogramMetric, waits: Mapping[tuple[str, ...], Waits]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(metric.full_name, metric.meaning, labels=metric.label_names)
    bounds = [*(str(float(each)) for each in RESPONSE_BUCKETS), "+Inf"]
    for labels, each in _capped(metric, waits, add).items():
        buckets = list(zip(bounds, accumulate(each.counts), strict=True))
        family.add_metric(labels, buckets=buckets, sum_value=each.seconds)
    return family


def _capped(
    metric: Metric, values: Mapping[tuple[str, ...], Value], merge: Callable[[Value, Value], Value]
) -> Mapping[tuple[str, ...], Value]:
    """At most as many as the catalogue allows, the first that are given; the rest as `other`."""
    kept: dict[tuple[str, ...], Value] = {}
    for labels, value in values.items():
        key = labels if len(kept) < metric.most_children else (OTHER,) * len(labels)
        kept[key] = merge(kept[key], value) if key in kept else value
    return kept


class LedgerSampler:
    """Reads the figures again and again, for as long as it is run."""

    def __init__(
        self,
        figures: LedgerFigures,
        collector: LedgerCollector,
        clock: Clock,
        *,
        interval_seconds: float,
    ) -> None:
        self._figures = figures
        self._collector = collector
        self._clock = clock
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.sample()
            await self._clock.sleep(self._interval_seconds)

    async def sample(self) -> None:
        """Once; what cannot be read is shown as missing, and tried again the next time."""
        try:
            self._collector.show(await self._figures.figures())
        except Retryable as error:
            self._collector.show(None)
            log.warning("ledger.not_sampled", why=str(error))
