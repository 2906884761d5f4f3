"""Every metric there is: name, unit, labels with the most values each may have, and what it means.

Names follow Prometheus: base units, `_total` on counters. What marks a person, a text, an address
or an error's words is never a label.
"""

from collections.abc import Iterator

from responder.telemetry.metric import CounterMetric, GaugeMetric, HistogramMetric, Label, Metric

RESPONSE_BUCKETS = (
    *(1, 5, 15, 30, 60, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200),
)
"""Seconds. They equal the targets people set, so that a ratio at a target is exact."""
REQUEST_BUCKETS = (0.005, 0.02, 0.05, 0.2, 0.5, 1.0, 5.0)
WORK_BUCKETS = (0.005, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0)


SOURCE = Label("source", 20)
PLATFORM = Label("platform", 20)
GROUP = Label("group", 6)
TOPIC = Label("topic", 10)
QUEUE = Label("queue", 20)
SLA = Label("sla", 8)
TIER = Label("tier", 4)
"""The target in short, such as `8h`; empty where nothing was due."""
MODEL = Label("model", 6)
# A process owns at most so many partitions of a topic; Kafka's default is twelve.
PARTITION = Label("partition", 12)

INGEST_REQUESTS = CounterMetric(
    name="ingest_requests_total",
    meaning="Pushes, by what became of them.",
    labels=(SOURCE, Label("outcome", 4), Label("reason", 12)),
    most=210,
)
INGEST_SECONDS = HistogramMetric(
    name="ingest_request_duration_seconds",
    meaning="From a push to its answer.",
    labels=(SOURCE,),
    buckets=REQUEST_BUCKETS,
)
INGEST_EVENTS = CounterMetric(
    name="ingest_events_total",
    meaning="Events put on the log.",
    labels=(SOURCE, Label("via", 4)),
    most=20,
)
STAGE_SECONDS = HistogramMetric(
    name="stage_duration_seconds",
    meaning="How long a stage worked, one figure a call.",
    labels=(Label("stage", 8),),
    buckets=WORK_BUCKETS,
)

LEDGER_ITEMS = GaugeMetric(
    name="ledger_items",
    meaning="Comments by where they stand: accepted, answered, dismissed, withdrawn, open.",
    labels=(Label("state", 5),),
    is_from_ledger=True,
)
CONSERVATION_DRIFT = GaugeMetric(
    name="conservation_drift_items",
    meaning="Comments that the log has and the ledger cannot account for. Must be 0.",
    is_from_ledger=True,
)
SLA_DUE = CounterMetric(
    name="sla_due_total",
    meaning="Comments that became due, each once: met, missed, or excused (ended, no reply owed).",
    labels=(SLA, TIER, Label("outcome", 3)),
    is_from_ledger=True,
    most=48,
)
SLA_OBJECTIVE = GaugeMetric(
    name="sla_objective_ratio",
    meaning="The share that is to be met, as it is configured.",
    labels=(SLA,),
)
SLA_TARGET = GaugeMetric(
    name="sla_target_seconds", meaning="The target as it is configured.", labels=(SLA,)
)
FIRST_RESPONSE = HistogramMetric(
    name="first_response_seconds",
    meaning=(
        "First public reply: since the comment was published (what the person waited), and since"
        " we received it (what we took); by every hour, and by office hours alone."
    ),
    labels=(TIER, Label("clock", 2), Label("basis", 2)),
    buckets=RESPONSE_BUCKETS,
    is_from_ledger=True,
)
PLATFORM_FIRST_RESPONSE = HistogramMetric(
    name="platform_first_response_seconds",
    meaning="First public reply, since the comment was published, by every hour.",
    labels=(PLATFORM,),
    buckets=RESPONSE_BUCKETS,
    is_from_ledger=True,
    most=8,
)
UNANSWERED = GaugeMetric(
    name="unanswered_ratio",
    meaning=(
        "Of those who wrote in the last 30 days, the share without a reply so long after it was"
        " published, counted with those who still wait; absent while nobody has waited so long."
    ),
    labels=(Label("cohort", 3),),
    is_from_ledger=True,
)
OPEN_ITEMS = GaugeMetric(
    name="open_items",
    meaning="Comments that wait for their end.",
    labels=(SLA, QUEUE),
    is_from_ledger=True,
    most=20,
)
OPEN_OLDEST = GaugeMetric(
    name="open_oldest_age_seconds",
    meaning="Age of the oldest open comment, since it was received.",
    labels=(SLA, QUEUE),
    is_from_ledger=True,
    most=20,
)
OPEN_OVERDUE = GaugeMetric(
    name="open_overdue_items",
    meaning="Open comments whose due time has passed.",
    labels=(SLA, QUEUE),
    is_from_ledger=True,
    most=20,
)
OPEN_AT_RISK = GaugeMetric(
    name="open_at_risk_items",
    meaning="Open comments that are not late yet: warned of, or with little of their time left.",
    labels=(SLA, QUEUE),
    is_from_ledger=True,
    most=20,
)
CLOCKS_BEHIND = GaugeMetric(
    name="clocks_behind_seconds",
    meaning="How long what a clock has come to, a miss or a step, waits to be recorded.",
    is_from_ledger=True,
)
OUTBOX_PENDING = GaugeMetric(
    name="outbox_pending_items",
    meaning="Events that the log has not yet.",
    labels=(TOPIC,),
    is_from_ledger=True,
)
OUTBOX_OLDEST = GaugeMetric(
    name="outbox_oldest_seconds",
    meaning="Age of the oldest of them.",
    labels=(TOPIC,),
    is_from_ledger=True,
)
DEAD_LETTERS = GaugeMetric(
    name="dead_letter_items",
    meaning="Records that could not be read, and wait for a person.",
    labels=(Label("reason", 12),),
    is_from_ledger=True,
)
DELIVERY_UNKNOWN = GaugeMetric(
    name="delivery_unknown_items",
    meaning="Replies of which nobody knows whether they arrived: a person has to look.",
    labels=(PLATFORM,),
    is_from_ledger=True,
)
RECONCILE_MISSING = CounterMetric(
    name="reconcile_missing_total",
    meaning="Comments that a reading found and no push had brought. Steady growth: pushes are lost.",
    labels=(SOURCE,),
    is_from_ledger=True,
)
SAMPLED_AT = GaugeMetric(
    name="ledger_sample_timestamp_seconds",
    meaning="When these figures were last read from the ledger.",
    is_from_ledger=True,
)

