"""A ledger whose transactions are interleaved, with two people who decide."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest_asyncio

from responder.adapters.postgres.people import PostgresPeople
from responder.testing.interleaving import Interleaver
from responder.testing.ledger import migrated, open_bench
from responder.testing.postgres import TestServer
from tests.chaos.interleavings.case import ANA, BEN
from tests.chaos.interleavings.telling import Theatre


@pytest_asyncio.fixture
async def theatre(postgres_server: TestServer) -> AsyncIterator[Theatre]:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(postgres_server.drop, database)
        bench = await stack.enter_async_context(open_bench(database))
        stage = await stack.enter_async_context(Interleaver(bench.engine))
        for person in (ANA, BEN):
            await PostgresPeople(bench.engine).add(person, at=bench.clock.now())
        yield Theatre(bench, stage, bench.delivery_work)
