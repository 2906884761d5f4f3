"""What others tell about themselves, counted and logged."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import structlog

from responder.audit.ports import Check, Round, Standing
from responder.delivery.ports import AttemptOutcome
from responder.engagement.model import EngagementId
from responder.intake.ports import Outcome, PushSeen, Reason
from responder.stream.deadletter import Bucket
from responder.stream.log import Corrupt, Partition
from responder.stream.observer import Gauges
from responder.telemetry import catalogue
from responder.telemetry.metric import GaugeMetric
from responder.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)


class StreamMetrics:
    """One consumer group's `stream.observer.Observer`.

    Args:
        stage: what its handlers do, when that is not the group's name.
    """

    def __init__(self, metrics: Metrics, group: str, *, stage: str = "") -> None:
        self._metrics = metrics
        self._group = group
        self._stopped: set[Partition] = set()
        self._lags: dict[Partition, float] = {}
        self._handled = metrics.histogram(catalogue.STREAM_HANDLER_SECONDS).of(group)
        self._stage = metrics.histogram(catalogue.STAGE_SECONDS).of(stage or group)
        self._waited = metrics.histogram(catalogue.STREAM_QUEUE_SECONDS).of(group)
        self._finished = metrics.counter(catalogue.STREAM_FINISHED).of(group)
        metrics.gauge(catalogue.STREAM_STOPPED).of(group).set(0)

    def handled(self, seconds: Sequence[float]) -> None:
        self._handled.observe_all(seconds)
        self._stage.observe_all(seconds)

    def waited(self, seconds: Sequence[float]) -> None:
        self._waited.observe_all(seconds)

    def finished(self, records: int) -> None:
        self._finished.inc(records)

    def retried(self, reason: str) -> None:
        self._metrics.counter(catalogue.STREAM_RETRIES).of(self._group, _kind(reason)).inc()
        log.info("stream.retried", group=self._group, why=reason)

    def buried(self, reason: str) -> None:
        self._metrics.counter(catalogue.STREAM_DEAD_LETTERS).of(self._group, _kind(reason)).inc()
        log.warning("stream.buried", group=self._group, why=reason)

    def bury_failed(self, error: Exception) -> None:
        self._metrics.counter(catalogue.STREAM_BURY_FAILURES).of(self._group).inc()
        log.error("stream.bury_failed", group=self._group, why=str(error))

    def late(self, records: int) -> None:
        self._metrics.counter(catalogue.STREAM_LATE).of(self._group).inc(records)

    def commit_failed(self, kind: str) -> None:
        self._metrics.counter(catalogue.STREAM_COMMIT_FAILURES).of(self._group, kind).inc()
        log.warning("stream.commit_failed", group=self._group, kind=kind)

    def rebalanced(self, seconds: float) -> None:
        self._metrics.histogram(catalogue.STREAM_REBALANCE_SECONDS).of(self._group).observe(seconds)

    def drain_timed_out(self, handlers: int) -> None:
        self._metrics.counter(catalogue.STREAM_DRAIN_TIMEOUTS).of(self._group).inc(handlers)
        log.warning("stream.drain_timed_out", group=self._group, handlers=handlers)

    def stopped(self, partition: Partition) -> None:
        self._stopped.add(partition)
        self._show_stopped()
        log.error(
            "stream.partition_stopped",
            group=self._group,
            topic=partition.topic,
            partition=partition.number,
            next="look at the dead letters, then: responder deadletter allow",
        )

    def resumed(self, partition: Partition) -> None:
        self._stopped.discard(partition)
        self._show_stopped()
        log.info(
            "stream.partition_resumed",
            group=self._group,
            topic=partition.topic,
            partition=partition.number,
        )

    def corrupt(self, error: Corrupt) -> None:
        topic = error.partition.topic
        self._metrics.counter(catalogue.STREAM_CORRUPT).of(self._group, topic).inc()
        log.error("stream.corrupt", group=self._group, why=str(error))

    def rebuilt(self, error: Exception) -> None:
        self._metrics.counter(catalogue.STREAM_REBUILDS).of(self._group).inc()
        log.warning("stream.rebuilt", group=self._group, why=str(error))

    def gauges(self, gauges: Gauges) -> None:
        gauge, group = self._metrics.gauge, self._group
        gauge(catalogue.STREAM_IN_FLIGHT).of(group).set(gauges.running)
        buffered = gauge(catalogue.STREAM_BUFFERED)
        buffered.of(group, "records").set(gauges.buffered_records)
        buffered.of(group, "bytes").set(gauges.buffered_bytes)
        gauge(catalogue.STREAM_LIMIT).of(group).set(gauges.concurrency_limit)
        gauge(catalogue.STREAM_LANE_DEPTH).of(group).set(gauges.deepest_lane)
        gauge(catalogue.STREAM_SPAN).of(group).set(max(gauges.spans.values(), default=0))
        self._own_partitions(catalogue.STREAM_OLDEST, gauges.oldest_unfinished)
        self._lags = {p: n for p, n in self._lags.items() if p in gauges.oldest_unfinished}
        self._own_partitions(catalogue.STREAM_LAG, self._lags)
        self._tokens(gauges)

    def lag(self, partition: Partition, records: int) -> None:
        """How far behind one of its own partitions the group is; shown with the next gauges."""
        self._lags[partition] = records

    def _own_partitions(self, metric: GaugeMetric, values: Mapping[Partition, float]) -> None:
        series = self._metrics.gauge(metric)
        named = {(self._group, each.topic, str(each.number)): each for each in values}
        series.forget(named, within=(self._group,))
        for labels, partition in named.items():
            series.of(*labels).set(values[partition])

    def _tokens(self, gauges: Gauges) -> None:
        tokens = self._metrics.gauge(catalogue.STREAM_TOKENS)
        for bucket in Bucket:
            left = [each for (_, of), each in gauges.tokens.items() if of is bucket]
            if left:
                tokens.of(self._group, bucket.value).set(min(left))

    def _show_stopped(self) -> None:
        self._metrics.gauge(catalogue.STREAM_STOPPED).of(self._group).set(len(self._stopped))


class GatewayMetrics:
    """The gateway's `intake.ports.GatewayObserver`.

    Every push is counted; a line of the log is for those that were turned away. What was taken has its
    receipt and its place in the ledger, under the sender's own id of it.

    Args:
        sources: those that push. What alerts watch of them is shown from the start, as 0: to
            Prometheus a count that appears has not grown, and one that is missing has no gateway.
    """

    def __init__(self, metrics: Metrics, sources: Iterable[str] = ()) -> None:
        self._requests = metrics.counter(catalogue.INGEST_REQUESTS)
        for source in sources:
            self._requests.of(source, Outcome.ACCEPTED.value, "")
            self._requests.of(source, Outcome.UNAVAILABLE.value, Reason.LOG_AWAY.value)
        self._seconds = metrics.histogram(catalogue.INGEST_SECONDS)
        self._events = metrics.counter(catalogue.INGEST_EVENTS)
        self._log = log.bind()  # once: it costs as much as all the counting

    def pushed(self, seen: PushSeen) -> None:
        reason = "" if seen.reason is None else seen.reason.value
        self._requests.of(seen.source, seen.outcome.value, reason).inc()
        self._seconds.of(seen.source).observe(seen.seconds)
        if seen.events:
            self._events.of(seen.source, "webhook").inc(seen.events)
        is_taken = seen.outcome in {Outcome.ACCEPTED, Outcome.IGNORED}
        write = self._log.debug if is_taken else self._log.warning
        write(
            "gateway.pushed",
            source=seen.source,
            outcome=seen.outcome.value,
            reason=reason or None,
            delivery_id=seen.delivery_id,
            events=seen.events,
            unreadable=seen.unreadable,
            key_no=seen.key_no,
            milliseconds=round(seen.seconds * 1000, 1),
        )


class DeliveryMetrics:
    """Delivery's `delivery.ports.DeliveryObserver`.

    Args:
        platforms: where replies go. Their duplicates are shown from the start, as 0: else the first
            would be no growth, and no alert.
    """

    def __init__(self, metrics: Metrics, platforms: Iterable[str] = ()) -> None:
        self._attempts = metrics.counter(catalogue.DELIVERY_ATTEMPTS)
        self._readbacks = metrics.counter(catalogue.DELIVERY_READBACKS)
        self._duplicates = metrics.counter(catalogue.DELIVERY_DUPLICATES)
        for platform in platforms:
            self._duplicates.of(platform)

    def attempted(self, platform: str, outcome: AttemptOutcome) -> None:
        self._attempts.of(platform, outcome.value).inc()

    def looked(self, platform: str, finding: str) -> None:
        self._readbacks.of(platform, finding).inc()

    def duplicate_found(self, platform: str, engagement: EngagementId) -> None:
        self._duplicates.of(platform).inc()
        log.error("delivery.duplicate_found", platform=platform, engagement=str(engagement))


class ModelMetrics:
    """How a model is used, and what it takes."""

    def __init__(self, metrics: Metrics) -> None:
        self._requests = metrics.counter(catalogue.LLM_REQUESTS)
        self._seconds = metrics.histogram(catalogue.LLM_SECONDS)
        self._tokens = metrics.counter(catalogue.LLM_TOKENS)

    def called(self, model: str, operation: str, outcome: str, seconds: float) -> None:
        """One call; `outcome` is a class such as `ok`, `timeout` or `refused`, never a text."""
        self._requests.of(model, operation, outcome).inc()
        self._seconds.of(model, operation).observe(seconds)

    def used(self, model: str, *, input_tokens: int, output_tokens: int) -> None:
        self._tokens.of(model, "input").inc(input_tokens)
        self._tokens.of(model, "output").inc(output_tokens)


def _kind(reason: str) -> str:
    """The first word of a reason: the class of an error, never its text."""
    return reason.partition(":")[0].strip()[:40] or "unknown"


AUDIT_LINES: Mapping[Check, str] = {
    Check.MISSING: "audit.missing",
    Check.STATE: "audit.unlike_its_history",
    Check.CHAIN: "audit.chain_broken",
    Check.COUNT: "audit.miscounted",
    Check.LOG: "audit.log_began_anew",
}
TOLD = 100
"""Lines of one kind in one round. All are on the page and in `responder audit verify`."""


class AuditMetrics:
    """Tells of the live audit: in the log what it finds, in figures what it knows."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def went_round(self, round_: Round) -> None:
        """One line for each thing that does not hold, with its ids; and the head, to be kept."""
        told = Counter[Check]()
        for each in round_.found:
            told[each.check] += 1
            if told[each.check] <= TOLD:
                log.error(AUDIT_LINES[each.check], **each.facts)
        for check, number in told.items():
            if number > TOLD:
                log.error("audit.many", check=check.value, found=number, told=TOLD)
        for each in round_.mended:
            log.info("audit.mended", check=each.check.value, **each.facts)
        for part, why in round_.unlooked.items():
            log.warning("audit.not_looked", part=part, why=why)
        if round_.head is not None:
            log.info("audit.head", number=round_.head.number, head=str(round_.head))
        self._show(round_.standing)

    def _show(self, standing: Standing) -> None:
        """Nothing is shown before it was looked at: 0 would say that the record is broken."""
        chain = standing.chain
        for check, number in standing.totals.items():
            self._metrics.gauge(catalogue.AUDIT_FINDINGS).of(check.value).set(number)
        if chain.at is not None:
            self._metrics.gauge(catalogue.AUDIT_CHAIN_VALID).of().set(chain.is_valid)
            self._metrics.gauge(catalogue.AUDIT_CHAIN_VERIFIED).of().set(chain.to)
            self._metrics.gauge(catalogue.AUDIT_CHAIN_CHECKED).of().set(chain.at.timestamp())
