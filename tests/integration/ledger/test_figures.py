"""What Prometheus is shown is what the ledger holds; nothing there is 0, not absent."""

from dataclasses import replace

import pytest

from responder.adapters.postgres.figures import PostgresFigures
from responder.adapters.postgres.misses import AT_ONCE as MISSES
from responder.engagement.model import Via
from responder.testing.factories import comment
from responder.testing.ledger import Bench

OPEN = ("first-reply", "default")


def figures(bench: Bench) -> PostgresFigures:
    return PostgresFigures(
        bench.engine,
        workspace=lambda: bench.configuration,
        capabilities=lambda: dict.fromkeys(bench.configuration.sources, bench.place.capabilities),
    )


async def test_an_empty_ledger_shows_its_queues_targets_and_topics_as_zero(bench: Bench) -> None:
    shown = await figures(bench).figures()
    assert shown.backlog[OPEN].items == 0
    assert shown.due == {("first-reply", "8h", how): 0 for how in ("met", "missed", "excused")}
    assert {sum(each.counts) for each in shown.first_response.values()} == {0}
    assert set(shown.first_response) == {
        ("8h", clock, basis)
        for clock in ("wall", "business")
        for basis in ("published", "received")
    }
    assert shown.platform_first_response["guestbook"].seconds == 0
    assert shown.unanswered == {"1h": None, "24h": None, "7d": None}
    assert {each.items for each in shown.outbox.values()} == {0}
    assert shown.drift == 0


async def test_each_comment_counts_where_it_stands(bench: Bench) -> None:
    await bench.arrives(comment("c1"), comment("c2", "And on a phone?"), comment("c3", ""))
    await bench.approve("c1")
    await bench.release()
    await bench.deliver()
    shown = await figures(bench).figures()
    assert shown.items == {
        "accepted": 3,
        "answered": 1,
        "dismissed": 1,
        "withdrawn": 0,
        "open": 1,
    }
    assert shown.due == {
        ("first-reply", "8h", "met"): 1,
        ("first-reply", "8h", "missed"): 0,
        ("first-reply", "8h", "excused"): 1,
    }
    assert shown.backlog[OPEN].items == 1
    published, received = (
        shown.first_response["8h", "wall", basis] for basis in ("published", "received")
    )
    assert sum(published.counts) == 1
    assert published.seconds > received.seconds


async def test_what_stood_there_before_a_source_was_connected_has_no_response_clock(
    bench: Bench,
) -> None:
    await bench.arrives(
        comment("c1", via=Via.BACKFILL), comment("c2", "And on a phone?", via=Via.POLL)
    )
    assert (await bench.item("c1")).row.due_at is None
    for each in ("c1", "c2"):
        await bench.approve(each)
    bench.clock.forward(9 * 3600)
    await bench.release()
    await bench.deliver()
    await bench.misses.record_due(at=bench.clock.now())
    shown = await figures(bench).figures()
    assert shown.items["answered"] == 2
    assert sum(shown.due.values()) == 1
    assert {sum(each.counts) for each in shown.first_response.values()} == {1}
    await bench.audited()


@pytest.mark.promise(8)
async def test_what_a_push_should_have_brought_and_a_reading_found_is_counted(
    bench: Bench,
) -> None:
    assert (await figures(bench).figures()).not_pushed == {"garden": 0}
    await bench.arrives(
        comment("c1", via=Via.WEBHOOK),
        comment("c1", via=Via.POLL),
        comment("c2", "And on a phone?", via=Via.POLL),
        comment("c3", "And last year?", via=Via.BACKFILL),
    )
    assert (await figures(bench).figures()).not_pushed == {"garden": 1}
    bench.place.capabilities = replace(bench.place.capabilities, push=False)
    assert (await figures(bench).figures()).not_pushed == {}


async def test_an_overdue_comment_is_missed_and_counts_once(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.forward(9 * 3600)
    for _ in range(2):
        await bench.misses.record_due(at=bench.clock.now())
    shown = await figures(bench).figures()
    assert shown.due["first-reply", "8h", "missed"] == 1


async def test_many_that_become_overdue_at_once_are_missed_some_at_a_time(bench: Bench) -> None:
    many = MISSES + 1
    await bench.arrives(*(comment(f"c{number}") for number in range(many)))
    bench.clock.forward(9 * 3600)
    assert await bench.misses.record_due(at=bench.clock.now()) == MISSES
    assert (await figures(bench).figures()).due["first-reply", "8h", "missed"] == MISSES
    assert await bench.misses.record_due(at=bench.clock.now()) == 1
    assert await bench.misses.record_due(at=bench.clock.now()) == 0
    shown = await figures(bench).figures()
    assert shown.due["first-reply", "8h", "missed"] == shown.backlog[OPEN].overdue == many
