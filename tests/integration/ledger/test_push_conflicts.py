"""One delivery id with two bodies: nothing is lost, and the source's page says so."""

import pytest
from sqlalchemy import text

from responder.adapters.postgres.audit import ReceivedIds
from responder.adapters.postgres.retention import Retention
from responder.engagement.events import EngagementReceived
from responder.review.ports import PushConflicts
from responder.testing.factories import comment, event
from responder.testing.ledger import Bench


def pushed(comment_id: str, *, under: str, body: str) -> EngagementReceived:
    return comment(comment_id, delivery_id=under, body_sha256=body * 64)


async def come(bench: Bench, *comments: EngagementReceived, source: str = "garden") -> None:
    """The log holds these, and whoever follows it has read them."""
    seen = [(event(each, source=source), each, "engagement.received", 0, 0) for each in comments]
    await ReceivedIds(bench.engine).record(seen)


async def conflicts(bench: Bench) -> PushConflicts | None:
    (source,) = await bench.desk.sources()
    return source.conflicts


async def test_a_repeat_of_a_push_is_no_conflict(bench: Bench) -> None:
    await come(bench, pushed("c1", under="m1", body="a"), pushed("c2", under="m1", body="a"))
    await come(bench, pushed("c1", under="m1", body="a"))
    assert await conflicts(bench) is None


@pytest.mark.fault(4)
async def test_the_same_id_with_another_body_counts_once_however_often_it_is_read(
    bench: Bench,
) -> None:
    await come(bench, pushed("c1", under="m1", body="a"), pushed("c2", under="m1", body="b"))
    for _ in range(2):
        await come(bench, pushed("c2", under="m1", body="b"), pushed("c3", under="m2", body="c"))
    found = await conflicts(bench)
    assert found is not None
    assert (found.count, found.last_id) == (1, "m1")


@pytest.mark.fault(4)
async def test_both_bodies_are_taken_each_by_the_id_of_what_it_holds(bench: Bench) -> None:
    one, other = pushed("c1", under="m1", body="a"), pushed("c2", under="m1", body="b")
    await bench.arrives(one, other)
    await come(bench, one, other)
    assert (await bench.item("c1")).row.state == (await bench.item("c2")).row.state
    assert (await bench.auditor.audit()).missing == ()


async def test_the_same_id_at_another_source_is_another_id(bench: Bench) -> None:
    await come(bench, pushed("c1", under="m1", body="a"))
    await come(bench, pushed("c2", under="m1", body="b"), source="elsewhere")
    assert await conflicts(bench) is None


async def test_what_names_no_id_or_no_body_contradicts_nothing(bench: Bench) -> None:
    await come(bench, comment("c1", delivery_id="m1"), pushed("c2", under="m1", body="a"))
    await come(bench, comment("c3", body_sha256="b" * 64), comment("c4", delivery_id="m1"))
    assert await conflicts(bench) is None


async def test_after_a_month_it_is_forgotten(bench: Bench) -> None:
    await come(bench, pushed("c1", under="m1", body="a"), pushed("c2", under="m1", body="b"))
    async with bench.engine.begin() as connection:
        for table in ("push_body", "push_conflict"):
            await connection.execute(
                text(f"UPDATE {table} SET seen_at = seen_at - interval '31 days'")  # noqa: S608 - ours
            )
    await Retention(bench.engine, inbox_days=30).prune()
    assert await conflicts(bench) is None
    await come(bench, pushed("c2", under="m1", body="b"))
    assert await conflicts(bench) is None
