"""What the runtime, the gateway and delivery tell becomes counts."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from responder.audit.chain import Head
from responder.audit.ports import Check, Finding, Followed, Missing, Round, Standing
from responder.delivery.ports import AttemptOutcome
from responder.engagement.model import EngagementId
from responder.intake.ports import Outcome, PushSeen, Reason
from responder.stream.deadletter import Bucket
from responder.stream.log import Partition
from responder.stream.observer import Gauges
from responder.telemetry.metrics import Metrics
from responder.telemetry.observers import (
    TOLD,
    AuditMetrics,
    DeliveryMetrics,
    GatewayMetrics,
    ModelMetrics,
    StreamMetrics,
)
from responder.testing.factories import NOON

ENGAGEMENT = EngagementId(UUID("0196b0de-6b8c-7d3e-9c5f-0f1e2d3c4b5a"))
ONE, TWO = Partition("engagement.received", 1), Partition("engagement.received", 2)


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    exposition, _ = metrics.render()
    for family in text_string_to_metric_families(exposition.decode()):
        for sample in family.samples:
            if sample.name == f"responder_{name}" and sample.labels == labels:
                return sample.value
    return None


def _gauges(*partitions: Partition) -> Gauges:
    return Gauges(
        running=3,
        buffered_records=40,
        buffered_bytes=5_000,
        concurrency_limit=64,
        deepest_lane=7,
        spans=dict.fromkeys(partitions, 12),
        oldest_unfinished=dict.fromkeys(partitions, 1.5),
        tokens={(each, Bucket.FAILED): 9 - each.number for each in partitions},
    )


def test_durations_of_the_runtime_are_counted_one_by_one() -> None:
    metrics = Metrics()
    StreamMetrics(metrics, "triage").handled([0.1, 0.2])
    assert _value(metrics, "stream_handler_seconds_count", group="triage") == 2


def test_only_partitions_that_are_owned_are_shown() -> None:
    metrics = Metrics()
    stream = StreamMetrics(metrics, "triage")
    stream.gauges(_gauges(ONE, TWO))
    stream.gauges(_gauges(TWO))
    name, topic = "stream_oldest_unfinished_seconds", ONE.topic
    assert _value(metrics, name, group="triage", topic=topic, partition="1") is None
    assert _value(metrics, name, group="triage", topic=topic, partition="2") == 1.5


def test_the_poorest_partition_says_how_many_dead_letters_may_still_be_written() -> None:
    metrics = Metrics()
    StreamMetrics(metrics, "triage").gauges(_gauges(ONE, TWO))
    assert _value(metrics, "stream_dead_letter_tokens", group="triage", bucket="failed") == 7


def test_a_reason_is_counted_by_its_class_and_never_by_its_text() -> None:
    metrics = Metrics()
    StreamMetrics(metrics, "triage").retried("Unavailable: the ledger at 10.0.0.1 is away")
    assert _value(metrics, "stream_retries_total", group="triage", reason="Unavailable") == 1


def test_a_partition_that_stopped_counts_until_it_goes_on() -> None:
    metrics = Metrics()
    stream = StreamMetrics(metrics, "triage")
    stream.stopped(ONE)
    stream.stopped(TWO)
    stream.resumed(ONE)
    assert _value(metrics, "stream_stopped_partitions", group="triage") == 1


def test_a_lag_is_shown_for_own_partitions() -> None:
    metrics = Metrics()
    stream = StreamMetrics(metrics, "triage")
    stream.lag(ONE, 5)
    stream.gauges(_gauges(ONE))
    labels = {"group": "triage", "topic": ONE.topic, "partition": "1"}
    assert _value(metrics, "stream_lag_records", **labels) == 5


def test_a_push_counts_with_its_outcome_and_its_events() -> None:
    metrics = Metrics()
    gateway = GatewayMetrics(metrics)
    gateway.pushed(PushSeen(source="blog", outcome=Outcome.ACCEPTED, events=2, seconds=0.01))
    gateway.pushed(PushSeen(source="blog", outcome=Outcome.REJECTED, reason=Reason.WRONG_SIGNATURE))
    assert _value(metrics, "ingest_events_total", source="blog", via="webhook") == 2
    refused = {"source": "blog", "outcome": "rejected", "reason": "wrong_signature"}
    assert _value(metrics, "ingest_requests_total", **refused) == 1
    assert _value(metrics, "ingest_request_duration_seconds_count", source="blog") == 2


def test_what_alerts_watch_of_a_source_stands_at_zero_before_the_first_push() -> None:
    """Prometheus sees growth only between two samples: a first 503 must not be the first sample."""
    metrics = Metrics()
    GatewayMetrics(metrics, ["blog"])
    for labels in (
        {"source": "blog", "outcome": "accepted", "reason": ""},
        {"source": "blog", "outcome": "unavailable", "reason": "log_away"},
    ):
        assert _value(metrics, "ingest_requests_total", **labels) == 0


def test_duplicates_of_a_platform_stand_at_zero_before_the_first() -> None:
    metrics = Metrics()
    DeliveryMetrics(metrics, ["isso", "isso", "webhook"])
    assert _value(metrics, "delivery_duplicates_found_total", platform="isso") == 0
    assert _value(metrics, "delivery_duplicates_found_total", platform="webhook") == 0


def test_attempts_looks_and_duplicates_of_delivery_are_counted() -> None:
    metrics = Metrics()
    delivery = DeliveryMetrics(metrics)
    delivery.attempted("isso", AttemptOutcome.UNKNOWN)
    delivery.looked("isso", "found")
    delivery.duplicate_found("isso", ENGAGEMENT)
    assert _value(metrics, "delivery_attempts_total", platform="isso", outcome="unknown") == 1
    assert _value(metrics, "delivery_readbacks_total", platform="isso", outcome="found") == 1
    assert _value(metrics, "delivery_duplicates_found_total", platform="isso") == 1


def test_a_duplicate_is_logged_with_the_comment_it_stands_under() -> None:
    """The alert names no more than the platform: this is how a person finds it."""
    with capture_logs() as lines:
        DeliveryMetrics(Metrics()).duplicate_found("isso", ENGAGEMENT)
    assert [(line["event"], line["engagement"]) for line in lines] == [
        ("delivery.duplicate_found", str(ENGAGEMENT))
    ]


def test_calls_of_a_model_count_with_what_they_took() -> None:
    metrics = Metrics()
    model = ModelMetrics(metrics)
    model.called("small", "draft", "ok", 1.5)
    model.used("small", input_tokens=100, output_tokens=20)
    labels = {"model": "small", "operation": "draft"}
    assert _value(metrics, "llm_requests_total", **labels, outcome="ok") == 1
    assert _value(metrics, "llm_request_duration_seconds_sum", **labels) == 1.5
    assert _value(metrics, "llm_tokens_total", model="small", type="output") == 20


def _round(*found: Finding, is_valid: bool = True, at: datetime | None = NOON) -> Round:
    totals = Counter(each.check for each in found)
    standing = Standing(
        totals={check: totals[check] for check in Check},
        chain=Followed(to=12, is_valid=is_valid, at=at),
        looked_at=at,
        compared_at=None,
    )
    return Round(found=found, mended=(), standing=standing, head=Head(14, b"\1" * 32))


def _lost(name: str) -> Finding:
    return Missing(source="garden", comment_id=name, event_id="abc").finding


def test_what_the_audit_finds_is_one_line_of_the_log_with_its_ids() -> None:
    with capture_logs() as lines:
        AuditMetrics(Metrics()).went_round(_round(_lost("c1")))
    found, head = lines
    assert (found["event"], found["log_level"]) == ("audit.missing", "error")
    assert (found["source"], found["comment_id"], found["event_id"]) == ("garden", "c1", "abc")
    assert (head["event"], head["head"]) == ("audit.head", "14:" + "01" * 32)


def test_a_whole_ledger_that_is_lost_does_not_fill_the_log() -> None:
    with capture_logs() as lines:
        AuditMetrics(Metrics()).went_round(_round(*(_lost(f"c{n}") for n in range(TOLD + 5))))
    assert [each["event"] for each in lines].count("audit.missing") == TOLD
    (many,) = [each for each in lines if each["event"] == "audit.many"]
    assert many["found"] == TOLD + 5


def test_how_far_the_record_holds_is_shown_once_it_was_looked_at() -> None:
    metrics = Metrics()
    audit = AuditMetrics(metrics)
    audit.went_round(_round(at=None))
    assert _value(metrics, "audit_chain_valid") is None
    audit.went_round(_round())
    assert _value(metrics, "audit_chain_valid") == 1
    assert _value(metrics, "audit_chain_verified_seq") == 12
    assert _value(metrics, "audit_chain_checked_timestamp_seconds") == NOON.timestamp()
    assert _value(metrics, "audit_findings", check="missing") == 0
    audit.went_round(_round(_lost("c1"), is_valid=False))
    assert _value(metrics, "audit_chain_valid") == 0
    assert _value(metrics, "audit_findings", check="missing") == 1
