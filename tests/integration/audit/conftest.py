"""A ledger that the live audit watches, stepped by hand: each round looks at everything."""

from collections.abc import AsyncIterator

import pytest_asyncio

from responder.testing.ledger import migrated, open_bench
from responder.testing.postgres import TestServer
from tests.integration.audit.kit import Watched


@pytest_asyncio.fixture
async def watched(postgres_server: TestServer) -> AsyncIterator[Watched]:
    template = await postgres_server.template("ledger", migrated)
    database = await postgres_server.fresh(template)
    async with open_bench(database) as bench:
        yield Watched(bench)
    await postgres_server.drop(database)
