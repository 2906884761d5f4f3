"""Copies in a ledger that was filled are like the comments that were pushed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import MappingProxyType

import pytest_asyncio
from sqlalchemy import text

from bench.fill import PREFIX, fill, unlike
from responder.adapters.postgres.drafts import PostgresDraftingLedger
from responder.adapters.postgres.dsn import Dsn
from responder.drafting.ports import Drafted, Provenance
from responder.engagement.model import EventId
from responder.engagement.workspace import SlaPolicy, Step
from responder.testing.factories import comment, workspace
from responder.testing.ledger import Bench, migrated, open_bench
from responder.testing.postgres import TestServer

TARGET = timedelta(hours=8)
POLICY = SlaPolicy("first-reply", TARGET, steps=(Step(name="soon", offset=timedelta(hours=-1)),))
CONFIGURATION = workspace(policies=MappingProxyType({POLICY.name: POLICY}))
COPIES = 5


@pytest_asyncio.fixture
async def filled(postgres_server: TestServer) -> AsyncIterator[tuple[Bench, Dsn]]:
    """Two comments that were pushed and drafted, and copies of them."""
    template = await postgres_server.template("ledger", migrated)
    database = await postgres_server.fresh(template)
    async with open_bench(database, configuration=CONFIGURATION) as bench:
        for comment_id in ("c1", "c2"):
            await bench.arrives(comment(comment_id))
            await draft(bench, comment_id)
        await fill(database.url(), COPIES)
        yield bench, database
    await postgres_server.drop(database)


async def draft(bench: Bench, comment_id: str) -> None:
    ledger = PostgresDraftingLedger(
        bench.engine, workspace=lambda: bench.configuration, capabilities=dict
    )
    made = Drafted(
        engagement_id=await bench.id_of(comment_id),
        for_revision=1,
        text="Yes, it does.",
        refusal=None,
        explanation=None,
        provenance=Provenance(writer="template/1"),
    )
    claim = await ledger.claim(EventId(f"drafts {comment_id}"), made.engagement_id)
    await ledger.settle(claim, made, at=bench.clock.now())


async def test_copies_are_open_and_like_what_they_were_copied_from(
    filled: tuple[Bench, Dsn],
) -> None:
    bench, database = filled
    assert await unlike(database.url()) == []
    assert len(await bench.queue()) == COPIES + 2


async def test_the_due_time_of_a_copy_is_what_its_clock_gives(filled: tuple[Bench, Dsn]) -> None:
    bench, _ = filled
    async with bench.engine.connect() as connection:
        found = await connection.execute(
            text("""
                SELECT count(*) AS all, max(e.due_at - t.at) AS most, min(e.due_at - t.at) AS least,
                  max(e.due_at - s.at) AS before
                FROM engagement e JOIN clock_tick t ON t.engagement_id = e.id
                JOIN clock_step s ON s.engagement_id = e.id WHERE starts_with(e.comment_id, :copies)
                """),
            {"copies": PREFIX},
        )
        row = found.one()
    assert (row.all, row.most, row.least) == (COPIES, TARGET, TARGET)
    assert row.before == timedelta(hours=1)


async def test_copies_without_their_clocks_steps_are_found(filled: tuple[Bench, Dsn]) -> None:
    bench, database = filled
    async with bench.engine.begin() as connection:
        await connection.execute(
            text("""
                DELETE FROM clock_step WHERE engagement_id IN (
                  SELECT id FROM engagement WHERE starts_with(comment_id, :copies))
                """),
            {"copies": PREFIX},
        )
    assert await unlike(database.url()) == [
        "copies with 0 rows of clock_step, of which no pushed one is"
    ]
