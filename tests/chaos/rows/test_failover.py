"""The primary of two databases dies, and the standby takes its place behind the same address.

First the address leads to the standby while that only reads: so it is with every failover that
moves the address before the promotion, and with every reader that was sent to the wrong server.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.testing.caller import calling
from responder.testing.failpoints.gate import Call
from responder.testing.failpoints.wire import PostgresWire
from responder.testing.load import Load
from responder.testing.postgres import TestServer, running_server, running_standby
from responder.testing.running import Running, eventually, installation
from tests.chaos.rows.kit import (
    CONFIGURATION,
    all_stand_once,
    connected,
    door,
    in_database,
    sending,
    so_many,
    verified,
)


class Open:
    """Everything passes."""

    async def before(self, call: Call) -> None:
        """See `Gate`."""

    async def after(self, call: Call) -> None:
        """See `Gate`."""


@pytest.fixture
def primary() -> Iterator[TestServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def standby(primary: TestServer) -> Iterator[TestServer]:
    with running_standby(primary) as server:
        yield server


@pytest_asyncio.fixture
async def address(primary: TestServer, standby: TestServer) -> AsyncIterator[PostgresWire]:
    """What Responder knows of the two; it leads to the primary."""
    assert primary.is_up
    assert standby.is_up
    async with PostgresWire(await primary.fresh(), Open()) as wire:
        yield wire


@pytest_asyncio.fixture
async def running(address: PostgresWire) -> AsyncIterator[Running]:
    with installation(CONFIGURATION, {"RESPONDER_DATABASE__URL": address.dsn.url()}) as running:
        await running.start()
        yield running
        running.kill()


@pytest.mark.fault(13)
@pytest.mark.promise(1, 2, 5)
async def test_after_a_failover_all_that_was_acknowledged_is_there_and_nothing_happens_twice(
    running: Running, address: PostgresWire, primary: TestServer, standby: TestServer
) -> None:
    survivor = replace(standby.dsn, database=address.dsn.database)
    async with sending() as http:
        load = Load(door(running), "failover", http, threads=5)
        async with load.steadily(10):
            await so_many(20, lambda: len(load.acknowledged))
            await eventually(in_database(survivor), lambda names: len(names) >= 10)
            await address.lead_to(survivor)
            await _nothing_is_decided(running)
            await primary.kill()
            await standby.promote()
            await so_many(len(load.acknowledged) + 30, lambda: len(load.acknowledged))
        assert set(load.statuses) <= {202, 429, 503}
    await all_stand_once(in_database(survivor), load.acknowledged)
    assert await _dead_letters(survivor) == 0
    await verified(running)


async def _nothing_is_decided(running: Running) -> None:
    """A server that only reads takes no decision: whoever makes one is told to come again."""
    async with calling(running) as caller:
        (row, *_) = (await caller.queue()).items
        found = (await caller.api("GET", f"/engagements/{row.id}")).json()
        decision = {"text": "Yes.", "context": found["context"], "undo_seconds": 0}
        told = await caller.api("POST", f"/engagements/{row.id}/approve", decision)
    assert told.status == 503


async def _dead_letters(database: Dsn) -> int:
    async with connected(database) as ledger:
        count: int = await ledger.fetchval("SELECT count(*) FROM dead_letter")
        return count