AUDIT_FINDINGS = GaugeMetric(
    name="audit_findings",
    meaning="What the live audit has found and is not mended, by what was checked. Must be 0.",
    labels=(Label("check", 5),),
    is_from_ledger=True,
)
AUDIT_CHAIN_VALID = GaugeMetric(
    name="audit_chain_valid",
    meaning="1 while the record of changes is what was sealed, as far as it was looked at; else 0.",
    is_from_ledger=True,
)
AUDIT_CHAIN_VERIFIED = GaugeMetric(
    name="audit_chain_verified_seq",
    meaning="The number of the entry up to which the record of changes holds.",
    is_from_ledger=True,
)
AUDIT_CHAIN_CHECKED = GaugeMetric(
    name="audit_chain_checked_timestamp_seconds",
    meaning="When the record of changes was last looked at.",
    is_from_ledger=True,
)

STREAM_OLDEST = GaugeMetric(
    name="stream_oldest_unfinished_seconds",
    meaning="Age of the record at the commit point. Alert and scale on this.",
    labels=(GROUP, TOPIC, PARTITION),
    most=60,
)
STREAM_LAG = GaugeMetric(
    name="stream_lag_records",
    meaning="Records behind the commit point, of partitions that this process owns.",
    labels=(GROUP, TOPIC, PARTITION),
    most=60,
)
STREAM_SPAN = GaugeMetric(
    name="stream_window_span",
    meaning="The widest distance between a commit point and the newest record begun.",
    labels=(GROUP,),
)
STREAM_HANDLER_SECONDS = HistogramMetric(
    name="stream_handler_seconds",
    meaning="How long handlers took, one figure a call.",
    labels=(GROUP,),
    buckets=WORK_BUCKETS,
)
STREAM_QUEUE_SECONDS = HistogramMetric(
    name="stream_queue_seconds",
    meaning="From delivery to the handler's start, for one record of every slice.",
    labels=(GROUP,),
    buckets=WORK_BUCKETS,
)
STREAM_REBALANCE_SECONDS = HistogramMetric(
    name="stream_rebalance_seconds",
    meaning="From the first partition given up to the new assignment.",
    labels=(GROUP,),
    buckets=WORK_BUCKETS,
)
STREAM_FINISHED = CounterMetric(
    name="stream_finished_total", meaning="Records that have their end.", labels=(GROUP,)
)
STREAM_RETRIES = CounterMetric(
    name="stream_retries_total",
    meaning="Attempts that are made again.",
    labels=(GROUP, Label("reason", 8)),
    most=24,
)
STREAM_DEAD_LETTERS = CounterMetric(
    name="stream_dead_letters_total",
    meaning="Records that went to the dead letters.",
    labels=(GROUP, Label("reason", 8)),
    most=24,
)
STREAM_BURY_FAILURES = CounterMetric(
    name="stream_bury_failures_total",
    meaning="Dead letters that could not be written; they are tried again.",
    labels=(GROUP,),
)
STREAM_COMMIT_FAILURES = CounterMetric(
    name="stream_commit_failures_total",
    meaning="Commits without success.",
    labels=(GROUP, Label("kind", 4)),
    most=18,
)
STREAM_LATE = CounterMetric(
    name="stream_late_finishes_total",
    meaning="Records finished after their partition was lost.",
    labels=(GROUP,),
)
STREAM_DRAIN_TIMEOUTS = CounterMetric(
    name="stream_drain_timeouts_total",
    meaning="Handlers that had to be cancelled when a partition left.",
    labels=(GROUP,),
)
STREAM_REBUILDS = CounterMetric(
    name="stream_rebuilds_total", meaning="Consumers that ended and were rebuilt.", labels=(GROUP,)
)
STREAM_CORRUPT = CounterMetric(
    name="stream_corrupt_total",
    meaning="Reads of an unreadable batch.",
    labels=(GROUP, TOPIC),
    most=6,
)
STREAM_STOPPED = GaugeMetric(
    name="stream_stopped_partitions",
    meaning="Partitions that stopped because too much failed: an operator should look.",
    labels=(GROUP,),
)
STREAM_IN_FLIGHT = GaugeMetric(
    name="stream_in_flight", meaning="Handlers at work.", labels=(GROUP,)
)
STREAM_BUFFERED = GaugeMetric(
    name="stream_buffered",
    meaning="What is held in memory, in records and in bytes.",
    labels=(GROUP, Label("unit", 2)),
)
STREAM_LANE_DEPTH = GaugeMetric(
    name="stream_lane_depth_max", meaning="Records of the busiest thread.", labels=(GROUP,)
)
STREAM_LIMIT = GaugeMetric(
    name="stream_concurrency_limit", meaning="Handlers that may work at once.", labels=(GROUP,)
)
STREAM_TOKENS = GaugeMetric(
    name="stream_dead_letter_tokens",
    meaning="Dead letters that may still be written, in the poorest partition.",
    labels=(GROUP, Label("bucket", 2)),
)

