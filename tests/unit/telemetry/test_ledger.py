"""What is read from the ledger is shown as it was read, or not at all."""

from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from responder.engagement.errors import Unavailable
from responder.telemetry.catalogue import RESPONSE_BUCKETS
from responder.telemetry.ledger import (
    Backlog,
    Figures,
    LedgerCollector,
    LedgerSampler,
    Pending,
    Waits,
)
from responder.testing.clock import LoopClock

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)

TWO_WAITED = Waits(counts=(1, *[0] * (len(RESPONSE_BUCKETS) - 1), 1), seconds=9)
"""One at most a second, the other longer than the last bucket."""
FIGURES = Figures(
    at=NOW,
    items={"accepted": 5, "answered": 2, "dismissed": 1, "withdrawn": 0, "open": 2},
    drift=0,
    due={("day", "8h", "met"): 2, ("day", "8h", "missed"): 1},
    first_response={("8h", "wall", "received"): TWO_WAITED},
    platform_first_response={"isso": TWO_WAITED},
    unanswered={"1h": 0.25, "7d": None},
    backlog={("", "default"): Backlog(items=2, oldest_seconds=30.5, overdue=1, at_risk=1)},
    outbox={"engagement.triaged": Pending(items=3, oldest_seconds=0.5)},
    dead_letters={"malformed": 4},
    delivery_unknown={"isso": 1},
    not_pushed={"garden": 6},
)


class Ledger:
    """Gives the figures, or says that it is away."""

    def __init__(self) -> None:
        self.is_away = False

    async def figures(self) -> Figures:
        if self.is_away:
            raise Unavailable(what="the ledger", why="it was stopped")
        return FIGURES


def _exposition(collector: LedgerCollector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def _shown() -> str:
    collector = LedgerCollector()
    collector.show(FIGURES)
    return _exposition(collector)


def test_the_figures_are_shown_by_the_names_of_the_catalogue() -> None:
    shown = _shown()
    for line in (
        'responder_ledger_items{state="open"} 2.0',
        "responder_conservation_drift_items 0.0",
        'responder_sla_due_total{outcome="missed",sla="day",tier="8h"} 1.0',
        'responder_unanswered_ratio{cohort="1h"} 0.25',
        'responder_open_items{queue="default",sla=""} 2.0',
        'responder_open_oldest_age_seconds{queue="default",sla=""} 30.5',
        'responder_open_overdue_items{queue="default",sla=""} 1.0',
        'responder_open_at_risk_items{queue="default",sla=""} 1.0',
        'responder_outbox_pending_items{topic="engagement.triaged"} 3.0',
        'responder_outbox_oldest_seconds{topic="engagement.triaged"} 0.5',
        'responder_dead_letter_items{reason="malformed"} 4.0',
        'responder_delivery_unknown_items{platform="isso"} 1.0',
        'responder_reconcile_missing_total{source="garden"} 6.0',
        "responder_ledger_sample_timestamp_seconds 1.7776368e+09",
    ):
        assert line in shown


def test_a_share_of_which_nobody_can_know_is_not_shown() -> None:
    assert 'cohort="7d"' not in _shown()


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("first_response_seconds", 'basis="received",clock="wall"'),
        ("platform_first_response_seconds", None),
    ],
)
def test_a_wait_counts_in_its_bucket_and_in_all_above(name: str, labels: str | None) -> None:
    shown = _shown()
    before, behind = (f"{labels},", ',tier="8h"') if labels else ("", ',platform="isso"')
    for bound, items in (("1.0", 1.0), ("259200.0", 1.0), ("+Inf", 2.0)):
        line = f'responder_{name}_bucket{{{before}le="{bound}"{behind}}} {items}'
        assert line in shown
    assert f"responder_{name}_sum{{{before}{behind.removeprefix(',')}}} 9.0" in shown


def test_tiers_beyond_the_limit_are_counted_together() -> None:
    collector = LedgerCollector()
    waits = {(f"{hours:02}h", "wall", "received"): TWO_WAITED for hours in range(20)}
    collector.show(Figures(at=NOW, items={}, drift=0, first_response=waits))
    shown = _exposition(collector)
    assert 'first_response_seconds_count{basis="other",clock="other",tier="other"} 8.0' in shown


def test_queues_beyond_the_limit_are_counted_together() -> None:
    collector = LedgerCollector()
    backlog = {
        ("", f"queue-{number:02}"): Backlog(items=1, oldest_seconds=number, overdue=0)
        for number in range(25)
    }
    collector.show(Figures(at=NOW, items={}, drift=0, backlog=backlog))
    shown = _exposition(collector)
    assert 'responder_open_items{queue="other",sla="other"} 5.0' in shown
    assert 'responder_open_oldest_age_seconds{queue="other",sla="other"} 24.0' in shown


def test_what_is_given_first_keeps_series_of_its_own_whatever_it_is_called() -> None:
    """What is configured stands first: it must not share a series with what once was."""
    collector = LedgerCollector()
    names = ["zebra", *(f"queue-{number:02}" for number in range(25))]
    backlog = {("", name): Backlog(items=1, oldest_seconds=1.0, overdue=0) for name in names}
    collector.show(Figures(at=NOW, items={}, drift=0, backlog=backlog))
    assert 'responder_open_items{queue="zebra",sla=""} 1.0' in _exposition(collector)


@pytest.mark.fault(39)
async def test_a_ledger_that_cannot_be_read_ends_its_series_until_it_can() -> None:
    ledger, collector = Ledger(), LedgerCollector()
    sampler = LedgerSampler(ledger, collector, LoopClock(), interval_seconds=5)
    await sampler.sample()
    assert "responder_ledger_items" in _exposition(collector)
    ledger.is_away = True
    await sampler.sample()
    assert _exposition(collector) == ""
    ledger.is_away = False
    await sampler.sample()
    assert "responder_ledger_items" in _exposition(collector)
