"""A migrated ledger with the real services on it, a clock that tests move, and a place to post."""

from collections.abc import AsyncIterator

import pytest_asyncio

from responder.testing.ledger import Bench, migrated, open_bench
from responder.testing.postgres import TestServer


@pytest_asyncio.fixture
async def bench(postgres_server: TestServer) -> AsyncIterator[Bench]:
    template = await postgres_server.template("ledger", migrated)
    database = await postgres_server.fresh(template)
    async with open_bench(database) as opened:
        yield opened
    await postgres_server.drop(database)