DELIVERY_ATTEMPTS = CounterMetric(
    name="delivery_attempts_total",
    meaning="Calls that post, by what they are known to have done.",
    labels=(PLATFORM, Label("outcome", 6)),
    most=40,
)
DELIVERY_READBACKS = CounterMetric(
    name="delivery_readbacks_total",
    meaning="Looks whether a reply stands there.",
    labels=(PLATFORM, Label("outcome", 3)),
    most=30,
)
DELIVERY_DUPLICATES = CounterMetric(
    name="delivery_duplicates_found_total",
    meaning="Replies that stand there more than once. Must stay 0.",
    labels=(PLATFORM,),
)
LLM_REQUESTS = CounterMetric(
    name="llm_requests_total",
    meaning="Calls of a model.",
    labels=(MODEL, Label("operation", 6), Label("outcome", 5)),
    most=30,
)
LLM_SECONDS = HistogramMetric(
    name="llm_request_duration_seconds",
    meaning="How long a model took.",
    labels=(MODEL, Label("operation", 6)),
    buckets=WORK_BUCKETS,
    most=6,
)
LLM_TOKENS = CounterMetric(
    name="llm_tokens_total",
    meaning="Tokens that went in and came out.",
    labels=(MODEL, Label("type", 2)),
)
LLM_BUDGET = GaugeMetric(
    name="llm_budget_remaining_ratio",
    meaning="Share of the day's tokens that is left, of each source whose comments used some.",
    labels=(SOURCE,),
    is_from_ledger=True,
)
EVENT_LOOP_LAG = HistogramMetric(
    name="event_loop_lag_seconds",
    meaning="How late the event loop woke up.",
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0),
)
BUILD_INFO = GaugeMetric(
    name="build_info", meaning="1, with the version that runs.", labels=(Label("version", 1),)
)
CONFIG_INFO = GaugeMetric(
    name="config_info",
    meaning="1, with the hash of the `responder.toml` in force.",
    labels=(Label("version", 1),),
)

SERIES_BUDGET = 1_500
"""Most series that one process makes of what it does, also when it runs every role."""
LEDGER_SERIES_BUDGET = 1_000
"""Most that the audit role makes of the ledger. In one process with every role they add up."""


def catalogue() -> Iterator[Metric]:
    """All of them, in the order of this file."""
    return (each for each in globals().values() if isinstance(each, Metric))
